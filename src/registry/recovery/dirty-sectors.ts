// SPDX-License-Identifier: MIT
import { isBinsSizePossible } from "../base-block.ts";
import { BASE_BLOCK_SIZE, type BaseBlock, DirtyVector, SECTOR_SIZE } from "../layout.ts";
import type { LogFile } from "./log-file.ts";
import type { PatchedSource } from "./patched-source.ts";

/** Disks have sectors of 512 to 4096 bytes. */
const CLUSTERING_FACTOR_MAX = 8;

/** Says why the sectors of an old-format log cannot be used; undefined where all of them are there. */
export function faultOfSectors({ source, block }: LogFile): string | undefined {
  const { binsSize, clusteringFactor } = block;
  if (clusteringFactor < 1 || clusteringFactor > CLUSTERING_FACTOR_MAX) {
    return `the log has an impossible clustering factor of ${clusteringFactor}`;
  }
  if (!isBinsSizePossible(binsSize)) return `the bins would have an impossible size of ${binsSize} bytes`;
  const { vector, bitmap, bitmapSize, sectors } = placesIn(block);
  if (sectors > source.sizeBytes) return "the log ends inside its dirty vector";
  if (new DirtyVector(source.read(vector, DirtyVector.sizeBytes)).signature !== "DIRT") {
    return "the log has no dirty vector";
  }
  let end = sectors;
  for (const _ of setBits(source.read(bitmap, bitmapSize))) end += SECTOR_SIZE;
  return end > source.sizeBytes ? "the log ends before the last of its sectors" : undefined;
}

/** Puts the sectors of an old-format log over the hive and gives their number. */
export function applySectors(hive: PatchedSource, { source, block }: LogFile): number {
  hive.extend(BASE_BLOCK_SIZE + block.binsSize);
  const { bitmap, bitmapSize, sectors } = placesIn(block);
  let at = sectors;
  for (const sector of setBits(source.read(bitmap, bitmapSize))) {
    hive.patch(BASE_BLOCK_SIZE + sector * SECTOR_SIZE, SECTOR_SIZE, source, at);
    at += SECTOR_SIZE;
  }
  return (at - sectors) / SECTOR_SIZE;
}

/** Where the parts of a log are: each of them begins at a sector of the disk, but the bitmap. */
function placesIn({ clusteringFactor, binsSize }: BaseBlock) {
  const diskSectorSize = SECTOR_SIZE * clusteringFactor;
  const vector = diskSectorSize;
  const bitmap = vector + DirtyVector.sizeBytes;
  const bitmapSize = binsSize / SECTOR_SIZE / 8;
  const sectors = Math.ceil((bitmap + bitmapSize) / diskSectorSize) * diskSectorSize;
  return { vector, bitmap, bitmapSize, sectors };
}

/** Numbers of the bits that are set, lowest bit of a byte first. */
function* setBits(bitmap: DataView): Iterable<number> {
  for (let index = 0; index < bitmap.byteLength; index++) {
    const byte = bitmap.getUint8(index);
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) yield index * 8 + bit;
  }
}
