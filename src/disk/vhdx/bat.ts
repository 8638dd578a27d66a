// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { Extent, ExtentMap } from "../layer.ts";
import { extentInBlock } from "../sector-bitmap.ts";
import { BAT_ENTRY_SIZE_BYTES, BLOCK_STATES, HEADER_SECTION_SIZE_BYTES, MIB } from "./layout.ts";
import { type FileRange, overlap, overlaps } from "./ranges.ts";

/** What the positions in a block allocation table follow from. */
export interface BatParameters {
  readonly virtualSizeBytes: number;
  readonly blockSizeBytes: number;
  readonly logicalSectorSizeBytes: number;
}

/** A sector bitmap block has 1 MiB, a bit for each sector (2.5.2). */
const SECTORS_PER_BITMAP = 8 * MIB;

/** Payload blocks that share one sector bitmap; after so many entries the bitmap's own follows (2.5). */
export function chunkRatioOf({ blockSizeBytes, logicalSectorSizeBytes }: BatParameters): number {
  return (SECTORS_PER_BITMAP * logicalSectorSizeBytes) / blockSizeBytes;
}

/** Index of the entry of payload block `block`, behind the bitmap entries interleaved before it. */
export function payloadIndex(block: number, chunkRatio: number): number {
  return block + Math.floor(block / chunkRatio);
}

/** Index of the entry of the sector bitmap of chunk `chunk`. */
export function bitmapIndex(chunk: number, chunkRatio: number): number {
  return chunk * (chunkRatio + 1) + chunkRatio;
}

/** Whether an entry is that of a sector bitmap. */
export function isBitmapIndex(index: number, chunkRatio: number): boolean {
  return index % (chunkRatio + 1) === chunkRatio;
}

/** Entries the table of a disk must have; that of a differencing disk ends with a bitmap entry (2.5). */
export function entryCountOf(parameters: BatParameters, hasParent: boolean): number {
  const chunkRatio = chunkRatioOf(parameters);
  const blockCount = Math.ceil(parameters.virtualSizeBytes / parameters.blockSizeBytes);
  if (!hasParent) return payloadIndex(blockCount - 1, chunkRatio) + 1;
  return bitmapIndex(Math.ceil(blockCount / chunkRatio) - 1, chunkRatio) + 1;
}

/** What a table needs to know beyond the positions. */
interface BatOptions extends BatParameters {
  /** Blocks, and sectors of blocks, that are not there are the parent's. */
  readonly hasParent: boolean;
}

/**
 * The block allocation table. It is never loaded: a disk of 64 TiB can have 67 million
 * entries, and reading a file of the guest needs a handful of them.
 */
export class Bat implements ExtentMap {
  readonly #file: ByteSource;
  readonly #region: FileRange;
  readonly #parameters: BatOptions;
  readonly #chunkRatio: number;
  /** Where no block may be: the log and the regions. */
  readonly #occupied: readonly FileRange[];

  /** Throws VHDX_BAT_SHORT where the region has no room for an entry of every block. */
  constructor(file: ByteSource, region: FileRange, parameters: BatOptions, occupied: readonly FileRange[]) {
    const needed = entryCountOf(parameters, parameters.hasParent) * BAT_ENTRY_SIZE_BYTES;
    if (needed > region.lengthBytes) {
      throw new VmguestError("VHDX_BAT_SHORT", `it needs ${needed} bytes, but has ${region.lengthBytes}`, {
        structure: region.what,
        offset: region.offset,
      });
    }
    this.#file = file;
    this.#region = region;
    this.#parameters = parameters;
    this.#chunkRatio = chunkRatioOf(parameters);
    this.#occupied = occupied;
  }

  extentAt(offset: number): Extent {
    const { blockSizeBytes, virtualSizeBytes, hasParent } = this.#parameters;
    const block = Math.floor(offset / blockSizeBytes);
    const start = block * blockSizeBytes;
    const end = Math.min(start + blockSizeBytes, virtualSizeBytes);
    const { entryOffset, state, fileOffset } = this.#readEntry(payloadIndex(block, this.#chunkRatio));
    switch (state) {
      case BLOCK_STATES.notPresent:
        return { in: hasParent ? "parent" : "nothing", start, end };
      case BLOCK_STATES.undefined:
      case BLOCK_STATES.zero:
      case BLOCK_STATES.unmapped:
        // Whatever the offset says: an entry in one of these states may keep the one it had before. And whatever the
        // parent has: what was discarded in a child does not come back from there (2.5.1.1).
        return { in: "nothing", start, end };
      case BLOCK_STATES.fullyPresent:
        this.#checkBlock(`block ${block}`, fileOffset, end - start, entryOffset);
        return { in: "file", start, end, fileOffset };
      case BLOCK_STATES.partiallyPresent: {
        if (!hasParent) {
          const message = `block ${block} is in state ${state}, which needs a parent, but the disk has none`;
          throw stateError(message, entryOffset);
        }
        this.#checkBlock(`block ${block}`, fileOffset, end - start, entryOffset);
        const bitmapOffset = this.#bitmapOffsetOf(block);
        const sectorSizeBytes = this.#parameters.logicalSectorSizeBytes;
        const partial = {
          start,
          end,
          sectorSizeBytes,
          fileOffset,
          bitmapOffset,
          firstBit: "lowest",
        } as const;
        return extentInBlock(this.#file, partial, offset);
      }
      default:
        throw stateError(`block ${block} is in state ${state}, a reserved one`, entryOffset);
    }
  }

  #readEntry(index: number): { entryOffset: number; state: number; fileOffset: number } {
    const entryOffset = this.#region.offset + index * BAT_ENTRY_SIZE_BYTES;
    const entry = this.#file.read(entryOffset, BAT_ENTRY_SIZE_BYTES);
    return { entryOffset, state: entry.getUint32(0, true) & 7, fileOffset: fileOffsetOf(entry) };
  }

  /** Where the bits of a block are: a chunk has one bitmap of 1 MiB, each of its blocks an equal part of it (2.5.2). */
  #bitmapOffsetOf(block: number): number {
    const chunk = Math.floor(block / this.#chunkRatio);
    const { entryOffset, state, fileOffset } = this.#readEntry(bitmapIndex(chunk, this.#chunkRatio));
    const what = `the sector bitmap of chunk ${chunk}`;
    if (state !== BLOCK_STATES.fullyPresent) {
      throw stateError(`block ${block} is partially present, but ${what} is in state ${state}`, entryOffset);
    }
    this.#checkBlock(what, fileOffset, MIB, entryOffset);
    return fileOffset + (block % this.#chunkRatio) * (MIB / this.#chunkRatio);
  }

  #checkBlock(what: string, fileOffset: number, lengthBytes: number, entryOffset: number): void {
    const range = { what: "VHDX BAT entry", offset: fileOffset, lengthBytes };
    // Only what the guest can reach of the last block must be there: QEMU leaves off the rest of a fixed disk.
    if (fileOffset < HEADER_SECTION_SIZE_BYTES || fileOffset + lengthBytes > this.#file.sizeBytes) {
      throw new VmguestError(
        "VHDX_BAT_RANGE",
        `${what} is said to be at 0x${fileOffset.toString(16)} of a file of 0x${this.#file.sizeBytes.toString(16)} bytes`,
        { structure: range.what, offset: entryOffset },
      );
    }
    const other = this.#occupied.find((occupied) => overlaps(occupied, range));
    if (other !== undefined) throw overlap({ ...range, offset: entryOffset }, other);
  }
}

function stateError(message: string, offset: number): VmguestError {
  return new VmguestError("VHDX_BAT_STATE", message, { structure: "VHDX BAT entry", offset });
}

/** Bits 20 to 63, in MiB. From 2^53 on the number loses precision, but is far past the end of any file. */
function fileOffsetOf(entry: DataView): number {
  const low = entry.getUint32(0, true);
  return entry.getUint32(4, true) * 2 ** 32 + (low - (low % MIB));
}
