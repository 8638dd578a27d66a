// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ReportHead } from "../assemble-report.ts";
import type { AuditSummary, ImageReport } from "../report.ts";
import { documentShape, headerShape, type StreamShard, summaryShape } from "./head-shape.ts";
import { imageShape } from "./image-shape.ts";
import { atLine, invalid, type JsonScanner, type ValueRange } from "./json-scanner.ts";
import { type Members, pushImage, readMembers, STREAM_SCHEMA } from "./report-members.ts";
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

/**
 * Goes through a report from its first byte to its last, and tells what is where. Which of the two formats it is, its
 * beginning says and not its name.
 *
 * @param visit gets each image in turn, checked
 * @throws REPORT_INVALID, REPORT_VERSION, REPORT_CUT, REPORT_TOO_LARGE
 */
export function readLayout(scanner: JsonScanner, visit: (image: ImageReport) => void): ReportLayout {
  const readImage = (range: ValueRange, index: number) =>
    shapeImage(scanner.parse(range), range, `images[${index}]`);
  const first = readMembers(scanner, (range, index) => visit(readImage(range, index)));
  if (first.members.get("schema") === STREAM_SCHEMA) return readStream(scanner, first, visit);
  const { summary, timestamp, shard, tool, host } = shapeMembers(first, documentShape);
  const { images } = first;
  if (images === undefined) throw invalid(1, "images is left out, not a list");
  if (!scanner.isAtEnd) throw invalid(scanner.line, "something stands behind the end of the report");
  return { head: headOf({ tool, timestamp, host, shard }), summary, images, readImage };
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

function readStream(scanner: JsonScanner, first: Members, visit: (image: ImageReport) => void): ReportLayout {
  const { timestamp, shard, tool, host } = shapeMembers(first, headerShape);
  if (first.images !== undefined) throw invalid(1, "the header of a stream has no images");
  const images: ValueRange[] = [];
  const positions: number[] = [];
  for (;;) {
    if (scanner.isAtEnd) {
      throw new VmguestError("REPORT_CUT", "the file ends without its summary", atLine(scanner.line));
    }
    const range = scanner.skipValue();
    const { type, position, said } = readLine(scanner, range, shard);
    if (type === "summary") {
      if (!scanner.isAtEnd) throw invalid(scanner.line, "something stands behind the summary");
      const withPositions = shard === undefined ? undefined : { ...shard, positions };
      return {
        head: headOf({ tool, timestamp, host, shard: withPositions }),
        summary: shapeValue(said, range, summaryShape, ""),
        images,
        readImage: (range) => shapeImage(readLine(scanner, range, shard).said, range, ""),
      };
    }
    visit(shapeImage(said, range, ""));
    pushImage(images, range);
    if (shard !== undefined) positions.push(position);
  }
}

/** A line behind the header: `said` is what is left without the members that only a stream has. */
function readLine(scanner: JsonScanner, range: ValueRange, shard: StreamShard | undefined) {
  const { type, ...rest } = shapeValue(scanner.parse(range), range, plainObject, "");
  if (type !== "image" && type !== "summary") {
    throw invalid(range.line, 'type is not "image" or "summary"');
  }
  if (type === "summary" || shard === undefined) return { type, position: 0, said: rest };
  const { position, ...said } = rest;
  return { type, position: shapeValue(position, range, count, "position"), said };
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
