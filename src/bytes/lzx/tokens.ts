// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import type { LzxInput } from "./bit-input.ts";
import type { LzxCodes } from "./codes.ts";
import { LITERAL_COUNT, SLOT_BITS, SLOT_DISTANCES } from "./slots.ts";

const LENGTH_MIN = 2;
const LENGTH_IN_SYMBOL_MAX = 7;
/** The first slots stand for the last distances that were used. */
const RECENT_COUNT = 3;
/** Low bits of a distance that an aligned block codes on their own. */
const ALIGNED_BITS = 3;

/** The stream so far and where its next byte goes. */
export interface LzxOutput {
  readonly bytes: Uint8Array;
  at: number;
  /** The last distances, the newest first. */
  readonly recent: Int32Array;
}

/**
 * Expands a verbatim or aligned block, or as much of it as ends at `end` of the output.
 *
 * This is where the time goes, so it is one loop over variables of its own. See {@link LzxInput} for the filling and
 * {@link HuffmanTable} for the entries.
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
  let { held, heldBits, at: inputAt } = input;
  const main = codes.main.entries;
  const mainShift = 32 - codes.main.rootBits;
  const mainBits = codes.main.rootBits;
  const { bytes, recent } = output;
  let { at } = output;
  let recent0 = recent[0] as number;
  let recent1 = recent[1] as number;
  let recent2 = recent[2] as number;

  while (at < end) {
    held |= view.getUint32(inputAt) >>> heldBits;
    inputAt += (31 - heldBits) >> 3;
    heldBits |= 24;
    let entry = main[held >>> mainShift] as number;
    if (entry < 0) {
      entry = ~entry;
      entry = main[(entry >>> 5) + ((held << mainBits) >>> (32 - (entry & 31)))] as number;
    }
    held <<= entry & 31;
    heldBits -= entry & 31;
    const symbol = entry >>> 5;
    if (symbol < LITERAL_COUNT) {
      bytes[at++] = symbol;
      continue;
    }

    let length = symbol & LENGTH_IN_SYMBOL_MAX;
    if (length === LENGTH_IN_SYMBOL_MAX) {
      const { entries, rootBits, isEmpty } = codes.length;
      if (isEmpty) throw new VmguestError(code, "a long match is due, but the length code has no codewords");
      held |= view.getUint32(inputAt) >>> heldBits;
      inputAt += (31 - heldBits) >> 3;
      heldBits |= 24;
      entry = entries[held >>> (32 - rootBits)] as number;
      if (entry < 0) {
        entry = ~entry;
        entry = entries[(entry >>> 5) + ((held << rootBits) >>> (32 - (entry & 31)))] as number;
      }
      held <<= entry & 31;
      heldBits -= entry & 31;
      length += entry >>> 5;
    }
    length += LENGTH_MIN;

    const slot = (symbol - LITERAL_COUNT) >> 3;
    let distance = recent0;
    if (slot >= RECENT_COUNT) {
      distance = SLOT_DISTANCES[slot] as number;
      let bits = SLOT_BITS[slot] as number;
      if (bits > 0) {
        held |= view.getUint32(inputAt) >>> heldBits;
        inputAt += (31 - heldBits) >> 3;
        heldBits |= 24;
        if (isAligned && bits >= ALIGNED_BITS) {
          bits -= ALIGNED_BITS;
          // Two shifts, as there may be no bits, and one by 32 would not do anything.
          distance += ((held >>> 1) >>> (31 - bits)) << ALIGNED_BITS;
          held <<= bits;
          // Up to 14 bits are used, and an aligned codeword has 7 at most.
          entry = codes.aligned.entries[held >>> 25] as number;
          distance += entry >>> 5;
          held <<= entry & 31;
          heldBits -= bits + (entry & 31);
        } else {
          distance += held >>> (32 - bits);
          held <<= bits;
          heldBits -= bits;
        }
      }
      recent2 = recent1;
      recent1 = recent0;
      recent0 = distance;
    } else if (slot === 1) {
      distance = recent1;
      recent1 = recent0;
      recent0 = distance;
    } else if (slot === 2) {
      distance = recent2;
      recent2 = recent0;
      recent0 = distance;
    }

    const matchEnd = at + length;
    let from = at - distance;
    if (from < 0 || matchEnd > end) {
      const fault = from < 0 ? "points before the first byte" : "goes beyond its block or its 32 KiB";
      throw new VmguestError(code, `a match of ${length} bytes from ${distance} bytes back ${fault}`);
    }
    while (at < matchEnd) bytes[at++] = bytes[from++] as number;
  }

  input.held = held;
  input.heldBits = heldBits;
  input.at = inputAt;
  output.at = at;
  recent[0] = recent0;
  recent[1] = recent1;
  recent[2] = recent2;
}
