// SPDX-License-Identifier: MIT
import type { FindingReport, ImageReport } from "../audit/index.ts";
import { CODES, type CodeEntry, type Severity } from "../errors.ts";
import { indentText } from "./columns.ts";
import type { Paint, Style } from "./paint.ts";
import { makeVisible, shownName, shownSentence } from "./visible-text.ts";

const SEVERITIES: readonly Severity[] = ["error", "warning", "info"];

const SEVERITY_STYLES: Record<Severity, Style> = { error: "red", warning: "yellow", info: "dim" };

/** How many findings of one code are listed of an image; the JSON has them all. */
const FINDINGS_OF_ONE_CODE_MAX = 10;

/** What is listed at most of one code, so that the list of a large library stays one that is read; the JSON has all. */
const DETAILS_OF_ONE_CODE_MAX = 200;
const IMAGES_OF_ONE_DETAIL_MAX = 200;

type Findings = Pick<ImageReport, "path" | "findings">;

/** What was found under one code, over all images. */
export interface FindingGroup {
  readonly code: string;
  readonly severity: Severity;
  readonly details: readonly FindingDetail[];
  /** Findings that are not among the details, since there are too many. */
  readonly leftOut: number;
}

/** What several images may share. Text that is printed as it is. */
export interface FindingDetail {
  /** Message and place inside the image; empty where the code says it all. */
  readonly text: string;
  /** Visible paths. */
  readonly images: readonly string[];
  /** Images that are not among them. */
  readonly leftOut: number;
}

interface CollectedGroup {
  readonly details: Map<string, { readonly images: Set<string>; leftOut: number }>;
  leftOut: number;
}

/** The findings of images, taken in one after the other: little more than what will be printed is kept. */
export class FindingList {
  #imageCount = 0;
  readonly #groups = new Map<Severity, Map<string, CollectedGroup>>(
    SEVERITIES.map((severity) => [severity, new Map()]),
  );

  /** Whether it is the findings of one image, so that its name need not be said. */
  get isOfOneImage(): boolean {
    return this.#imageCount === 1;
  }

  add({ path, findings }: Findings): void {
    this.#imageCount++;
    const counts = new Map<CollectedGroup, number>();
    for (const finding of findings) {
      const group = this.#groupOf(finding);
      const count = (counts.get(group) ?? 0) + 1;
      counts.set(group, count);
      if (count <= FINDINGS_OF_ONE_CODE_MAX) addDetail(group, describeFinding(finding, path), path);
    }
    for (const [group, count] of counts) {
      const rest = count - FINDINGS_OF_ONE_CODE_MAX;
      if (rest > 0) addDetail(group, `and ${rest} more (--format json lists them all)`, path);
    }
  }

  /** Gravest first, then in the order in which the codes came. */
  *groups(): Generator<FindingGroup> {
    for (const [severity, groups] of this.#groups) {
      for (const [code, { details, leftOut }] of groups) {
        yield {
          code,
          severity,
          details: [...details].map(([text, { images, leftOut }]) => {
            return { text, images: [...images], leftOut };
          }),
          leftOut,
        };
      }
    }
  }

  #groupOf({ severity, code }: FindingReport): CollectedGroup {
    const groups = this.#groups.get(severity) ?? new Map<string, CollectedGroup>();
    this.#groups.set(severity, groups);
    const group = groups.get(code) ?? { details: new Map(), leftOut: 0 };
    groups.set(code, group);
    return group;
  }
}

function addDetail(group: CollectedGroup, text: string, path: string): void {
  const detail = group.details.get(text);
  const image = makeVisible(path);
  if (detail === undefined) {
    if (group.details.size >= DETAILS_OF_ONE_CODE_MAX) group.leftOut++;
    else group.details.set(text, { images: new Set([image]), leftOut: 0 });
  } else if (detail.images.size < IMAGES_OF_ONE_DETAIL_MAX) detail.images.add(image);
  else if (!detail.images.has(image)) detail.leftOut++;
}

/** The findings of an audit under their heading; nothing where there are none. */
export function* formatFindings(list: FindingList, width: number, paint: Paint): Generator<string> {
  let heading = `${paint("bold", "FINDINGS")}\n`;
  for (const group of list.groups()) {
    const lines = formatGroup(group, list.isOfOneImage, width, paint);
    yield `${heading}${lines.map((line) => `${line}\n`).join("")}`;
    heading = "";
  }
}

/** The findings of one image, or of one part of it. */
export function formatImageFindings(image: Findings, width: number, paint: Paint): string[] {
  const list = new FindingList();
  list.add(image);
  return [...list.groups()].flatMap((group) => formatGroup(group, true, width, paint));
}

/** Findings that no row says: that there is no guest, and what became the error of the image, stand there. */
export function newsOf({ path, findings, error }: ImageReport): Findings {
  const news = findings.filter(
    ({ code, where }) => code !== "GUEST_NONE" && !(code === error?.code && where === error.where),
  );
  return { path, findings: news };
}

const INDENT = 2;
const DETAIL_INDENT = INDENT + "warning".length + 2;

/**
 * The lines of one code with what can be done about it, since who mends a fleet mends it kind by kind. Images are named
 * where there are several.
 */
function formatGroup(
  { code, severity, details, leftOut }: FindingGroup,
  isOfOneImage: boolean,
  width: number,
  paint: Paint,
): string[] {
  const entry = entryOf(code);
  const title = `${entry?.meaning ?? "finding"} [${shownName(code)}]`;
  const [first = "", ...rest] = indentText(title, DETAIL_INDENT, width);
  const head = " ".repeat(INDENT) + paint(SEVERITY_STYLES[severity], severity);
  const items = details.map((detail) => (isOfOneImage ? detail.text : describeDetail(detail)));
  if (leftOut > 0) items.push(`and ${leftOut} more (--format json lists them all)`);
  return [
    head + first.slice(INDENT + severity.length),
    ...rest,
    ...(entry?.hint === undefined ? [] : indentText(entry.hint, DETAIL_INDENT, width)),
    ...items.filter((item) => item !== "").flatMap((item) => indentText(item, DETAIL_INDENT, width, "- ")),
  ];
}

/** The detail with the images that it is about; one that several share stands once. */
function describeDetail({ text, images, leftOut }: FindingDetail): string {
  const names = `${images.join(", ")}${leftOut === 0 ? "" : ` and ${leftOut} more images`}`;
  if (text === "") return names;
  return images.length === 1 ? `${names}: ${text}` : `${text}: ${names}`;
}

/** The code's entry; undefined for a code of another version of vmguest. */
export function entryOf(code: string): CodeEntry | undefined {
  return Object.hasOwn(CODES, code) ? (CODES as Readonly<Record<string, CodeEntry>>)[code] : undefined;
}

/** The message and the place inside the image, without what the code's own line says already. */
function describeFinding({ code, message, where }: FindingReport, image: string): string {
  const place = where === image ? "" : where.startsWith(`${image}: `) ? where.slice(image.length + 2) : where;
  const said = message === entryOf(code)?.meaning ? "" : shownSentence(message);
  if (place === "") return said;
  return said === "" ? shownSentence(place) : `${said} (${shownSentence(place)})`;
}
