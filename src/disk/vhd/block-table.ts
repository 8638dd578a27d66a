// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { Extent, ExtentMap } from "../layer.ts";
import { extentInBlock } from "../sector-bitmap.ts";
import {
  BAT_ENTRY_SIZE_BYTES,
  BLOCK_NOT_ALLOCATED,
  SECTOR_SIZE_BYTES,
  VhdDynamicHeader,
  VhdFooter,
} from "./layout.ts";

export interface BlockTableParameters {
  readonly virtualSizeBytes: number;
  readonly blockSizeBytes: number;
  readonly tableOffset: number;
  readonly tableEntryCount: number;
  /** Where the dynamic disk header is, for no block may be there. */
  readonly headerOffset: number;
  /** Where the blocks end and the footer begins. */
  readonly dataEnd: number;
  /** Blocks, and sectors of blocks, that are not there are the parent's. */
  readonly hasParent: boolean;
}

/**
 * The block allocation table of a dynamic or differencing disk, read one entry at a time.
 *
 * Each block begins with a bitmap of the sectors that were written. Without a parent it is passed over, as the sectors
 * that were not hold zeros.
 */
export class BlockTable implements ExtentMap {
  readonly #file: ByteSource;
  readonly #parameters: BlockTableParameters;
  readonly #bitmapSizeBytes: number;

  /** Throws VHD_BAT_SHORT where the table has no room for every block, or the file none for the table. */
  constructor(file: ByteSource, parameters: BlockTableParameters) {
    const { virtualSizeBytes, blockSizeBytes, tableOffset, tableEntryCount } = parameters;
    const needed = Math.ceil(virtualSizeBytes / blockSizeBytes);
    const where = { structure: "VHD block allocation table", offset: tableOffset };
    if (tableEntryCount < needed) {
      const message = `it has ${tableEntryCount} entries, but the disk has ${needed} blocks`;
      throw new VmguestError("VHD_BAT_SHORT", message, where);
    }
    if (tableOffset + tableEntryCount * BAT_ENTRY_SIZE_BYTES > file.sizeBytes) {
      const message = `its ${tableEntryCount} entries reach past the end of the file`;
      throw new VmguestError("VHD_BAT_SHORT", message, where);
    }
    this.#file = file;
    this.#parameters = parameters;
    this.#bitmapSizeBytes = bitmapSizeOf(blockSizeBytes);
  }

  extentAt(offset: number): Extent {
    const { virtualSizeBytes, blockSizeBytes, tableOffset, hasParent } = this.#parameters;
    const block = Math.floor(offset / blockSizeBytes);
    const start = block * blockSizeBytes;
    const end = Math.min(start + blockSizeBytes, virtualSizeBytes);
    const entryOffset = tableOffset + block * BAT_ENTRY_SIZE_BYTES;
    const sector = this.#file.read(entryOffset, BAT_ENTRY_SIZE_BYTES).getUint32(0);
    if (sector === BLOCK_NOT_ALLOCATED) return { in: hasParent ? "parent" : "nothing", start, end };
    const blockOffset = sector * SECTOR_SIZE_BYTES;
    const fileOffset = blockOffset + this.#bitmapSizeBytes;
    const fault = this.#faultOf(blockOffset, fileOffset + end - start);
    if (fault !== undefined) {
      throw new VmguestError(
        "VHD_BAT_RANGE",
        `block ${block} is said to be at 0x${blockOffset.toString(16)}, ${fault}`,
        {
          structure: "VHD block allocation table",
          offset: entryOffset,
        },
      );
    }
    if (!hasParent) return { in: "file", start, end, fileOffset };
    const bitmap = { bitmapOffset: blockOffset, firstBit: "highest" } as const;
    const partial = { start, end, sectorSizeBytes: SECTOR_SIZE_BYTES, fileOffset, ...bitmap };
    return extentInBlock(this.#file, partial, offset);
  }

  #faultOf(start: number, end: number): string | undefined {
    const { dataEnd, headerOffset, tableOffset, tableEntryCount } = this.#parameters;
    if (end > dataEnd) return `but the blocks end at 0x${dataEnd.toString(16)}`;
    const meets = (offset: number, lengthBytes: number) => start < offset + lengthBytes && offset < end;
    if (meets(0, VhdFooter.sizeBytes)) return "where the copy of the footer is";
    if (meets(headerOffset, VhdDynamicHeader.sizeBytes)) return "where the dynamic disk header is";
    if (meets(tableOffset, tableEntryCount * BAT_ENTRY_SIZE_BYTES)) return "where the table itself is";
    return undefined;
  }
}

/** A bit for each sector of the block, in whole sectors. */
export function bitmapSizeOf(blockSizeBytes: number): number {
  const bytes = blockSizeBytes / SECTOR_SIZE_BYTES / 8;
  return Math.ceil(bytes / SECTOR_SIZE_BYTES) * SECTOR_SIZE_BYTES;
}
