// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import type { LzxInput } from "./bit-input.ts";
import type { LzxCodes } from "./codes.ts";
import type { LzxOutput } from "./output.ts";
import { LITERAL_COUNT, SLOT_BITS, SLOT_DISTANCES } from "./slots.ts";

const LENGTH_MIN = 2;
const LENGTH_IN_SYMBOL_MAX = 7;
/** The first slots stand for the last distances that were used. */
const RECENT_COUNT = 3;
/** Low bits of a distance that an aligned block codes on their own. */
const ALIGNED_BITS = 3;
/** None of these bits is set in the entry of a literal whose codeword has at most `rootBits` bits. */
const NO_SHORT_LITERAL = ~((LITERAL_COUNT << 5) - 1);

/**
 * Expands a verbatim or aligned block, or as much of it as ends at `end` of the output. Throws as `code` where a match
 * does not fit; that the input was long enough is for the caller to check afterwards.
 *
 * All the time of expanding goes here, so it is one loop over variables of its own. Three lines that come again and
 * again are {@link LzxInput.fill}: they leave at least 24 valid bits, enough for a codeword of 16, for two of 11 (what
 * the root of the main table has), or for the 17 bits of a distance. For the entries of the tables, negative ones among
 * them, see {@link HuffmanTable}. `| 0` tells the compiler that a number stays a 32-bit integer.
 */
export function expandTokens(
  input: LzxInput,
  codes: LzxCodes,
  isAligned: boolean,
  output: LzxOutput,
  end: number,
  code: Code,
): void {
  const { view } = input;
  const noShortLiteral = NO_SHORT_LITERAL | 0;
  const main = codes.main.entries;
  const mainBits = codes.main.rootBits | 0;
  const mainShift = (32 - mainBits) | 0;
  const { entries: lengths, rootBits: lengthBits, isEmpty: hasNoLengths } = codes.length;
  const { entries: aligned, rootBits: alignedBits } = codes.aligned;
  const { bytes, view: outputView, recent } = output;
  let held = input.held | 0;
  let heldBits = input.heldBits | 0;
  let inputAt = input.at | 0;
  let at = output.at | 0;
  let recent0 = (recent[0] as number) | 0;
  let recent1 = (recent[1] as number) | 0;
  let recent2 = (recent[2] as number) | 0;

  while (at < end) {
    held |= view.getInt32(inputAt) >>> heldBits;
    inputAt = (inputAt + ((31 - heldBits) >> 3)) | 0;
    heldBits |= 24;
    let entry = main[held >>> mainShift] as number;
    // Most symbols are literals of few bits: two of them without filling again.
    if ((entry & noShortLiteral) === 0) {
      held <<= entry & 31;
      heldBits = (heldBits - (entry & 31)) | 0;
      bytes[at] = entry >> 5;
      at = (at + 1) | 0;
      if (at >= end) break;
      entry = main[held >>> mainShift] as number;
      if ((entry & noShortLiteral) === 0) {
        held <<= entry & 31;
        heldBits = (heldBits - (entry & 31)) | 0;
        bytes[at] = entry >> 5;
        at = (at + 1) | 0;
        continue;
      }
      held |= view.getInt32(inputAt) >>> heldBits;
      inputAt = (inputAt + ((31 - heldBits) >> 3)) | 0;
      heldBits |= 24;
    }
    if (entry < 0) {
      entry = ~entry;
      entry = main[((entry >> 5) + ((held << mainBits) >>> (32 - (entry & 31)))) | 0] as number;
    }
    held <<= entry & 31;
    heldBits = (heldBits - (entry & 31)) | 0;
    const symbol = entry >> 5;
    if (symbol < LITERAL_COUNT) {
      bytes[at] = symbol;
      at = (at + 1) | 0;
      continue;
    }

    // The symbol of a match has its length, if that is short, and the slot of its distance.
    let length = (symbol & LENGTH_IN_SYMBOL_MAX) + LENGTH_MIN;
    if (length === LENGTH_IN_SYMBOL_MAX + LENGTH_MIN) {
      if (hasNoLengths) throw new VmguestError(code, "a long match is due, but no length has a codeword");
      held |= view.getInt32(inputAt) >>> heldBits;
      inputAt = (inputAt + ((31 - heldBits) >> 3)) | 0;
      heldBits |= 24;
      entry = lengths[held >>> (32 - lengthBits)] as number;
      if (entry < 0) {
        entry = ~entry;
        entry = lengths[((entry >> 5) + ((held << lengthBits) >>> (32 - (entry & 31)))) | 0] as number;
      }
      held <<= entry & 31;
      heldBits = (heldBits - (entry & 31)) | 0;
      length = (length + (entry >> 5)) | 0;
    }
    const slot = (symbol - LITERAL_COUNT) >> 3;
    let distance = recent0;
    if (slot >= RECENT_COUNT) {
      distance = SLOT_DISTANCES[slot] as number;
      let bits = SLOT_BITS[slot] as number;
      if (bits > 0) {
        held |= view.getInt32(inputAt) >>> heldBits;
        inputAt = (inputAt + ((31 - heldBits) >> 3)) | 0;
        heldBits |= 24;
        if (isAligned && bits >= ALIGNED_BITS) {
          bits = (bits - ALIGNED_BITS) | 0;
          // In two steps: there may be no bits, and a shift by 32 would be none. 14 bits and an aligned codeword, which
          // has 7 at most, are fewer than 24.
          distance = (distance + (((held >>> 1) >>> (31 - bits)) << ALIGNED_BITS)) | 0;
          held <<= bits;
          entry = aligned[held >>> (32 - alignedBits)] as number;
          held <<= entry & 31;
          heldBits = (heldBits - bits - (entry & 31)) | 0;
          distance = (distance + (entry >> 5)) | 0;
        } else {
          distance = (distance + (held >>> (32 - bits))) | 0;
          held <<= bits;
          heldBits = (heldBits - bits) | 0;
        }
      }
      recent2 = recent1;
      recent1 = recent0;
      recent0 = distance;
    } else if (slot === 1) {
      // The distance changes places with the newest one.
      distance = recent1;
      recent1 = recent0;
      recent0 = distance;
    } else if (slot === 2) {
      distance = recent2;
      recent2 = recent0;
      recent0 = distance;
    }

    let from = (at - distance) | 0;
    const matchEnd = (at + length) | 0;
    if (from < 0 || matchEnd > end) {
      const fault = from < 0 ? "begins before the first byte" : "does not end where its block or frame does";
      throw new VmguestError(code, `a match of ${length} bytes from ${distance} bytes back ${fault}`);
    }
    if (distance >= 16) {
      // Four words at once, for most matches are not longer; what is copied too much is overwritten by what comes next.
      outputView.setInt32(at, outputView.getInt32(from));
      outputView.setInt32(at + 4, outputView.getInt32(from + 4));
      outputView.setInt32(at + 8, outputView.getInt32(from + 8));
      outputView.setInt32(at + 12, outputView.getInt32(from + 12));
      for (at = (at + 16) | 0; at < matchEnd; at = (at + 4) | 0) {
        from = (from + 4) | 0;
        outputView.setInt32(at, outputView.getInt32(from + 12));
      }
      at = matchEnd;
    } else {
      // A match that overlaps its own output repeats it.
      for (; at < matchEnd; at = (at + 1) | 0) {
        bytes[at] = bytes[from] as number;
        from = (from + 1) | 0;
      }
    }
  }

  input.held = held;
  input.heldBits = heldBits;
  input.at = inputAt;
  output.at = at;
  recent[0] = recent0;
  recent[1] = recent1;
  recent[2] = recent2;
}
