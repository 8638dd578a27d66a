// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";

/**
 * Bytes by range: a file, memory, a part of another source, a virtual disk, a file inside a volume.
 *
 * Synchronous, positioned and without state, so that parsers stay plain functions (docs/decisions/0001).
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * A view of exactly `length` bytes from `offset`. The view is read-only by contract: it may be a window on a cached
   * page that others share, so whoever must change bytes takes {@link copyBytes} first.
   *
   * Past the end is an error (OUT_OF_BOUNDS), never a short read.
   */
  read(offset: number, length: number): DataView;
  /**
   * Where the bytes of a range stand in a file of the host, as they are and one after the other; undefined where they
   * stand nowhere like that: zeros that nobody stored, bytes that were unpacked, restored or replayed from a log, a
   * range that is in several pieces. So whoever goes to that place finds what {@link read} gave.
   *
   * A source without it never knows. Asked after `read`, it costs no more reading.
   */
  originOf?(offset: number, length: number): Origin | undefined;
}

/** A place in a file of the host. */
export interface Origin {
  /** Path of the file, as it was opened. */
  readonly file: string;
  readonly offset: number;
}

/** A private copy of a range, free to be changed. */
export function copyBytes(source: ByteSource, offset: number, length: number): Uint8Array {
  const view = source.read(offset, length);
  return new Uint8Array(view.buffer, view.byteOffset, length).slice();
}

/** The same range as bytes, without a copy; read-only by contract like the view it comes from. */
export function readBytes(source: ByteSource, offset: number, length: number): Uint8Array {
  const view = source.read(offset, length);
  return new Uint8Array(view.buffer, view.byteOffset, length);
}

/** Throws OUT_OF_BOUNDS unless [offset, offset + length) lies inside `sizeBytes`. Every source calls it first. */
export function checkRange(what: string, sizeBytes: number, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= sizeBytes) return;
  throw new VmguestError(
    "OUT_OF_BOUNDS",
    `${length} bytes were to be read, but ${what} ends at 0x${sizeBytes.toString(16)}`,
    {
      structure: what,
      offset,
    },
  );
}
