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
 * Bits as LZX takes them: from 16-bit little-endian words, the highest bit first.
 *
 * The bytes of each word are swapped while the input is copied, after which the bits are simply in order. `held` has
 * the next bits from its highest one on; {@link fill} makes at least 24 of them valid, without a branch: it ors the
 * next four bytes below those that are valid, and counts as valid what fits of whole bytes. A byte that is ored again
 * by the next fill meets itself.
 *
 * The decoding loop keeps `held`, `heldBits` and `at` in variables of its own and hands them back when it is done.
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

  /** Goes on with the first bit of the first word of `input`, which has at most 65535 bytes. */
  load(input: Uint8Array): void {
    const bytes = this.#bytes;
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

  fill(): void {
    this.held |= this.view.getUint32(this.at) >>> this.heldBits;
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

  get usedBits(): number {
    return this.at * 8 - this.heldBits;
  }

  /** Bytes of the words that were used, be it in part. */
  get usedSize(): number {
    return Math.ceil(this.usedBits / WORD_BITS) * 2;
  }

  /** Whether more bits were used than there are. */
  get isOverrun(): boolean {
    return this.usedBits > this.#sizeBits;
  }
}
