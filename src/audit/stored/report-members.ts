// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { atLine, invalid, type JsonScanner, VALUE_BYTES_MAX, type ValueRange } from "./json-scanner.ts";

export const STREAM_SCHEMA = "vmguest.audit-stream/1";
const DOCUMENT_SCHEMA = "vmguest.audit/1";

/** The first object of a file, member by member. */
export interface Members {
  /** What each of them is; undefined for those that no report has. */
  readonly members: ReadonlyMap<string, unknown>;
  readonly lines: ReadonlyMap<string, number>;
  /** Where each image is; undefined where there is no such list. */
  readonly images: readonly ValueRange[] | undefined;
}

/** A report has eight members; hundreds are none. */
const MEMBERS_MAX = 32;
const NAME_BYTES_MAX = 256;

/** More than any of these has ever to say, since they are all kept. */
const SMALL = 64 * 1024;

/** What a report has beside its images, and the bytes that each may take: a shard has a number for each of its images. */
const MEMBER_BYTES_MAX: ReadonlyMap<string, number> = new Map([
  ["type", SMALL],
  ["schema", SMALL],
  ["tool", SMALL],
  ["timestamp", SMALL],
  ["host", SMALL],
  ["shard", VALUE_BYTES_MAX],
  ["summary", SMALL],
]);

/**
 * Reads the first object of a file, a whole report or the header of a stream.
 *
 * @param visit gets the place of each of its `images`, in turn
 * @throws REPORT_INVALID, REPORT_VERSION, REPORT_CUT, REPORT_TOO_LARGE
 */
export function readMembers(
  scanner: JsonScanner,
  visit: (range: ValueRange, index: number) => void,
): Members {
  const members = new Map<string, unknown>();
  const lines = new Map<string, number>();
  let images: ValueRange[] | undefined;
  scanner.expect("{");
  for (let isFirst = true; !scanner.skip("}"); isFirst = false) {
    if (!isFirst) scanner.expect(",");
    const { name, line } = readName(scanner);
    if (lines.has(name)) throw invalid(line, `the member ${JSON.stringify(name)} is there twice`);
    if (lines.size === MEMBERS_MAX) throw notAReport();
    lines.set(name, line);
    if (name === "images" && scanner.skip("[")) {
      images = readImages(scanner, visit);
      continue;
    }
    const lengthMax = MEMBER_BYTES_MAX.get(name);
    const range = scanner.skipValue(lengthMax);
    members.set(name, lengthMax === undefined ? undefined : scanner.parse(range));
    // Before anything else is held against the shape of a report: the file may be another one of ours.
    if (name === "schema") checkSchema(members.get(name));
  }
  if (!members.has("schema")) throw notAReport();
  return { members, lines, images };
}

function readName(scanner: JsonScanner): { name: string; line: number } {
  const range = scanner.skipValue(NAME_BYTES_MAX);
  const name = scanner.parse(range);
  if (typeof name !== "string") throw invalid(range.line, "the name of a member was expected");
  scanner.expect(":");
  return { name, line: range.line };
}

function checkSchema(schema: unknown): void {
  if (schema === STREAM_SCHEMA || schema === DOCUMENT_SCHEMA) return;
  if (typeof schema !== "string" || !/^vmguest\.[a-z-]{1,40}\/\d{1,9}$/.test(schema)) throw notAReport();
  const message = `this is ${schema}, and no report that this vmguest reads`;
  throw new VmguestError("REPORT_VERSION", message, atLine(1));
}

function notAReport(): VmguestError {
  return invalid(1, "this is no report of an audit: it does not say one of its schemas");
}

/** The items of a list whose opening bracket has been read. */
function readImages(scanner: JsonScanner, visit: (range: ValueRange, index: number) => void): ValueRange[] {
  const images: ValueRange[] = [];
  while (!scanner.skip("]")) {
    if (images.length > 0) scanner.expect(",");
    const range = scanner.skipValue();
    visit(range, images.length);
    pushImage(images, range);
  }
  return images;
}

/** Twenty times the largest libraries; where each image is takes some 50 bytes of memory. */
const IMAGES_MAX = 2_000_000;

/** Adds the place of an image. Throws REPORT_TOO_LARGE where there are too many to be kept. */
export function pushImage(images: ValueRange[], range: ValueRange): void {
  if (images.length === IMAGES_MAX) {
    throw new VmguestError(
      "REPORT_TOO_LARGE",
      `there are more than ${IMAGES_MAX} images`,
      atLine(range.line),
    );
  }
  images.push(range);
}
