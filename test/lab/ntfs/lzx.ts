// SPDX-License-Identifier: MIT
import { lengthSymbols } from "../lzx/lengths.ts";
import { BitWriter, codewords, flatLengths } from "./huffman.ts";
import { findTokens, type Token } from "./lz77.ts";
import { concat } from "./records.ts";

const LENGTH_MAX = 257;
const MAIN_COUNT = 256 + 30 * 8;

export type LzxBlockKind = "verbatim" | "aligned" | "uncompressed";

export interface LzxOptions {
  /** Kinds of the blocks, taken by turns. */
  readonly kinds?: readonly LzxBlockKind[];
  /** Bytes of a block; 32768 is written as the one bit that stands for it. */
  readonly blockSizeBytes?: number;
}

/** A plain encoder of LZX for one chunk of a WIM or of WOF. It does not use the slots of recent distances. */
export function compressLzx(chunk: Uint8Array, options: LzxOptions = {}): Uint8Array {
  const { kinds = ["verbatim"], blockSizeBytes = 32_768 } = options;
  const filtered = filterX86(chunk);
  return new LzxEncoder().encode(filtered, kinds, blockSizeBytes);
}

class LzxEncoder {
  #writer = new BitWriter();
  readonly #parts: Uint8Array[] = [];
  #mainLengths: Uint8Array = new Uint8Array(MAIN_COUNT);
  #lengthLengths: Uint8Array = new Uint8Array(249);

  encode(bytes: Uint8Array, kinds: readonly LzxBlockKind[], blockSizeBytes: number): Uint8Array {
    for (let at = 0, turn = 0; at < bytes.length; at += blockSizeBytes, turn++) {
      const block = bytes.subarray(at, at + blockSizeBytes);
      const kind = kinds[turn % kinds.length] as LzxBlockKind;
      this.#writer.bits({ verbatim: 1, aligned: 2, uncompressed: 3 }[kind], 3);
      if (block.length === 32_768) this.#writer.bits(1, 1);
      else this.#writer.bits(block.length, 1 + 16);
      if (kind === "uncompressed") this.#store(block);
      else this.#compress(block, kind === "aligned");
    }
    return concat([...this.#parts, this.#writer.finish()]);
  }

  #store(block: Uint8Array): void {
    // Bits to the next word, or a whole word where there are none: 1 to 16.
    this.#writer.bits(0, 1);
    this.#parts.push(this.#writer.finish(), new Uint8Array(Uint32Array.of(1, 1, 1).buffer), block);
    if (block.length % 2 === 1) this.#parts.push(new Uint8Array(1));
    this.#writer = new BitWriter();
  }

  #compress(block: Uint8Array, isAligned: boolean): void {
    const writer = this.#writer;
    const tokens = findTokens(block, LENGTH_MAX);
    const main = flatLengths(tokens.map(mainSymbol), MAIN_COUNT);
    const matches = tokens.filter((token) => typeof token !== "number");
    const long = matches.map(({ length }) => length - 9).filter((more) => more >= 0);
    const lengths = long.length === 0 ? new Uint8Array(249) : flatLengths(long, 249);
    const aligned = codewords(new Uint8Array(8).fill(3));
    if (isAligned) for (let symbol = 0; symbol < 8; symbol++) writer.bits(3, 3);
    this.#writeLengths(main, this.#mainLengths, 0, 256);
    this.#writeLengths(main, this.#mainLengths, 256, MAIN_COUNT);
    this.#writeLengths(lengths, this.#lengthLengths, 0, 249);
    this.#mainLengths = main;
    this.#lengthLengths = lengths;

    const mainWords = codewords(main);
    const lengthWords = codewords(lengths);
    for (const token of tokens) {
      writer.symbol(mainWords, mainSymbol(token));
      if (typeof token === "number") continue;
      if (token.length >= 9) writer.symbol(lengthWords, token.length - 9);
      const { slot, base } = slotOf(token.distance);
      const bits = slotBits(slot);
      const rest = token.distance + 2 - base;
      if (isAligned && bits >= 3) {
        writer.bits(rest >> 3, bits - 3);
        writer.symbol(aligned, rest % 8);
      } else writer.bits(rest, bits);
    }
  }

  /** Every length as a change to the one before, runs of five equal ones and of zeros in their own symbols. */
  #writeLengths(lengths: Uint8Array, before: Uint8Array, start: number, end: number): void {
    const symbols = lengthSymbols(lengths, before, start, end);
    const used = symbols.flatMap(({ symbol, of }) => (of === undefined ? [symbol] : [symbol, of]));
    const pretree = flatLengths(used, 20);
    const words = codewords(pretree);
    for (const length of pretree) this.#writer.bits(length, 4);
    for (const { symbol, rest = 0, bits = 0, of } of symbols) {
      this.#writer.symbol(words, symbol);
      this.#writer.bits(rest, bits);
      if (of !== undefined) this.#writer.symbol(words, of);
    }
  }
}

function mainSymbol(token: Token): number {
  if (typeof token === "number") return token;
  return 256 + slotOf(token.distance).slot * 8 + Math.min(token.length - 2, 7);
}

/** The position slot of a distance, past the three for recent ones. */
function slotOf(distance: number): { slot: number; base: number } {
  const stored = distance + 2;
  let base = 3;
  for (let slot = 3; ; slot++) {
    const size = 2 ** slotBits(slot);
    if (stored < base + size) return { slot, base };
    base += size;
  }
}

function slotBits(slot: number): number {
  return Math.max(0, (slot >> 1) - 1);
}

/** Targets of calls as absolute ones, which the reader has to undo. */
function filterX86(chunk: Uint8Array): Uint8Array {
  const bytes = chunk.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length - 10; at++) {
    if (bytes[at] !== 0xe8) continue;
    const relative = view.getInt32(at + 1, true);
    if (relative >= -at && relative < 12_000_000) {
      const absolute = relative + at;
      view.setInt32(at + 1, absolute < 12_000_000 ? absolute : relative - 12_000_000, true);
    }
    at += 4;
  }
  return bytes;
}
