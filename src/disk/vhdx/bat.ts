// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { Extent, ExtentMap } from "../mapped-disk.ts";
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

/** Entries the table of a disk must have; that of a differencing disk ends with a bitmap entry (2.5). */
export function entryCountOf(parameters: BatParameters, hasParent: boolean): number {
  const chunkRatio = chunkRatioOf(parameters);
  const blockCount = Math.ceil(parameters.virtualSizeBytes / parameters.blockSizeBytes);
  if (!hasParent) return payloadIndex(blockCount - 1, chunkRatio) + 1;
  return bitmapIndex(Math.ceil(blockCount / chunkRatio) - 1, chunkRatio) + 1;
}

/**
 * The block allocation table of a disk without a parent. It is never loaded: a disk of 64 TiB can have 67 million
 * entries, and reading a file of the guest needs a handful of them.
 */
export class Bat implements ExtentMap {
  readonly #file: ByteSource;
  readonly #region: FileRange;
  readonly #parameters: BatParameters;
  readonly #chunkRatio: number;
  /** Where no block may be: the log and the regions. */
  readonly #occupied: readonly FileRange[];

  /** Throws VHDX_BAT_SHORT where the region has no room for an entry of every block. */
  constructor(
    file: ByteSource,
    region: FileRange,
    parameters: BatParameters,
    occupied: readonly FileRange[],
  ) {
    const needed = entryCountOf(parameters, false) * BAT_ENTRY_SIZE_BYTES;
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
    const { blockSizeBytes, virtualSizeBytes } = this.#parameters;
    const block = Math.floor(offset / blockSizeBytes);
    const start = block * blockSizeBytes;
    const end = Math.min(start + blockSizeBytes, virtualSizeBytes);
    const entryOffset = this.#region.offset + payloadIndex(block, this.#chunkRatio) * BAT_ENTRY_SIZE_BYTES;
    const entry = this.#file.read(entryOffset, BAT_ENTRY_SIZE_BYTES);
    const state = entry.getUint32(0, true) & 7;
    switch (state) {
      case BLOCK_STATES.notPresent:
      case BLOCK_STATES.undefined:
      case BLOCK_STATES.zero:
      case BLOCK_STATES.unmapped:
        // Whatever the offset says: an entry in one of these states may keep the one it had before.
        return { in: "nothing", start, end };
      case BLOCK_STATES.fullyPresent: {
        const fileOffset = fileOffsetOf(entry);
        this.#checkBlock(block, fileOffset, end - start, entryOffset);
        return { in: "file", start, end, fileOffset };
      }
      default: {
        const why =
          state === BLOCK_STATES.partiallyPresent
            ? "which needs a parent, but the disk has none"
            : "a reserved one";
        throw new VmguestError("VHDX_BAT_STATE", `block ${block} is in state ${state}, ${why}`, {
          structure: "VHDX BAT entry",
          offset: entryOffset,
        });
      }
    }
  }

  #checkBlock(block: number, fileOffset: number, lengthBytes: number, entryOffset: number): void {
    const range = { what: "VHDX BAT entry", offset: fileOffset, lengthBytes };
    // Only what the guest can reach of the last block must be there: QEMU leaves off the rest of a fixed disk.
    if (fileOffset < HEADER_SECTION_SIZE_BYTES || fileOffset + lengthBytes > this.#file.sizeBytes) {
      throw new VmguestError(
        "VHDX_BAT_RANGE",
        `block ${block} is said to be at 0x${fileOffset.toString(16)} of a file of 0x${this.#file.sizeBytes.toString(16)} bytes`,
        { structure: range.what, offset: entryOffset },
      );
    }
    const other = this.#occupied.find((occupied) => overlaps(occupied, range));
    if (other !== undefined) throw overlap({ ...range, offset: entryOffset }, other);
  }
}

/** Bits 20 to 63, in MiB. From 2^53 on the number loses precision, but is far past the end of any file. */
function fileOffsetOf(entry: DataView): number {
  const low = entry.getUint32(0, true);
  return entry.getUint32(4, true) * 2 ** 32 + (low - (low % MIB));
}
