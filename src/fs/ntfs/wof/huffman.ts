// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { BitReader } from "./bit-reader.ts";

/** The longest codeword of XPRESS, whose lengths have 4 bits. */
const LENGTH_MAX = 15;

/** A canonical Huffman code, as a table over the next bits of the input. */
export interface HuffmanCode {
  /** Length of the longest codeword; 0 where the code has none. */
  readonly bits: number;
  /** By the next `bits` bits: the symbol times 16, and the length of its codeword less 1. */
  readonly entries: Uint16Array;
}

/**
 * The code with these lengths of codewords (0 for symbols without one): shorter codewords come first, and in order of
 * their symbols. Throws WOF_CHUNK unless the codewords use up all bit patterns exactly; a code without any is allowed, but
 * cannot be read with.
 */
export function buildHuffmanCode(lengths: Uint8Array, what: string): HuffmanCode {
  const counts = new Uint32Array(LENGTH_MAX + 1);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  let bits = LENGTH_MAX;
  while (bits > 0 && counts[bits] === 0) bits--;
  const entries = new Uint16Array(bits === 0 ? 0 : 2 ** bits);

  const starts = new Uint32Array(LENGTH_MAX + 2);
  for (let length = 1; length <= bits; length++) {
    starts[length + 1] = (starts[length] as number) + (counts[length] as number) * 2 ** (bits - length);
  }
  const used = starts[bits + 1] as number;
  if (bits > 0 && used !== entries.length) {
    const fault = used > entries.length ? "too many" : "too few";
    throw new VmguestError("WOF_CHUNK", `the ${what} code has ${fault} codewords for their lengths`);
  }
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol] as number;
    if (length === 0) continue;
    const start = starts[length] as number;
    const end = start + 2 ** (bits - length);
    entries.fill(symbol * 16 + length - 1, start, end);
    starts[length] = end;
  }
  return { bits, entries };
}

/** The next symbol; throws WOF_CHUNK where the code has none. */
export function readSymbol(reader: BitReader, { bits, entries }: HuffmanCode): number {
  if (bits === 0) throw new VmguestError("WOF_CHUNK", "a symbol is due, but its code has no codewords");
  const entry = entries[reader.peek(bits)] as number;
  reader.skip((entry & 15) + 1);
  return entry >> 4;
}
