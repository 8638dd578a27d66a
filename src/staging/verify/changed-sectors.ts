// SPDX-License-Identifier: MIT
import { type ByteSource, CHANGE_PAGE_BYTES, readBytes } from "../../io/index.ts";
import { isSame, proofError } from "./proof-error.ts";

/** No structure of a disk or volume begins anywhere else: what differs is looked up in units of this size. */
export const SECTOR_BYTES = 512;

/** All pages are compared in pieces of this size where nobody says which of them may differ. */
const PIECE_BYTES = 1024 * 1024;

/** The sectors of a disk that differ. */
export interface ChangedSectors {
  /** Offsets on the disk, ascending. */
  readonly sectors: readonly number[];
  /** Pages of {@link CHANGE_PAGE_BYTES} with such sectors. */
  readonly pageCount: number;
}

/**
 * Compares two disks: the pages that may differ, or all of them where `pages` is left out. Throws STAGE_PROOF_OUTSIDE for
 * disks of different sizes.
 */
export function changedSectors(
  before: ByteSource,
  after: ByteSource,
  pages: Iterable<number> | undefined,
): ChangedSectors {
  if (before.sizeBytes !== after.sizeBytes) {
    const message = `the virtual disk had ${before.sizeBytes} bytes, and now has ${after.sizeBytes}`;
    throw proofError("STAGE_PROOF_OUTSIDE", message, { structure: "virtual disk" });
  }
  const starts = pages === undefined ? differingPages(before, after) : new Set(pages);
  const sectors: number[] = [];
  let pageCount = 0;
  for (const start of [...starts].sort((a, b) => a - b)) {
    const length = Math.min(CHANGE_PAGE_BYTES, before.sizeBytes - start);
    const [old, next] = [readBytes(before, start, length), readBytes(after, start, length)];
    if (isSame(old, next)) continue;
    pageCount++;
    for (let at = 0; at < length; at += SECTOR_BYTES) {
      if (!isSame(old.subarray(at, at + SECTOR_BYTES), next.subarray(at, at + SECTOR_BYTES))) {
        sectors.push(start + at);
      }
    }
  }
  return { sectors, pageCount };
}

/** Offset of the first byte of a sector that differs. */
export function firstDifference(before: ByteSource, after: ByteSource, sector: number): number {
  const length = Math.min(SECTOR_BYTES, before.sizeBytes - sector);
  const [old, next] = [readBytes(before, sector, length), readBytes(after, sector, length)];
  return (
    sector +
    Math.max(
      0,
      old.findIndex((byte, at) => byte !== next[at]),
    )
  );
}

function differingPages(before: ByteSource, after: ByteSource): Set<number> {
  const pages = new Set<number>();
  for (let start = 0; start < before.sizeBytes; start += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, before.sizeBytes - start);
    if (isSame(readBytes(before, start, length), readBytes(after, start, length))) continue;
    for (let at = 0; at < length; at += CHANGE_PAGE_BYTES) pages.add(start + at);
  }
  return pages;
}
