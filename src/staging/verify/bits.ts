// SPDX-License-Identifier: MIT
import type { Where } from "../../errors.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { SECTOR_BYTES } from "./changed-sectors.ts";
import { proofError } from "./proof-error.ts";

/** A bitmap before and after, and which of its bits are to differ. */
export interface BitChange {
  /** What it is called in errors: a path and a structure. */
  readonly where: Where;
  readonly before: ByteSource;
  readonly after: ByteSource;
  /** Bits that are to be clear before and set after. */
  readonly taken: ReadonlySet<number>;
  /** Bits that are to be set before and clear after. */
  readonly freed: ReadonlySet<number>;
  /** Offsets of the sectors of the bitmap that differ. */
  readonly sectors: Iterable<number>;
}

/** Shows that exactly the bits differ that are to. What the bitmap grew by counts as clear before. */
export function proveBits({ where, before, after, taken, freed, sectors }: BitChange): void {
  for (const bit of taken) requireBit(after, bit, true, where);
  for (const bit of taken) requireBit(before, bit, false, where);
  for (const bit of freed) requireBit(after, bit, false, where);
  for (const bit of freed) requireBit(before, bit, true, where);
  const grownFrom = Math.floor(before.sizeBytes / SECTOR_BYTES) * SECTOR_BYTES;
  const looked = new Set(sectors);
  for (let at = grownFrom; at < after.sizeBytes && after.sizeBytes !== before.sizeBytes; at += SECTOR_BYTES) {
    looked.add(at);
  }
  for (const sector of looked) {
    const [old, next] = [sectorOf(before, sector), sectorOf(after, sector)];
    for (let at = 0; at < next.length; at++) {
      const difference = (old[at] ?? 0) ^ (next[at] ?? 0);
      for (let bit = 0; difference !== 0 && bit < 8; bit++) {
        const number = (sector + at) * 8 + bit;
        if ((difference & (1 << bit)) === 0 || taken.has(number) || freed.has(number)) continue;
        throw proofError("STAGE_PROOF_BITMAP", `bit ${number} differs, which nothing was planned for`, {
          ...where,
          offset: sector + at,
        });
      }
    }
  }
}

/** Whether a bit of a bitmap is set; what is past its end is clear. */
export function isSet(bitmap: ByteSource, bit: number): boolean {
  const at = Math.floor(bit / 8);
  if (at >= bitmap.sizeBytes) return false;
  return ((readBytes(bitmap, at, 1)[0] ?? 0) & (1 << (bit % 8))) !== 0;
}

function requireBit(bitmap: ByteSource, bit: number, isExpected: boolean, where: Where): void {
  if (isSet(bitmap, bit) === isExpected) return;
  const message = `bit ${bit} is ${isExpected ? "clear" : "set"}, which it should not be`;
  throw proofError("STAGE_PROOF_BITMAP", message, { ...where, offset: Math.floor(bit / 8) });
}

/** What a bitmap has of one sector; zeros past its end. */
function sectorOf(bitmap: ByteSource, sector: number): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const length = Math.min(SECTOR_BYTES, bitmap.sizeBytes - sector);
  if (length > 0) bytes.set(readBytes(bitmap, sector, length));
  return bytes;
}
