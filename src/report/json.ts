// SPDX-License-Identifier: MIT
import { makeJsonVisible } from "./visible-text.ts";

const INDENT = "  ";

/** An audit, or what changed between two. */
interface ReportOfImages {
  readonly images: Iterable<object>;
}

/**
 * Any of the reports as JSON for machines: two spaces, the keys in the order of the report's type, a newline at the
 * end. Control characters and the like from images are escaped, so that the output may be shown on a terminal.
 */
export function formatJson(report: object): string {
  return `${makeJsonVisible(JSON.stringify(report, null, INDENT))}\n`;
}

/** The bytes that {@link formatJson} gives, for a report whose images are too many to be one text. */
export function* formatAuditJson(report: ReportOfImages): Generator<string> {
  let before = "{\n";
  for (const [key, value] of Object.entries(report)) {
    if (value === undefined) continue;
    yield `${before}${INDENT}${JSON.stringify(key)}: `;
    if (key === "images") yield* formatImages(report.images);
    else yield formatInside(value, 1);
    before = ",\n";
  }
  yield "\n}\n";
}

function* formatImages(images: Iterable<object>): Generator<string> {
  let before = "[\n";
  for (const image of images) {
    yield `${before}${INDENT.repeat(2)}${formatInside(image, 2)}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]" : `\n${INDENT}]`;
}

/** A value of an object that stands `depth` levels deep. All newlines stand between tokens: those in strings are escaped. */
function formatInside(value: unknown, depth: number): string {
  const text = makeJsonVisible(JSON.stringify(value, null, INDENT));
  return text.replaceAll("\n", `\n${INDENT.repeat(depth)}`);
}
