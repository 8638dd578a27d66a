// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import type { LzxInput } from "./bit-input.ts";
import { HuffmanTable } from "./huffman.ts";
import { LITERAL_COUNT, mainSymbolCount } from "./slots.ts";

const LENGTH_SYMBOL_COUNT = 249;
const ALIGNED_SYMBOL_COUNT = 8;
const PRETREE_SYMBOL_COUNT = 20;
/** Lengths are coded by how much smaller they are than in the block before, modulo this. */
const LENGTH_MODULUS = 17;
/** Symbols of the pretree for runs: of zeros, of more zeros, of one other length. */
const SHORT_ZEROS = 17;
const LONG_ZEROS = 18;
const SAME = 19;

/** A Huffman code of LZX whose lengths are given as changes to those of the block before. */
class ChangingCode {
  readonly lengths: Uint8Array;
  readonly table: HuffmanTable;

  constructor(symbolCount: number, rootBits: number) {
    this.lengths = new Uint8Array(symbolCount);
    this.table = new HuffmanTable(symbolCount, rootBits);
  }
}

/** The Huffman codes of a stream of LZX, as its last block left them. */
export class LzxCodes {
  readonly #main: ChangingCode;
  readonly #length = new ChangingCode(LENGTH_SYMBOL_COUNT, 9);
  readonly #alignedLengths = new Uint8Array(ALIGNED_SYMBOL_COUNT);
  readonly #pretreeLengths = new Uint8Array(PRETREE_SYMBOL_COUNT);
  readonly #pretree = new HuffmanTable(PRETREE_SYMBOL_COUNT, 6);
  readonly #code: Code;
  readonly aligned = new HuffmanTable(ALIGNED_SYMBOL_COUNT, 7);

  /** Throws what is wrong with codes as `code`. */
  constructor(windowBits: number, code: Code) {
    this.#main = new ChangingCode(mainSymbolCount(windowBits), 11);
    this.#code = code;
  }

  get main(): HuffmanTable {
    return this.#main.table;
  }

  /** Codes the lengths of longer matches; empty in a block without any. */
  get length(): HuffmanTable {
    return this.#length.table;
  }

  /** Forgets the blocks so far. */
  reset(): void {
    this.#main.lengths.fill(0);
    this.#length.lengths.fill(0);
  }

  /** Reads the codes at the start of a block. */
  read(input: LzxInput, isAligned: boolean): void {
    if (isAligned) {
      for (let symbol = 0; symbol < ALIGNED_SYMBOL_COUNT; symbol++)
        this.#alignedLengths[symbol] = input.take(3);
      this.#build(this.aligned, this.#alignedLengths, "aligned");
    }
    const { lengths } = this.#main;
    this.#update(input, lengths, 0, LITERAL_COUNT);
    this.#update(input, lengths, LITERAL_COUNT, lengths.length);
    this.#build(this.#main.table, lengths, "main");
    this.#update(input, this.#length.lengths, 0, LENGTH_SYMBOL_COUNT);
    this.#build(this.#length.table, this.#length.lengths, "length");
  }

  /** Reads the lengths of the symbols from `start` up to `end`, which begin with a code of their own. */
  #update(input: LzxInput, lengths: Uint8Array, start: number, end: number): void {
    const own = this.#pretreeLengths;
    for (let symbol = 0; symbol < PRETREE_SYMBOL_COUNT; symbol++) own[symbol] = input.take(4);
    this.#build(this.#pretree, own, "pretree");
    for (let at = start; at < end; ) {
      const symbol = readSymbol(input, this.#pretree);
      let count = 1;
      let length = 0;
      if (symbol === SHORT_ZEROS) count = 4 + input.take(4);
      else if (symbol === LONG_ZEROS) count = 20 + input.take(5);
      else if (symbol === SAME) {
        count = 4 + input.take(1);
        length = this.#changed(lengths[at] as number, readSymbol(input, this.#pretree));
      } else length = this.#changed(lengths[at] as number, symbol);
      if (count > end - at) throw new VmguestError(this.#code, "a run of codeword lengths is too long");
      for (const runEnd = at + count; at < runEnd; at++) lengths[at] = length;
    }
  }

  #changed(length: number, difference: number): number {
    if (difference >= LENGTH_MODULUS) {
      throw new VmguestError(this.#code, "a run of codeword lengths is made of another run");
    }
    return (length - difference + LENGTH_MODULUS) % LENGTH_MODULUS;
  }

  #build(table: HuffmanTable, lengths: Uint8Array, what: string): void {
    const fault = table.build(lengths);
    if (fault !== undefined) {
      throw new VmguestError(this.#code, `the ${what} code has ${fault} codewords for their lengths`);
    }
    // Only the code of longer lengths may be without use.
    if (table.isEmpty && what !== "length") {
      throw new VmguestError(this.#code, `the ${what} code has no codewords`);
    }
  }
}

function readSymbol(input: LzxInput, { entries, rootBits }: HuffmanTable): number {
  input.fill();
  let entry = entries[input.held >>> (32 - rootBits)] as number;
  if (entry < 0) {
    entry = ~entry;
    entry = entries[(entry >>> 5) + ((input.held << rootBits) >>> (32 - (entry & 31)))] as number;
  }
  input.held <<= entry & 31;
  input.heldBits -= entry & 31;
  return entry >>> 5;
}
