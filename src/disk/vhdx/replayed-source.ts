// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange, type Origin, readBytes } from "../../io/index.ts";
import { LOG_SECTOR_SIZE_BYTES } from "./layout.ts";

/** A range of the file from `start` up to `end` that reads as zeros. */
export interface ZeroRange {
  readonly start: number;
  readonly end: number;
}

/** What a replay of the log changes in the file. */
export interface Changes {
  /** Size of the file after it. */
  readonly sizeBytes: number;
  /** Written sectors by their number in the file (offset / 4 KiB); they win over zeros. */
  readonly sectors: ReadonlyMap<number, Uint8Array>;
  /** In order of the file, apart from each other. */
  readonly zeros: readonly ZeroRange[];
}

/** The file as it would be after its log was replayed; the file itself stays as it is. */
export class ReplayedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #file: ByteSource;
  readonly #changes: Changes;

  constructor(file: ByteSource, changes: Changes) {
    this.#file = file;
    this.#changes = changes;
    this.sizeBytes = changes.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the file after log replay", this.sizeBytes, offset, length);
    if (offset + length <= this.#file.sizeBytes && !this.#isChanged(offset, length)) {
      return this.#file.read(offset, length);
    }
    const target = new Uint8Array(length);
    const inFile = Math.min(length, this.#file.sizeBytes - offset);
    if (inFile > 0) target.set(readBytes(this.#file, offset, inFile));
    this.#applyZeros(target, offset);
    for (const [number, sector] of this.#sectorsIn(offset, length)) {
      const skip = number * LOG_SECTOR_SIZE_BYTES - offset;
      const visible = sector.subarray(Math.max(0, -skip), Math.min(LOG_SECTOR_SIZE_BYTES, length - skip));
      target.set(visible, Math.max(0, skip));
    }
    return new DataView(target.buffer);
  }

  /** What the log changes stands nowhere as it is: a sector of the log has other first and last bytes. */
  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the file after log replay", this.sizeBytes, offset, length);
    if (offset + length > this.#file.sizeBytes || this.#isChanged(offset, length)) return undefined;
    return this.#file.originOf?.(offset, length);
  }

  #isChanged(offset: number, length: number): boolean {
    const zeros = this.#changes.zeros[this.#firstZeroRangeEndingAfter(offset)];
    if (zeros !== undefined && zeros.start < offset + length) return true;
    return this.#sectorsIn(offset, length).next().done !== true;
  }

  #applyZeros(target: Uint8Array, offset: number): void {
    const { zeros } = this.#changes;
    for (let index = this.#firstZeroRangeEndingAfter(offset); index < zeros.length; index++) {
      const range = zeros[index];
      if (range === undefined || range.start >= offset + target.length) return;
      target.fill(0, Math.max(0, range.start - offset), range.end - offset);
    }
  }

  /** Binary search: reads of payload pass through here, and a log can name many ranges. */
  #firstZeroRangeEndingAfter(offset: number): number {
    const { zeros } = this.#changes;
    let low = 0;
    let high = zeros.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((zeros[middle]?.end ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  *#sectorsIn(offset: number, length: number): Generator<[number, Uint8Array]> {
    const end = Math.ceil((offset + length) / LOG_SECTOR_SIZE_BYTES);
    for (let number = Math.floor(offset / LOG_SECTOR_SIZE_BYTES); number < end; number++) {
      const sector = this.#changes.sectors.get(number);
      if (sector !== undefined) yield [number, sector];
    }
  }
}
