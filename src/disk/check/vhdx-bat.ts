// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { chunkRatioOf, entryCountOf, isBitmapIndex } from "../vhdx/bat.ts";
import { BAT_ENTRY_SIZE_BYTES, BLOCK_STATES, HEADER_SECTION_SIZE_BYTES, KIB, MIB } from "../vhdx/layout.ts";
import type { Metadata } from "../vhdx/metadata.ts";
import { type FileRange, overlaps } from "../vhdx/ranges.ts";
import { SpaceMap } from "./space-map.ts";

/** The table is read in pieces of this size; that of a disk of 64 TiB has half a GiB. */
const PIECE_SIZE_BYTES = 64 * KIB;

/** Twice the largest disk there is: a longer file is a hole, and a map of it would only fill memory. */
const FILE_SIZE_BYTES_MAX = 128 * MIB * MIB;

/** What a bitmap block takes in the file (2.5.2). */
const BITMAP_SIZE_BYTES = MIB;

/** Bits 3 to 19 of an entry (2.5.1). */
const RESERVED_BITS = 0x000f_fff8;

/**
 * Every entry of the block allocation table: state, place in the file, reserved bits, and that no two blocks share
 * bytes; then the bytes of the file that nothing claims.
 */
export function* checkBat(
  file: ByteSource,
  region: FileRange,
  metadata: Metadata,
  occupied: readonly FileRange[],
): Generator<Finding> {
  const where = { structure: region.what, offset: region.offset };
  const entryCount = entryCountOf(metadata, metadata.parentLocator !== undefined);
  if (entryCount * BAT_ENTRY_SIZE_BYTES > region.lengthBytes) {
    const message = `it needs ${entryCount * BAT_ENTRY_SIZE_BYTES} bytes, but has ${region.lengthBytes}`;
    yield finding("VHDX_BAT_SHORT", message, where);
    return;
  }
  if (file.sizeBytes > FILE_SIZE_BYTES_MAX) {
    yield finding("LIMIT_EXCEEDED", `a file of ${file.sizeBytes} bytes is too long to be checked`, where);
    return;
  }
  const check = new BatCheck(file, region, metadata, occupied);
  for (let first = 0; first < entryCount; first += PIECE_SIZE_BYTES / BAT_ENTRY_SIZE_BYTES) {
    const count = Math.min(PIECE_SIZE_BYTES / BAT_ENTRY_SIZE_BYTES, entryCount - first);
    const view = file.read(region.offset + first * BAT_ENTRY_SIZE_BYTES, count * BAT_ENTRY_SIZE_BYTES);
    for (let index = 0; index < count; index++) {
      const low = view.getUint32(index * BAT_ENTRY_SIZE_BYTES, true);
      const high = view.getUint32(index * BAT_ENTRY_SIZE_BYTES + 4, true);
      // Most entries of most tables: a disk of 64 TiB has millions of them.
      if (low === 0 && high === 0) check.skip(first + index);
      else yield* check.entry(first + index, low, high);
    }
  }
  yield* check.conclude();
}

class BatCheck {
  readonly #file: ByteSource;
  readonly #region: FileRange;
  readonly #metadata: Metadata;
  readonly #occupied: readonly FileRange[];
  readonly #chunkRatio: number;
  readonly #hasParent: boolean;
  readonly #space: SpaceMap;
  #absentCount = 0;

  constructor(file: ByteSource, region: FileRange, metadata: Metadata, occupied: readonly FileRange[]) {
    this.#file = file;
    this.#region = region;
    this.#metadata = metadata;
    this.#occupied = occupied;
    this.#chunkRatio = chunkRatioOf(metadata);
    this.#hasParent = metadata.parentLocator !== undefined;
    this.#space = new SpaceMap(file.sizeBytes, MIB);
    this.#space.claim(0, HEADER_SECTION_SIZE_BYTES);
    for (const { offset, lengthBytes } of occupied) this.#space.claim(offset, lengthBytes);
  }

  /** An entry that is all zeros: allowed everywhere. */
  skip(index: number): void {
    if (!isBitmapIndex(index, this.#chunkRatio)) this.#absentCount++;
  }

  *entry(index: number, low: number, high: number): Generator<Finding> {
    const what = isBitmapIndex(index, this.#chunkRatio)
      ? `the bitmap of chunk ${this.#chunkOf(index)}`
      : this.#nameOf(index);
    if ((low & RESERVED_BITS) !== 0) {
      const message = `the entry of ${what} is 0x${(high * 2 ** 32 + low).toString(16)}`;
      yield finding("VHDX_BAT_RESERVED", message, this.#whereOf(index));
    }
    const fileOffset = high * 2 ** 32 + (low - (low % MIB));
    if (isBitmapIndex(index, this.#chunkRatio)) yield* this.#bitmap(index, low & 7, fileOffset, what);
    else yield* this.#payload(index, low & 7, fileOffset, what);
  }

  *conclude(): Generator<Finding> {
    const where = { structure: this.#region.what, offset: this.#region.offset };
    if (this.#metadata.leavesBlocksAllocated && !this.#hasParent && this.#absentCount > 0) {
      yield finding("VHDX_FIXED_SPARSE", `${this.#absentCount} blocks are not allocated`, where);
    }
    const { count, firstOffset } = this.#space.unclaimed();
    if (firstOffset === undefined) return;
    const message = `${count} MiB of the file belong to nothing, the first of them at 0x${firstOffset.toString(16)}`;
    yield finding("VHDX_SPACE_LEAKED", message, { structure: "VHDX file", offset: firstOffset });
  }

  *#payload(index: number, state: number, fileOffset: number, what: string): Generator<Finding> {
    switch (state) {
      case BLOCK_STATES.notPresent:
      case BLOCK_STATES.undefined:
      case BLOCK_STATES.zero:
      case BLOCK_STATES.unmapped:
        this.#absentCount++;
        return;
      case BLOCK_STATES.partiallyPresent:
        if (!this.#hasParent) {
          yield this.#stateFinding(index, state, what, "which needs a parent, but the disk has none");
          return;
        }
        yield* this.#requireBitmap(index, what);
        break;
      case BLOCK_STATES.fullyPresent:
        break;
      default:
        yield this.#stateFinding(index, state, what, "a reserved one");
        return;
    }
    const { blockSizeBytes, virtualSizeBytes } = this.#metadata;
    const start = this.#blockOf(index) * blockSizeBytes;
    // Only what the guest can reach of the last block must be there: QEMU leaves off the rest of a fixed disk.
    yield* this.#place(index, fileOffset, Math.min(blockSizeBytes, virtualSizeBytes - start), what);
  }

  *#bitmap(index: number, state: number, fileOffset: number, what: string): Generator<Finding> {
    if (!this.#hasParent) {
      yield finding("VHDX_BAT_BITMAP", `${what} is in state ${state}`, this.#whereOf(index));
    } else if (state === BLOCK_STATES.fullyPresent) {
      yield* this.#place(index, fileOffset, BITMAP_SIZE_BYTES, what);
    } else if (state !== BLOCK_STATES.notPresent) {
      yield this.#stateFinding(index, state, what, "which no bitmap may have");
    }
  }

  *#requireBitmap(index: number, what: string): Generator<Finding> {
    const bitmap = this.#chunkOf(index) * (this.#chunkRatio + 1) + this.#chunkRatio;
    const offset = this.#region.offset + bitmap * BAT_ENTRY_SIZE_BYTES;
    const state = this.#file.read(offset, BAT_ENTRY_SIZE_BYTES).getUint32(0, true) & 7;
    if (state === BLOCK_STATES.fullyPresent) return;
    const message = `${what} is partially present, but the bitmap of its chunk is in state ${state}`;
    yield finding("VHDX_BAT_BITMAP_MISSING", message, this.#whereOf(index));
  }

  *#place(index: number, fileOffset: number, lengthBytes: number, what: string): Generator<Finding> {
    const where = this.#whereOf(index);
    const place = `${what} is said to be at 0x${fileOffset.toString(16)}`;
    if (fileOffset < HEADER_SECTION_SIZE_BYTES || fileOffset + lengthBytes > this.#file.sizeBytes) {
      const size = `0x${this.#file.sizeBytes.toString(16)}`;
      yield finding("VHDX_BAT_RANGE", `${place} of a file of ${size} bytes`, where);
      return;
    }
    const range = { what, offset: fileOffset, lengthBytes };
    const other = this.#occupied.find((candidate) => overlaps(candidate, range));
    if (other !== undefined) {
      yield finding("VHDX_OVERLAP", `${place}, whose bytes belong to the ${other.what} as well`, where);
    } else if (!this.#space.claim(fileOffset, lengthBytes)) {
      yield finding("VHDX_BAT_SHARED", `${place}, where another block is as well`, where);
    }
  }

  #stateFinding(index: number, state: number, what: string, why: string): Finding {
    return finding("VHDX_BAT_STATE", `${what} is in state ${state}, ${why}`, this.#whereOf(index));
  }

  #chunkOf(index: number): number {
    return Math.floor(index / (this.#chunkRatio + 1));
  }

  /** Number of the block that a payload entry is of: bitmap entries do not count. */
  #blockOf(index: number): number {
    return index - this.#chunkOf(index);
  }

  #nameOf(index: number): string {
    return `block ${this.#blockOf(index)}`;
  }

  #whereOf(index: number) {
    return { structure: "VHDX BAT entry", offset: this.#region.offset + index * BAT_ENTRY_SIZE_BYTES };
  }
}
