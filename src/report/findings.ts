// SPDX-License-Identifier: MIT
import type { FindingReport, ImageReport } from "../audit/index.ts";
import { CODES, type CodeEntry, type Severity } from "../errors.ts";
import { indentText } from "./columns.ts";
import type { Paint, Style } from "./paint.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

const SEVERITY_STYLES: Record<Severity, Style> = { error: "red", warning: "yellow", info: "dim" };

/** How many findings of one code are listed under an image; the JSON has them all. */
const FINDINGS_OF_ONE_CODE_MAX = 10;

/** The findings of every image: gravest first, those of one code together, with what can be done about them. */
export function formatFindings(images: readonly ImageReport[], width: number, paint: Paint): string {
  const parts = images
    .filter(({ findings }) => findings.length > 0)
    .map((image) => [makeVisible(image.path), ...formatImageFindings(image, width, paint)].join("\n"));
  if (parts.length === 0) return "";
  return `${paint("bold", "FINDINGS")}\n${parts.join("\n")}\n`;
}

/** The findings of one image, or of one part of it, in groups of a severity and a code. */
export function formatImageFindings(
  image: Pick<ImageReport, "path" | "findings">,
  width: number,
  paint: Paint,
): string[] {
  return SEVERITIES.flatMap((severity) => {
    const ofSeverity = image.findings.filter((finding) => finding.severity === severity);
    const codes = new Set(ofSeverity.map(({ code }) => code));
    return [...codes].flatMap((code) => {
      const group = ofSeverity.filter((finding) => finding.code === code);
      return formatGroup(code, severity, group, image.path, width, paint);
    });
  });
}

const INDENT = 2;
const DETAIL_INDENT = INDENT + "warning".length + 2;

function formatGroup(
  code: string,
  severity: Severity,
  group: readonly FindingReport[],
  image: string,
  width: number,
  paint: Paint,
): string[] {
  const entry: CodeEntry | undefined = (CODES as Readonly<Record<string, CodeEntry>>)[code];
  const [first = "", ...rest] = indentText(`${entry?.meaning ?? "finding"} [${code}]`, DETAIL_INDENT, width);
  const head = " ".repeat(INDENT) + paint(SEVERITY_STYLES[severity], severity);
  const details = group
    .slice(0, FINDINGS_OF_ONE_CODE_MAX)
    .map((finding) => describeFinding(finding, image, entry?.meaning))
    .filter((detail) => detail !== "");
  if (group.length > FINDINGS_OF_ONE_CODE_MAX) {
    details.push(`and ${group.length - FINDINGS_OF_ONE_CODE_MAX} more (--format json lists them all)`);
  }
  return [
    head + first.slice(INDENT + severity.length),
    ...rest,
    ...details.flatMap((detail) => indentText(detail, DETAIL_INDENT, width, "- ")),
    ...(entry?.hint === undefined ? [] : indentText(entry.hint, DETAIL_INDENT, width)),
  ];
}

/** The message and the place, without what the lines above it have said already. */
function describeFinding(
  { message, where }: FindingReport,
  image: string,
  meaning: string | undefined,
): string {
  const place = where === image ? "" : where.startsWith(`${image}: `) ? where.slice(image.length + 2) : where;
  const said = message === meaning ? "" : shownSentence(message);
  if (place === "") return said;
  return said === "" ? shownSentence(place) : `${said} (${shownSentence(place)})`;
}
