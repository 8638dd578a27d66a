// SPDX-License-Identifier: MIT
import { crc32 } from "node:zlib";

/**
 * How records stand in a cache file, one on a line (docs/cache.md):
 *
 *     TOOL KEY CHECKSUM LENGTH PAYLOAD
 *
 * All but the payload are hexadecimal and of fixed width. A payload holds no newline, so that whatever happened to a
 * file, the next line is a record again.
 */

/** First line of every cache file; the number is that of the format. */
export const HEADER_LINE = "vmguest audit cache 1\n";

/** Characters in front of the payload. */
export const HEAD_LENGTH = 8 + 1 + 32 + 1 + 8 + 1 + 8 + 1;

/** Reports have some 8 KiB; one of more than this is not worth a place. */
export const LINE_SIZE_MAX = 16 * 1024 * 1024;

const HEAD = /^([0-9a-f]{8}) ([0-9a-f]{32}) ([0-9a-f]{8}) ([0-9a-f]{8}) $/;
const NEWLINE = 0x0a;

/** What a line says in front of its payload. */
export interface RecordHead {
  /** Which tool made the record: those of others are of no use. */
  readonly tool: string;
  readonly key: string;
  /** CRC-32 of tool, key and payload. */
  readonly checksum: number;
  readonly payloadSizeBytes: number;
}

/** What the begin of a line says; undefined where it is not the begin of a record. */
export function parseHead(text: string): RecordHead | undefined {
  const [, tool, key, checksum, size] = HEAD.exec(text) ?? [];
  if (tool === undefined || key === undefined || checksum === undefined || size === undefined)
    return undefined;
  return {
    tool,
    key,
    checksum: Number.parseInt(checksum, 16),
    payloadSizeBytes: Number.parseInt(size, 16),
  };
}

/**
 * The bytes of a record, with a newline on either side: what a run that was cut off left in front of it must not take it
 * along.
 */
export function makeLine(tool: string, key: string, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const head = `${tool} ${key} ${hex(checksumOf(tool, key, bytes))} ${hex(bytes.length)} `;
  return Buffer.concat([Buffer.from(`\n${head}`), bytes, Buffer.from("\n")]);
}

/** CRC-32 of what a record consists of. */
export function checksumOf(tool: string, key: string, payload: Uint8Array): number {
  return crc32(payload, crc32(`${tool} ${key} `));
}

const hex = (number: number): string => number.toString(16).padStart(8, "0");

/** A line of a file, without the newline at its end. */
export interface Line {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Its first {@link HEAD_LENGTH} bytes, or fewer. */
  readonly head: string;
}

/** Reads bytes from an offset on, as many as there are; 0 at the end. */
export type ReadAt = (target: Uint8Array, offset: number) => number;

/** One read for some thirty records. */
const CHUNK_SIZE_BYTES = 256 * 1024;

/** The lines of a file, whatever it holds; what stands behind the last newline is none. */
export function* readLines(readAt: ReadAt): Generator<Line> {
  const chunk = Buffer.allocUnsafe(CHUNK_SIZE_BYTES);
  let offset = 0;
  let head = "";
  for (let position = 0; ; ) {
    const bytes = chunk.subarray(0, readAt(chunk, position));
    if (bytes.length === 0) return;
    for (let at = 0; at < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, at);
      const end = newline === -1 ? bytes.length : newline;
      if (head.length < HEAD_LENGTH)
        head += bytes.toString("latin1", at, Math.min(end, at + HEAD_LENGTH - head.length));
      if (newline === -1) break;
      yield { offset, sizeBytes: position + newline - offset, head };
      at = newline + 1;
      offset = position + at;
      head = "";
    }
    position += bytes.length;
  }
}
