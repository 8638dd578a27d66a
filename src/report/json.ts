// SPDX-License-Identifier: MIT
import type { StreamedReport } from "../audit/index.ts";
import { makeJsonVisible } from "./visible-text.ts";

const INDENT = "  ";

/**
 * Any of the reports as JSON for machines: two spaces, the keys in the order of the report's type, a newline at the
 * end. Control characters and the like from images are escaped, so that the output may be shown on a terminal.
 */
export function formatJson(report: object): string {
  return `${makeJsonVisible(JSON.stringify(report, null, INDENT))}\n`;
}

/** The bytes that {@link formatJson} gives, for an audit whose images are too many to be held at once. */
export function* formatAuditJson(report: StreamedReport): Generator<string> {
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

function* formatImages(images: StreamedReport["images"]): Generator<string> {
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
