import type { LabBlock, LabEncoder } from "../cab/encoders.ts";
import { LzxBitWriter } from "./bit-writer.ts";
import { codeFor, type LabCode, writeSymbol } from "./huffman.ts";
import { writeLengths } from "./lengths.ts";
import { MatchFinder } from "./match-finder.ts";
import { Tokens } from "./tokens.ts";
import { filterCalls } from "./x86-filter.ts";

const FRAME_SIZE = 32_768;
const BLOCK_KINDS = { verbatim: 1, aligned: 2, uncompressed: 3 } as const;
const SLOT_COUNTS: Readonly<Record<number, number>> = {
  15: 30,
  16: 32,
  17: 34,
  18: 36,
  19: 38,
  20: 42,
  21: 50,
};
const LENGTH_SYMBOL_COUNT = 249;

export type LzxBlockKind = keyof typeof BLOCK_KINDS;

export interface LabLzxOptions {
  /** 15 to 21; 15 where not given. */
  readonly windowBits?: number;
  /** Kinds of the blocks, taken by turns. */
  readonly kinds?: readonly LzxBlockKind[];
  /** Bytes that the blocks expand to, taken by turns; they need not fit the frames. 65,536 where not given. */
  readonly blockSizes?: readonly number[];
  /** File size for the translation of x86 calls, which is not done where it is 0 or not given. */
  readonly filterSize?: number;
  /** How many earlier places are tried for a match. */
  readonly depth?: number;
}

/** LZX as cabinets have it: every CFDATA is a frame of 32 KiB, and blocks go across frames. Always the same bytes. */
export function lzx(options: LabLzxOptions = {}): LabEncoder {
  const { windowBits = 15 } = options;
  return {
    typeCompress: 3 + windowBits * 0x100,
    encode: (content) => new Encoder(content, options).encode(),
  };
}

class Encoder {
  readonly #bytes: Uint8Array;
  readonly #options: LabLzxOptions;
  readonly #writer = new LzxBitWriter();
  readonly #frames: LabBlock[] = [];
  readonly #finder: MatchFinder;
  readonly #tokens: Tokens;
  #mainLengths: Uint8Array;
  #lengthLengths: Uint8Array = new Uint8Array(LENGTH_SYMBOL_COUNT);
  /** Whether an uncompressed block is owed the byte that follows its odd size. */
  #isPadDue = false;

  constructor(content: Uint8Array, options: LabLzxOptions) {
    const { windowBits = 15, filterSize = 0, depth = 16 } = options;
    this.#bytes = filterSize === 0 ? content : filterCalls(content, filterSize);
    this.#options = options;
    this.#finder = new MatchFinder(this.#bytes, windowBits, depth);
    const mainSymbolCount = 256 + (SLOT_COUNTS[windowBits] as number) * 8;
    this.#tokens = new Tokens(mainSymbolCount);
    this.#mainLengths = new Uint8Array(mainSymbolCount);
  }

  encode(): LabBlock[] {
    const { kinds = ["verbatim"], blockSizes = [65_536], filterSize = 0 } = this.#options;
    const sizeBytes = this.#bytes.length;
    this.#writer.bits(filterSize === 0 ? 0 : 1, 1);
    if (filterSize !== 0) this.#number(filterSize, 32);
    for (let start = 0, turn = 0; start < sizeBytes; turn++) {
      const end = Math.min(start + (blockSizes[turn % blockSizes.length] as number), sizeBytes);
      const kind = kinds[turn % kinds.length] as LzxBlockKind;
      if (this.#isPadDue) this.#writer.raw(Uint8Array.of(0));
      this.#isPadDue = false;
      this.#writer.bits(BLOCK_KINDS[kind], 3);
      this.#number(end - start, 24);
      if (kind === "uncompressed") this.#store(start, end);
      else this.#compress(start, end, kind === "aligned");
      start = end;
    }
    return this.#frames;
  }

  #number(value: number, bits: 24 | 32): void {
    this.#writer.bits(value >>> (bits - 16), 16);
    this.#writer.bits(value, bits - 16);
  }

  /** Ends the frame where `at` is the end of one. */
  #endFrame(at: number): void {
    if (at % FRAME_SIZE !== 0 && at !== this.#bytes.length) return;
    if (at === this.#bytes.length && this.#isPadDue) this.#writer.raw(Uint8Array.of(0));
    this.#frames.push({ data: this.#writer.take(), outputSize: at - this.#frames.length * FRAME_SIZE });
  }

  #store(start: number, end: number): void {
    // One bit at least: where a word has just ended, a whole one comes before the distances.
    this.#writer.bits(0, 1);
    this.#writer.align();
    this.#writer.raw(new Uint8Array(Uint32Array.from(this.#tokens.recent).buffer));
    this.#isPadDue = (end - start) % 2 === 1;
    for (let at = start; at < end; ) {
      const next = Math.min(end, (Math.floor(at / FRAME_SIZE) + 1) * FRAME_SIZE);
      this.#writer.raw(this.#bytes.subarray(at, next));
      at = next;
      // The byte after an odd size comes before the next block, be that in the next frame.
      this.#endFrame(at);
    }
  }

  #compress(start: number, end: number, isAligned: boolean): void {
    const writer = this.#writer;
    const tokens = this.#tokens;
    tokens.reset(isAligned);
    for (let at = start; at < end; ) {
      const next = Math.min(end, (Math.floor(at / FRAME_SIZE) + 1) * FRAME_SIZE);
      this.#findTokens(at, next);
      at = next;
    }
    const main = codeFor(tokens.mainCounts, 16);
    const length = codeFor(tokens.lengthCounts, 16);
    let aligned: LabCode | undefined;
    if (isAligned) {
      // No aligned codeword was needed, but the code has to be there.
      if (tokens.alignedCounts.every((count) => count === 0)) tokens.alignedCounts.fill(1);
      aligned = codeFor(tokens.alignedCounts, 7);
      for (const bits of aligned.lengths) writer.bits(bits, 3);
    }
    writeLengths(writer, main.lengths, this.#mainLengths, 0, 256);
    writeLengths(writer, main.lengths, this.#mainLengths, 256, main.lengths.length);
    writeLengths(writer, length.lengths, this.#lengthLengths, 0, LENGTH_SYMBOL_COUNT);
    this.#mainLengths = main.lengths;
    this.#lengthLengths = length.lengths;
    let at = start;
    tokens.forEach((symbol, sizeBytes, lengthSymbol, bits, rest) => {
      writeSymbol(writer, main, symbol);
      if (lengthSymbol >= 0) writeSymbol(writer, length, lengthSymbol);
      if (aligned !== undefined && bits >= 3) {
        writer.bits(rest >> 3, bits - 3);
        writeSymbol(writer, aligned, rest & 7);
      } else if (bits > 16) {
        writer.bits(rest >> 16, bits - 16);
        writer.bits(rest, 16);
      } else writer.bits(rest, bits);
      at += sizeBytes;
      this.#endFrame(at);
    });
  }

  /** Greedy, but for one byte: a longer match at the next place is preferred. */
  #findTokens(start: number, end: number): void {
    const finder = this.#finder;
    const tokens = this.#tokens;
    for (let at = start; at < end; ) {
      if (!finder.find(at, end, tokens.recent)) {
        tokens.literal(this.#bytes[at++] as number);
        continue;
      }
      const { length, distance } = finder;
      if (length < 32 && finder.find(at + 1, end, tokens.recent) && finder.length > length + 1) {
        tokens.literal(this.#bytes[at++] as number);
        continue;
      }
      tokens.match(length, distance);
      at += length;
    }
  }
}
