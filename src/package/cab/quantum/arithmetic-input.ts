// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { QuantumModel } from "./model.ts";

const HIGHEST = 0x8000;
const SECOND = 0x4000;

/**
 * Symbols of one block of Quantum, which are coded as numbers inside an ever narrower range of 16 bits, and the plain
 * bits in between. Both come from the same stream, the highest bit first.
 */
export class ArithmeticInput {
  readonly #input: Uint8Array;
  #usedBits = 0;
  #low = 0;
  #high = 0xffff;
  /** Always from low to high. */
  #value: number;

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#value = this.take(16);
  }

  /** The next `count` bits, 0 to 19, as a number. */
  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++) value = (value << 1) | this.#bit();
    return value;
  }

  /** The next symbol of those that `model` knows; the model learns from it. */
  symbol(model: QuantumModel): number {
    const low = this.#low;
    const range = this.#high - low + 1;
    const { total } = model;
    const index = model.indexOf(Math.floor(((this.#value - low + 1) * total - 1) / range));
    this.#high = low + Math.floor((model.sumAt(index) * range) / total) - 1;
    this.#low = low + Math.floor((model.sumAt(index + 1) * range) / total);
    const symbol = model.meet(index);
    this.#widen();
    return symbol;
  }

  /** Drops the highest bit while low and high agree on it, or the second one while they only straddle the middle. */
  #widen(): void {
    for (;;) {
      if ((this.#low & HIGHEST) !== (this.#high & HIGHEST)) {
        if ((this.#low & SECOND) === 0 || (this.#high & SECOND) !== 0) return;
        this.#value ^= SECOND;
        this.#low &= SECOND - 1;
        this.#high |= SECOND;
      }
      this.#low = (this.#low << 1) & 0xffff;
      this.#high = ((this.#high << 1) & 0xffff) | 1;
      this.#value = ((this.#value << 1) & 0xffff) | this.#bit();
    }
  }

  #bit(): number {
    const byte = this.#input[this.#usedBits >> 3];
    if (byte === undefined) throw new VmguestError("QUANTUM_CORRUPT", "the compressed data ends too early");
    return (byte >> (7 - (this.#usedBits++ & 7))) & 1;
  }
}
