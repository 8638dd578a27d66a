// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { BitReader } from "./bit-reader.ts";
import { buildHuffmanCode, readSymbol } from "./huffman.ts";

const PRETREE_SYMBOL_COUNT = 20;
/** Lengths are coded by how much smaller they are than in the block before, modulo this. */
const LENGTH_MODULUS = 17;
/** Symbols of the pretree for runs: of zeros, of more zeros, of one other length. */
const SHORT_ZEROS = 17;
const LONG_ZEROS = 18;
const SAME = 19;

/** Codeword lengths of one Huffman code of LZX. A block gives them as changes to those of the block before. */
export class LzxLengths {
  readonly values: Uint8Array;

  constructor(symbolCount: number) {
    this.values = new Uint8Array(symbolCount);
  }

  /** Reads the lengths of the symbols from `start` up to `end`, which begin with a code of their own. */
  update(reader: BitReader, start: number, end: number): void {
    const pretreeLengths = new Uint8Array(PRETREE_SYMBOL_COUNT).map(() => reader.take(4));
    const pretree = buildHuffmanCode(pretreeLengths, "pretree");
    for (let at = start; at < end; ) {
      const symbol = readSymbol(reader, pretree);
      if (symbol === SHORT_ZEROS) at = this.#fill(at, reader.take(4) + 4, 0, end);
      else if (symbol === LONG_ZEROS) at = this.#fill(at, reader.take(5) + 20, 0, end);
      else if (symbol === SAME) {
        const count = reader.take(1) + 4;
        at = this.#fill(at, count, this.#changed(at, readSymbol(reader, pretree)), end);
      } else at = this.#fill(at, 1, this.#changed(at, symbol), end);
    }
  }

  #changed(at: number, difference: number): number {
    if (difference >= LENGTH_MODULUS) {
      throw new VmguestError("WOF_CHUNK", "a run of codeword lengths is made of another run");
    }
    return ((this.values[at] as number) - difference + LENGTH_MODULUS) % LENGTH_MODULUS;
  }

  #fill(at: number, count: number, length: number, end: number): number {
    if (count > end - at) throw new VmguestError("WOF_CHUNK", "a run of codeword lengths is too long");
    this.values.fill(length, at, at + count);
    return at + count;
  }
}
