// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ReportHead } from "../assemble-report.ts";
import type { AuditSummary, ImageReport } from "../report.ts";
import { documentShape, headerShape, type StreamShard, summaryShape } from "./head-shape.ts";
import { imageShape } from "./image-shape.ts";
import { at, invalid, type JsonScanner, type ValueRange } from "./json-scanner.ts";
import { count, Mismatch, plainObject, type Shape } from "./shapes.ts";

/** What a stored report says of itself, and where in the file its images are. */
export interface ReportLayout {
  readonly head: ReportHead;
  /** As the file has it. */
  readonly summary: AuditSummary;
  readonly images: readonly ValueRange[];
  /** The image that stands there. Throws REPORT_INVALID. */
  readonly readImage: (range: ValueRange, index: number) => ImageReport;
}

/** A report has seven members beside its images; hundreds are none. */
const MEMBERS_MAX = 32;

/**
 * Goes through a report from its first byte to its last, and tells what is where. Which of the two formats it is, its
 * beginning says and not its name.
 *
 * @param visit gets each image in turn, checked
 * @throws REPORT_INVALID, REPORT_VERSION, REPORT_CUT, REPORT_TOO_LARGE
 */
export function readLayout(scanner: JsonScanner, visit: (image: ImageReport) => void): ReportLayout {
  const first = readMembers(scanner);
  const schema = first.members.get("schema");
  if (schema === "vmguest.audit-stream/1") return readStream(scanner, first, visit);
  if (schema === "vmguest.audit/1") return readDocument(scanner, first, visit);
  if (typeof schema === "string" && /^vmguest\.[a-z-]{1,40}\/\d{1,9}$/.test(schema)) {
    throw new VmguestError(
      "REPORT_VERSION",
      `this is ${schema}, and no report that this vmguest reads`,
      at(1),
    );
  }
  throw invalid(1, "this is no report of an audit: it does not begin with one of its schemas");
}

/** The first object of a file, member by member; `images` is passed over, image by image. */
interface Members {
  readonly members: ReadonlyMap<string, unknown>;
  readonly lines: ReadonlyMap<string, number>;
  readonly images: readonly ValueRange[] | undefined;
}

function readMembers(scanner: JsonScanner): Members {
  const members = new Map<string, unknown>();
  const lines = new Map<string, number>();
  let images: ValueRange[] | undefined;
  scanner.expect("{");
  for (let isFirst = true; !scanner.skip("}"); isFirst = false) {
    if (!isFirst) scanner.expect(",");
    const range = scanner.skipValue();
    const name = scanner.parse(range);
    if (typeof name !== "string") throw invalid(range.line, "the name of a member was expected");
    if (lines.has(name)) throw invalid(range.line, `the member ${JSON.stringify(name)} is there twice`);
    if (lines.size === MEMBERS_MAX) throw invalid(range.line, "this is no report of an audit");
    lines.set(name, range.line);
    scanner.expect(":");
    if (name === "images" && scanner.skip("[")) images = skipItems(scanner);
    else members.set(name, scanner.parse(scanner.skipValue()));
  }
  return { members, lines, images };
}

/** The items of a list whose opening bracket has been read. */
function skipItems(scanner: JsonScanner): ValueRange[] {
  const items: ValueRange[] = [];
  while (!scanner.skip("]")) {
    if (items.length > 0) scanner.expect(",");
    items.push(scanner.skipValue());
  }
  return items;
}

/** What the first object of a file says, in its shape. */
function shapeMembers<T>({ members, lines }: Members, shape: Shape<T>): T {
  try {
    return shape(Object.fromEntries(members));
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw invalid(lines.get(error.way[0] ?? "") ?? 1, error.message);
  }
}

function readDocument(
  scanner: JsonScanner,
  first: Members,
  visit: (image: ImageReport) => void,
): ReportLayout {
  const { summary, timestamp, shard, tool, host } = shapeMembers(first, documentShape);
  const { images } = first;
  if (images === undefined) throw invalid(1, "images is left out, not a list");
  if (!scanner.isAtEnd) throw invalid(scanner.line, "something stands behind the end of the report");
  const readImage = (range: ValueRange, index: number) =>
    shapeImage(scanner.parse(range), range, `images[${index}]`);
  for (const [index, range] of images.entries()) visit(readImage(range, index));
  return { head: headOf({ tool, timestamp, host, shard }), summary, images, readImage };
}

function readStream(scanner: JsonScanner, first: Members, visit: (image: ImageReport) => void): ReportLayout {
  const { timestamp, shard, tool, host } = shapeMembers(first, headerShape);
  const images: ValueRange[] = [];
  const positions: number[] = [];
  for (;;) {
    if (scanner.isAtEnd) {
      throw new VmguestError("REPORT_CUT", "the file ends without its summary", at(scanner.line));
    }
    const range = scanner.skipValue();
    const { type, position, image } = readLine(scanner, range, shard);
    if (type === "summary") {
      if (!scanner.isAtEnd) throw invalid(scanner.line, "something stands behind the summary");
      const withPositions = shard === undefined ? undefined : { ...shard, positions };
      return {
        head: headOf({ tool, timestamp, host, shard: withPositions }),
        summary: shapeValue(image, range, summaryShape, ""),
        images,
        readImage: (range) => shapeImage(readLine(scanner, range, shard).image, range, ""),
      };
    }
    visit(shapeImage(image, range, ""));
    images.push(range);
    if (shard !== undefined) positions.push(position);
  }
}

/** A line behind the header: `image` is what is left without the members that only a stream has. */
function readLine(scanner: JsonScanner, range: ValueRange, shard: StreamShard | undefined) {
  const { type, ...rest } = shapeValue(scanner.parse(range), range, plainObject, "");
  if (type !== "image" && type !== "summary") {
    throw invalid(range.line, 'type is not "image" or "summary"');
  }
  if (type === "summary" || shard === undefined) return { type, position: 0, image: rest };
  const { position, ...image } = rest;
  return { type, position: shapeValue(position, range, count, "position"), image };
}

function shapeImage(value: unknown, range: ValueRange, place: string): ImageReport {
  return shapeValue(value, range, imageShape, place);
}

function shapeValue<T>(value: unknown, { line }: ValueRange, shape: Shape<T>, place: string): T {
  try {
    return shape(value);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    if (place !== "") error.way.unshift(place);
    throw invalid(line, error.message);
  }
}

type HeadParts = {
  readonly [Name in "tool" | "timestamp" | "host" | "shard"]: ReportHead[Name] | undefined;
} & Pick<ReportHead, "tool" | "host">;

/** The head in the order of a report. */
function headOf({ tool, timestamp, host, shard }: HeadParts): ReportHead {
  return {
    schema: "vmguest.audit/1",
    tool,
    ...(timestamp === undefined ? {} : { timestamp }),
    host,
    ...(shard === undefined ? {} : { shard }),
  };
}
