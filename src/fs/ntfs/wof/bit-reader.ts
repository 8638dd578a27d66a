// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";

const WORD_BITS = 16;

/**
 * Bits of a compressed chunk as XPRESS takes them: from 16-bit little-endian words, the highest bit first.
 *
 * The reader holds at least 16 bits at any time, so it is one or two words ahead of what was used. That is part of the
 * format, not a convenience: whole bytes stand in between the words, after those that the reader has loaded. Past the
 * end it feeds zeros, as the format requires; that none of those was used is checked once, by {@link checkEnd}.
 */
export class BitReader {
  readonly #input: Uint8Array;
  #at: number;
  /** Bits that are held, from the highest of 32 on. */
  #buffer = 0;
  /** How many are held, less the 16 that always are. */
  #extraBits = 0;
  /** Bits among them that lie past the end of the input. */
  #missingBits = 0;

  constructor(input: Uint8Array, at: number) {
    this.#input = input;
    this.#at = at;
    this.#load();
  }

  /** The next `count` bits, 1 to 16, without using them. */
  peek(count: number): number {
    return this.#buffer >>> (32 - count);
  }

  /** Uses `count` bits, 0 to 16. */
  skip(count: number): void {
    this.#buffer <<= count;
    this.#extraBits -= count;
    if (this.#extraBits >= 0) return;
    this.#buffer |= this.#nextWord() << -this.#extraBits;
    this.#extraBits += WORD_BITS;
  }

  /** The next `count` bits, 0 to 16, as a number. */
  take(count: number): number {
    if (count === 0) return 0;
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** The byte after the words that are loaded. */
  byte(): number {
    const value = this.#input[this.#at];
    if (value === undefined) throw endsEarly();
    this.#at++;
    return value;
  }

  /** The two bytes after the words that are loaded. */
  byte16(): number {
    return this.byte() + this.byte() * 0x100;
  }

  /** Throws where more bits were used than there are. */
  checkEnd(): void {
    if (this.#extraBits + WORD_BITS < this.#missingBits) throw endsEarly();
  }

  #load(): void {
    const high = this.#nextWord();
    this.#buffer = (high << WORD_BITS) | this.#nextWord();
    this.#extraBits = WORD_BITS;
  }

  #nextWord(): number {
    const at = this.#at;
    this.#at += 2;
    const low = this.#input[at];
    const high = this.#input[at + 1];
    if (low === undefined || high === undefined) {
      this.#missingBits += WORD_BITS;
      return 0;
    }
    return low + high * 0x100;
  }
}

function endsEarly(): VmguestError {
  return new VmguestError("WOF_CHUNK", "the compressed data ends too early");
}
