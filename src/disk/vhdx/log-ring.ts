// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, copyBytes } from "../../io/index.ts";
import { LOG_SECTOR_SIZE_BYTES } from "./layout.ts";

/**
 * A log's sectors are read once to look for entries, once where an entry is checked, and once where it is applied.
 * Entries that overlap each other on purpose could be checked again and again; this stops them.
 */
const READS_PER_SECTOR_MAX = 4;

/** The log as the circle of 4 KiB sectors that it is: what runs over its end goes on at its begin (2.3). */
export class LogRing {
  readonly offset: number;
  readonly sizeBytes: number;
  readonly #file: ByteSource;
  #readsLeft: number;

  constructor(file: ByteSource, offset: number, sizeBytes: number) {
    this.#file = file;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
    this.#readsLeft = READS_PER_SECTOR_MAX * (sizeBytes / LOG_SECTOR_SIZE_BYTES);
  }

  /** The sector at `position`, which may be beyond the end of the log by less than its length. */
  readSector(position: number): DataView {
    if (this.#readsLeft === 0) {
      throw new VmguestError("LIMIT_EXCEEDED", "its entries overlap so often that they cannot be genuine", {
        structure: "VHDX log",
        offset: this.offset,
      });
    }
    this.#readsLeft--;
    return this.#file.read(this.fileOffsetOf(position), LOG_SECTOR_SIZE_BYTES);
  }

  /** A private copy of the same sector. */
  copySector(position: number): Uint8Array {
    return copyBytes(this.#file, this.fileOffsetOf(position), LOG_SECTOR_SIZE_BYTES);
  }

  fileOffsetOf(position: number): number {
    return this.offset + (position % this.sizeBytes);
  }
}
