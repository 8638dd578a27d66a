// SPDX-License-Identifier: MIT
import { readSync } from "node:fs";
import {
  checksumOf,
  HEAD_LENGTH,
  HEADER_LINE,
  LINE_SIZE_MAX,
  parseHead,
  type RecordHead,
  readLines,
} from "./record-line.ts";

/** Where the line of a record stands. */
export interface RecordPlace {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What stands where in a cache file. */
export interface RecordIndex {
  /** By key, in the order of the file; of several records with one key the last. */
  readonly places: ReadonlyMap<string, RecordPlace>;
  /** Bytes of the file. */
  readonly sizeBytes: number;
  /** Those of them that are no record of {@link places}. */
  readonly garbageBytes: number;
}

/** A place takes some 200 bytes of memory. */
const PLACE_COUNT_MAX = 500_000;

/** Each record has a newline on either side. */
const NEWLINE_COUNT = 2;

/**
 * Finds the records of one tool, each of which looks whole; whether it is, {@link readRecord} says. Where there are more
 * than half a million, the newest count.
 */
export function indexRecords(descriptor: number, tool: string): RecordIndex {
  const places = new Map<string, RecordPlace>();
  let usedBytes = HEADER_LINE.length;
  let sizeBytes = 0;
  const forget = (key: string) => {
    const place = places.get(key);
    if (place === undefined) return;
    places.delete(key);
    usedBytes -= place.sizeBytes + NEWLINE_COUNT;
  };
  const readAt = (target: Uint8Array, offset: number) => {
    const count = readSync(descriptor, target, 0, target.length, offset);
    sizeBytes += count;
    return count;
  };
  for (const line of readLines(readAt)) {
    const record = line.sizeBytes > LINE_SIZE_MAX ? undefined : parseHead(line.head);
    if (record?.tool !== tool || record.payloadSizeBytes !== line.sizeBytes - HEAD_LENGTH) continue;
    forget(record.key);
    places.set(record.key, { offset: line.offset, sizeBytes: line.sizeBytes });
    usedBytes += line.sizeBytes + NEWLINE_COUNT;
    const [oldest] = places.size > PLACE_COUNT_MAX ? places.keys() : [];
    if (oldest !== undefined) forget(oldest);
  }
  return { places, sizeBytes, garbageBytes: Math.max(0, sizeBytes - usedBytes) };
}

/** The bytes of a record, until the next one is read; undefined where the host does not give them. */
export type ReadLine = (place: RecordPlace) => Buffer | undefined;

/** The payload of a record, until the next one is read; undefined where it is not the one that was written under that name. */
export function readRecord(
  readLine: ReadLine,
  place: RecordPlace,
  name: Pick<RecordHead, "tool" | "key">,
): Buffer | undefined {
  const line = readLine(place);
  if (line === undefined) return undefined;
  const head = parseHead(line.toString("latin1", 0, HEAD_LENGTH));
  if (head?.key !== name.key || head.tool !== name.tool) return undefined;
  const payload = line.subarray(HEAD_LENGTH);
  return checksumOf(head.tool, head.key, payload) === head.checksum ? payload : undefined;
}

/** A cache of that size is read at once: some thousand reads less, for as much memory as a thread takes. */
const WHOLE_SIZE_MAX = 32 * 1024 * 1024;

/** Most records have room in so much. */
const LINE_BUFFER_SIZE = 64 * 1024;

/** Reads records of a file that has so many bytes. */
export function lineReader(descriptor: number, fileSizeBytes: number): ReadLine {
  if (fileSizeBytes <= WHOLE_SIZE_MAX) {
    const whole = readExactly(descriptor, Buffer.allocUnsafe(fileSizeBytes), 0);
    return ({ offset, sizeBytes }) => whole?.subarray(offset, offset + sizeBytes);
  }
  const buffer = Buffer.allocUnsafe(LINE_BUFFER_SIZE);
  return ({ offset, sizeBytes }) => {
    const bytes = sizeBytes <= buffer.length ? buffer.subarray(0, sizeBytes) : Buffer.allocUnsafe(sizeBytes);
    return readExactly(descriptor, bytes, offset);
  };
}

/** The bytes, filled; undefined where the host does not give them all. */
function readExactly(descriptor: number, bytes: Buffer, offset: number): Buffer | undefined {
  try {
    return readSync(descriptor, bytes, 0, bytes.length, offset) === bytes.length ? bytes : undefined;
  } catch {
    return undefined;
  }
}
