// SPDX-License-Identifier: MIT
import type { ByteSource } from "../io/index.ts";
import type { Extent } from "./layer.ts";

/** A block of which a child has some sectors; a bit for each says whose it is: 1 the child's, 0 the parent's. */
export interface PartialBlock {
  /** Where the block is on the virtual disk; both are whole sectors. */
  readonly start: number;
  readonly end: number;
  readonly sectorSizeBytes: number;
  /** Where its first byte is in the file. */
  readonly fileOffset: number;
  /** File offset of the byte with the bit of its first sector. */
  readonly bitmapOffset: number;
  /** Which bit of a byte belongs to the first of its eight sectors: VHDX begins with the lowest, VHD with the highest. */
  readonly firstBit: "lowest" | "highest";
}

/** As much of a bitmap is looked through at once: a page of the cache is never read for what nobody asked. */
const WINDOW_SIZE_BYTES = 512;

/** The sectors from the one that holds `offset` on that are in the same file, as far as it pays to look. */
export function extentInBlock(file: ByteSource, block: PartialBlock, offset: number): Extent {
  const { sectorSizeBytes, bitmapOffset, firstBit } = block;
  const sectorCount = (block.end - block.start) / sectorSizeBytes;
  const sector = Math.floor((offset - block.start) / sectorSizeBytes);
  const firstByte = Math.floor(sector / 8);
  const windowEnd = roundUp(bitmapOffset + firstByte + 1, WINDOW_SIZE_BYTES) - bitmapOffset;
  const endByte = Math.min(windowEnd, Math.ceil(sectorCount / 8));
  const bitmap = file.read(bitmapOffset + firstByte, endByte - firstByte);

  const bitOf = (each: number): number => {
    const byte = bitmap.getUint8(Math.floor(each / 8) - firstByte);
    const place = each % 8;
    return (byte >>> (firstBit === "lowest" ? place : 7 - place)) & 1;
  };
  const bit = bitOf(sector);
  const alike = bit === 1 ? 0xff : 0;
  const limit = Math.min(sectorCount, endByte * 8);
  let next = sector + 1;
  while (next < limit) {
    if (next % 8 === 0 && bitmap.getUint8(next / 8 - firstByte) === alike) next = Math.min(next + 8, limit);
    else if (bitOf(next) === bit) next++;
    else break;
  }
  const start = block.start + sector * sectorSizeBytes;
  const end = block.start + next * sectorSizeBytes;
  if (bit === 0) return { in: "parent", start, end };
  return { in: "file", start, end, fileOffset: block.fileOffset + start - block.start };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
