// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { buildHuffmanCode, type HuffmanCode, readSymbol } from "./huffman.ts";
import { LzxLengths } from "./lzx-lengths.ts";
import { copyMatch } from "./match.ts";
import { undoX86Filter } from "./x86-filter.ts";

const BLOCK = { verbatim: 1, aligned: 2, uncompressed: 3 } as const;
/** Size of a block whose header has the bit that stands for it. */
const BLOCK_SIZE_DEFAULT = 32_768;

const LITERAL_COUNT = 256;
/** Position slots of a window of 32 KiB, with eight lengths each in the main code. */
const SLOT_COUNT = 30;
const LENGTHS_PER_SLOT = 8;
const LENGTH_SYMBOL_COUNT = 249;
const ALIGNED_SYMBOL_COUNT = 8;
const LENGTH_MIN = 2;
const LENGTH_IN_SYMBOL_MAX = 7;
/** The first slots stand for the last distances that were used. */
const RECENT_COUNT = 3;
/** Distances are stored with this added, which leaves room for those slots. */
const DISTANCE_BIAS = 2;
/** Low bits of a distance that an aligned block codes on their own. */
const ALIGNED_BITS = 3;

/** Of each position slot: how many bits follow the symbol, and the stored distance that they are added to. */
const SLOT_BITS = Uint8Array.from({ length: SLOT_COUNT }, (_, slot) => Math.max(0, (slot >> 1) - 1));
const SLOT_BASES = Uint16Array.from({ length: SLOT_COUNT }, (_, slot) =>
  SLOT_BITS.subarray(0, slot).reduce((base, bits) => base + 2 ** bits, 0),
);

/**
 * Expands a chunk of LZX as WIM and WOF have it to exactly `sizeBytes`, which are at most 32 KiB. Throws WOF_CHUNK.
 *
 * The format is that of cabinets (MS-PATCH), with these differences: every chunk is on its own; the header of a block
 * has one bit for the size 32768 or else 16 bits of size; calls in x86 code are always translated, as of a file of
 * 12,000,000 bytes.
 */
export function decompressLzx(input: Uint8Array, sizeBytes: number): Uint8Array {
  return new LzxChunk(input, sizeBytes).expand();
}

/** What the blocks of a chunk share. */
class LzxChunk {
  readonly #reader: BitReader;
  readonly #output: Uint8Array;
  readonly #mainLengths = new LzxLengths(LITERAL_COUNT + SLOT_COUNT * LENGTHS_PER_SLOT);
  readonly #lengthLengths = new LzxLengths(LENGTH_SYMBOL_COUNT);
  /** The last distances, the newest first. */
  #recent: [number, number, number] = [1, 1, 1];

  constructor(input: Uint8Array, sizeBytes: number) {
    this.#reader = new BitReader(input, 0);
    this.#output = new Uint8Array(sizeBytes);
  }

  /** Every block gives at least one byte, which bounds the loop. */
  expand(): Uint8Array {
    const reader = this.#reader;
    for (let at = 0; at < this.#output.length; ) {
      const kind = reader.take(3);
      const size = reader.take(1) === 1 ? BLOCK_SIZE_DEFAULT : reader.take(16);
      const end = at + size;
      if (size === 0 || end > this.#output.length) {
        throw new VmguestError("WOF_CHUNK", `a block of ${size} bytes does not fit at ${at}`);
      }
      if (kind === BLOCK.uncompressed) this.#copyBlock(at, size);
      else if (kind === BLOCK.verbatim || kind === BLOCK.aligned) {
        this.#expandBlock(at, end, kind === BLOCK.aligned);
      } else throw new VmguestError("WOF_CHUNK", `there is no block of kind ${kind}`);
      at = end;
    }
    reader.checkEnd();
    undoX86Filter(this.#output);
    return this.#output;
  }

  /** Three distances and the bytes as they are, padded to whole words. */
  #copyBlock(at: number, size: number): void {
    const reader = this.#reader;
    reader.alignToBytes();
    const recent = () => reader.byte16() + reader.byte16() * 0x10000;
    this.#recent = [recent(), recent(), recent()];
    if (this.#recent.includes(0)) throw new VmguestError("WOF_CHUNK", "a block sets a distance to 0");
    this.#output.set(reader.bytes(size), at);
    reader.resumeBits(size % 2);
  }

  #expandBlock(start: number, end: number, isAligned: boolean): void {
    const reader = this.#reader;
    const output = this.#output;
    const alignedCode = isAligned ? this.#readAlignedCode() : undefined;
    this.#mainLengths.update(reader, 0, LITERAL_COUNT);
    this.#mainLengths.update(reader, LITERAL_COUNT, LITERAL_COUNT + SLOT_COUNT * LENGTHS_PER_SLOT);
    const mainCode = buildHuffmanCode(this.#mainLengths.values, "main");
    this.#lengthLengths.update(reader, 0, LENGTH_SYMBOL_COUNT);
    const lengthCode = buildHuffmanCode(this.#lengthLengths.values, "length");

    for (let at = start; at < end; ) {
      const symbol = readSymbol(reader, mainCode);
      if (symbol < LITERAL_COUNT) {
        output[at++] = symbol;
        continue;
      }
      const inSymbol = (symbol - LITERAL_COUNT) % LENGTHS_PER_SLOT;
      const more = inSymbol === LENGTH_IN_SYMBOL_MAX ? readSymbol(reader, lengthCode) : 0;
      const length = inSymbol + more + LENGTH_MIN;
      const distance = this.#readDistance(
        Math.floor((symbol - LITERAL_COUNT) / LENGTHS_PER_SLOT),
        alignedCode,
      );
      copyMatch(output, at, distance, length, end);
      at += length;
    }
  }

  #readAlignedCode(): HuffmanCode {
    const lengths = new Uint8Array(ALIGNED_SYMBOL_COUNT).map(() => this.#reader.take(3));
    return buildHuffmanCode(lengths, "aligned");
  }

  #readDistance(slot: number, alignedCode: HuffmanCode | undefined): number {
    const [first, second, third] = this.#recent;
    if (slot === 0) return first;
    if (slot < RECENT_COUNT) {
      // The distance changes places with the newest one.
      const distance = slot === 1 ? second : third;
      this.#recent = slot === 1 ? [second, first, third] : [third, second, first];
      return distance;
    }
    const distance = (SLOT_BASES[slot] as number) + this.#readSlotBits(slot, alignedCode) - DISTANCE_BIAS;
    this.#recent = [distance, first, second];
    return distance;
  }

  #readSlotBits(slot: number, alignedCode: HuffmanCode | undefined): number {
    const bits = SLOT_BITS[slot] as number;
    if (alignedCode === undefined || bits < ALIGNED_BITS) return this.#reader.take(bits);
    const high = this.#reader.take(bits - ALIGNED_BITS);
    return high * 2 ** ALIGNED_BITS + readSymbol(this.#reader, alignedCode);
  }
}
