// SPDX-License-Identifier: MIT
import type { FindingReport, ImageReport } from "../audit/index.ts";
import { CODES, type CodeEntry, type Severity } from "../errors.ts";
import { indentText } from "./columns.ts";
import type { Paint, Style } from "./paint.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

const SEVERITY_STYLES: Record<Severity, Style> = { error: "red", warning: "yellow", info: "dim" };

/** How many findings of one code are listed of an image; the JSON has them all. */
const FINDINGS_OF_ONE_CODE_MAX = 10;

/** The findings of an audit, without what the rows of the table have said already. */
export function formatFindings(images: readonly ImageReport[], width: number, paint: Paint): string {
  const lines = listFindings(
    images.map((image) => ({ path: image.path, findings: newsOf(image) })),
    width,
    paint,
  );
  return lines.length === 0 ? "" : `${[paint("bold", "FINDINGS"), ...lines].join("\n")}\n`;
}

type Findings = Pick<ImageReport, "path" | "findings">;

/** The findings of one image, or of one part of it. */
export function formatImageFindings(image: Findings, width: number, paint: Paint): string[] {
  return listFindings([image], width, paint);
}

/**
 * The lines for findings: gravest first, and those of one code together with what can be done about them, since who
 * mends a fleet mends it kind by kind. Images are named where there are several.
 */
function listFindings(images: readonly Findings[], width: number, paint: Paint): string[] {
  const places = images.flatMap(({ path, findings }) =>
    findings.map((finding) => ({ image: path, finding })),
  );
  return SEVERITIES.flatMap((severity) => {
    const ofSeverity = places.filter(({ finding }) => finding.severity === severity);
    const codes = new Set(ofSeverity.map(({ finding }) => finding.code));
    return [...codes].flatMap((code) => {
      const ofCode = ofSeverity.filter(({ finding }) => finding.code === code);
      return formatCode(code, severity, listDetails(ofCode, images.length === 1), width, paint);
    });
  });
}

/** Findings that no row says: that there is no guest, and what became the error of the image, stand there. */
function newsOf({ findings, error }: ImageReport): FindingReport[] {
  return findings.filter(
    ({ code, where }) => code !== "GUEST_NONE" && !(code === error?.code && where === error.where),
  );
}

interface FindingPlace {
  readonly image: string;
  readonly finding: FindingReport;
}

/** What is said of which images: a detail that several share stands once. */
function listDetails(places: readonly FindingPlace[], isOnlyImage: boolean): string[] {
  const imagesOf = new Map<string, Set<string>>();
  const counts = new Map<string, number>();
  for (const { image, finding } of places) {
    const count = (counts.get(image) ?? 0) + 1;
    counts.set(image, count);
    if (count > FINDINGS_OF_ONE_CODE_MAX) continue;
    const detail = describeFinding(finding, image);
    const images = imagesOf.get(detail) ?? new Set();
    imagesOf.set(detail, images.add(makeVisible(image)));
  }
  const details = [...imagesOf].map(([detail, images]) => {
    if (isOnlyImage) return detail;
    const names = [...images].join(", ");
    if (detail === "") return names;
    return images.size === 1 ? `${names}: ${detail}` : `${detail}: ${names}`;
  });
  for (const [image, count] of counts) {
    const rest = count - FINDINGS_OF_ONE_CODE_MAX;
    if (rest > 0) {
      const more = `and ${rest} more (--format json lists them all)`;
      details.push(isOnlyImage ? more : `${makeVisible(image)}: ${more}`);
    }
  }
  return details.filter((detail) => detail !== "");
}

const INDENT = 2;
const DETAIL_INDENT = INDENT + "warning".length + 2;

function formatCode(
  code: string,
  severity: Severity,
  details: readonly string[],
  width: number,
  paint: Paint,
): string[] {
  const entry = entryOf(code);
  const [first = "", ...rest] = indentText(`${entry?.meaning ?? "finding"} [${code}]`, DETAIL_INDENT, width);
  const head = " ".repeat(INDENT) + paint(SEVERITY_STYLES[severity], severity);
  return [
    head + first.slice(INDENT + severity.length),
    ...rest,
    ...(entry?.hint === undefined ? [] : indentText(entry.hint, DETAIL_INDENT, width)),
    ...details.flatMap((detail) => indentText(detail, DETAIL_INDENT, width, "- ")),
  ];
}

function entryOf(code: string): CodeEntry | undefined {
  return (CODES as Readonly<Record<string, CodeEntry>>)[code];
}

/** The message and the place inside the image, without what the code's own line says already. */
function describeFinding({ code, message, where }: FindingReport, image: string): string {
  const place = where === image ? "" : where.startsWith(`${image}: `) ? where.slice(image.length + 2) : where;
  const said = message === entryOf(code)?.meaning ? "" : shownSentence(message);
  if (place === "") return said;
  return said === "" ? shownSentence(place) : `${said} (${shownSentence(place)})`;
}
