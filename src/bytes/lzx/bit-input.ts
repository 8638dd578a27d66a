// SPDX-License-Identifier: MIT

const WORD_BITS = 16;
/** What a CFDATA block can have at most; blocks are stored with a 16-bit size. */
export const INPUT_SIZE_MAX = 65_535;
/**
 * Zeros after the input, for decoding that runs past it before that is noticed. Between two looks at {@link
 * LzxInput.isOverrun} the codes of one block are read (below 4 KiB), or 32 KiB are expanded: by matches of two bytes in
 * 33 bits each, at the worst.
 */
const SLACK_SIZE = 4096 + (32_768 / 2) * (33 / 8) + 8;

/**
 * The compressed data of LZX: bits from 16-bit little-endian words, the highest bit first, and raw bytes in between.
 *
 * The bytes of each word are swapped while they are copied, after which the bits are simply in order. `held` has the
 * next bits from its highest one on; {@link fill} makes at least 24 of them valid, without a branch: it ors the next four
 * bytes below those that are valid, and counts as valid what fits of whole bytes. A byte that is ored again by the next
 * fill meets itself.
 *
 * The expanding loop keeps `held`, `heldBits` and `at` in variables of its own and hands them back when it is done.
 */
export class LzxInput {
  readonly #bytes = new Uint8Array(INPUT_SIZE_MAX + 1 + SLACK_SIZE);
  readonly view = new DataView(this.#bytes.buffer);
  held = 0;
  heldBits = 0;
  at = 0;
  #sizeBits = 0;
  /** Bytes of {@link #bytes} that are not zero any more. */
  #dirtySize = 0;
  #source: Uint8Array = new Uint8Array(0);
  /** Where the bits begin in the source, or where the raw bytes go on. */
  #sourceAt = 0;
  #isRaw = false;

  /** Begins a stream with the bits of `source`, which has at most 65535 bytes. */
  start(source: Uint8Array): void {
    this.#isRaw = false;
    this.load(source);
  }

  /** Goes on with the next part of a stream: with bits, or with raw bytes where it was at those. */
  load(source: Uint8Array): void {
    this.#source = source;
    this.#sourceAt = 0;
    if (!this.#isRaw) this.#loadBits();
  }

  fill(): void {
    this.held |= this.view.getInt32(this.at) >>> this.heldBits;
    this.at += (31 - this.heldBits) >> 3;
    this.heldBits |= 24;
  }

  /** The next `count` bits, 1 to 24, as a number. */
  take(count: number): number {
    this.fill();
    const value = this.held >>> (32 - count);
    this.held <<= count;
    this.heldBits -= count;
    return value;
  }

  /** Goes on with raw bytes at the next word; where the bits fill their word, one without use comes before. */
  startRaw(): void {
    const isWordFull = this.#usedBits % WORD_BITS === 0;
    this.#sourceAt += this.#usedSize + (isWordFull ? 2 : 0);
    this.#isRaw = true;
  }

  /** The next raw bytes; undefined where there are not so many. */
  raw(count: number): Uint8Array | undefined {
    const start = this.#sourceAt;
    if (count > this.#source.length - start) return undefined;
    this.#sourceAt = start + count;
    return this.#source.subarray(start, this.#sourceAt);
  }

  /** Goes on with bits after raw bytes. */
  resumeBits(): void {
    this.#isRaw = false;
    this.#loadBits();
  }

  /** Whether more bits were used than there are. */
  get isOverrun(): boolean {
    return !this.#isRaw && this.#usedBits > this.#sizeBits;
  }

  /** Bytes of the source after the word that the last bit was in, or after the last raw byte. */
  get unusedSize(): number {
    return this.#source.length - this.#sourceAt - (this.#isRaw ? 0 : this.#usedSize);
  }

  get #usedBits(): number {
    return this.at * 8 - this.heldBits;
  }

  get #usedSize(): number {
    return Math.ceil(this.#usedBits / WORD_BITS) * 2;
  }

  #loadBits(): void {
    const bytes = this.#bytes;
    const input = this.#source.subarray(this.#sourceAt);
    bytes.set(input);
    const size = input.length + (input.length % 2);
    if (this.#dirtySize > input.length) bytes.fill(0, input.length, this.#dirtySize);
    Buffer.from(bytes.buffer, 0, size).swap16();
    this.#dirtySize = size;
    // Of a word that is cut in two, the byte with the first bits is what is missing.
    this.#sizeBits = Math.floor(input.length / 2) * WORD_BITS;
    this.held = 0;
    this.heldBits = 0;
    this.at = 0;
  }
}
