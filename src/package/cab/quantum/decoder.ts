// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { BlockDecoder } from "../block-decoder.ts";
import { ArithmeticInput } from "./arithmetic-input.ts";
import { QuantumModel } from "./model.ts";

const WINDOW_BITS_MIN = 10;
const WINDOW_BITS_MAX = 21;
/** What a block of a cabinet expands to at most. */
const FRAME_SIZE = 32_768;

/** Literals have four models of 64 bytes each; the selector for them is the literal's highest two bits. */
const LITERAL_MODEL_COUNT = 4;
const LITERALS_PER_MODEL = 64;
/** Selectors after those of literals: matches of 3 bytes, of 4, and of more. */
const SELECTOR = { match3: 4, match4: 5, matchLong: 6, count: 7 } as const;
const LONG_LENGTH_MIN = 5;
/** Slots of distances that the models of shorter matches have at most. */
const SLOTS_MATCH3_MAX = 24;
const SLOTS_MATCH4_MAX = 36;
const SLOT_COUNT_MAX = 2 * WINDOW_BITS_MAX;
const LENGTH_SLOT_COUNT = 27;

/** A number is coded as a slot and some bits, which are added to the base of the slot. */
interface Slots {
  readonly bits: Uint8Array;
  readonly bases: Int32Array;
}

const DISTANCES = slots(SLOT_COUNT_MAX, (slot) => Math.max(0, slot - 2) >> 1);
/** The last slot of lengths stands for the longest one alone. */
const LENGTHS = slots(LENGTH_SLOT_COUNT, (slot) =>
  slot === LENGTH_SLOT_COUNT - 1 ? 0 : Math.max(0, slot - 2) >> 2,
);

/**
 * A decoder of Quantum as cabinets have it, for one folder and a window of 2^10 to 2^21 bytes. Microsoft never described
 * the format; this follows what Matthew Russotto found out and libmspack does.
 *
 * `outputMax` is what all blocks together can expand to, as for LZX.
 *
 * It throws QUANTUM_CORRUPT. A window that Quantum does not have is a RangeError here.
 */
export function createQuantumDecoder(windowBits: number, outputMax = Number.POSITIVE_INFINITY): BlockDecoder {
  if (windowBits < WINDOW_BITS_MIN || windowBits > WINDOW_BITS_MAX) {
    throw new RangeError(`Quantum has no window of 2^${windowBits} bytes`);
  }
  return new QuantumDecoder(windowBits, outputMax);
}

class QuantumDecoder implements BlockDecoder {
  readonly #windowSize: number;
  /** The window and a frame, or another window if that is more: when it is full, the window moves to the front. */
  readonly #output: Uint8Array;
  #at = 0;
  readonly #selectors = new QuantumModel(0, SELECTOR.count);
  readonly #literals = Array.from(
    { length: LITERAL_MODEL_COUNT },
    (_, index) => new QuantumModel(index * LITERALS_PER_MODEL, LITERALS_PER_MODEL),
  );
  readonly #slots3: QuantumModel;
  readonly #slots4: QuantumModel;
  readonly #slotsLong: QuantumModel;
  readonly #lengths = new QuantumModel(0, LENGTH_SLOT_COUNT);
  /** Whether all blocks so far were sound. */
  #isOpen = true;

  constructor(windowBits: number, outputMax: number) {
    this.#windowSize = 2 ** windowBits;
    const room = this.#windowSize + Math.max(this.#windowSize, FRAME_SIZE);
    this.#output = new Uint8Array(Math.min(room, outputMax));
    const slotCount = windowBits * 2;
    this.#slots3 = new QuantumModel(0, Math.min(slotCount, SLOTS_MATCH3_MAX));
    this.#slots4 = new QuantumModel(0, Math.min(slotCount, SLOTS_MATCH4_MAX));
    this.#slotsLong = new QuantumModel(0, slotCount);
  }

  decode(input: Uint8Array, outputSize: number): Uint8Array {
    if (!this.#isOpen) throw corrupt("a block follows one that was damaged");
    this.#isOpen = false;
    const output = this.#output;
    if (this.#at + outputSize > output.length && this.#at > this.#windowSize) {
      output.copyWithin(0, this.#at - this.#windowSize, this.#at);
      this.#at = this.#windowSize;
    }
    if (this.#at + outputSize > output.length) throw corrupt("there are more blocks than there should be");
    const start = this.#at;
    this.#expand(new ArithmeticInput(input), start + outputSize);
    this.#isOpen = true;
    return output.subarray(start, this.#at);
  }

  /** Every turn gives at least one byte. */
  #expand(input: ArithmeticInput, end: number): void {
    while (this.#at < end) {
      const selector = input.symbol(this.#selectors);
      const literals = this.#literals[selector];
      if (literals !== undefined) this.#output[this.#at++] = input.symbol(literals);
      else if (selector === SELECTOR.match3) this.#copy(3, distance(input, this.#slots3), end);
      else if (selector === SELECTOR.match4) this.#copy(4, distance(input, this.#slots4), end);
      else {
        const length = LONG_LENGTH_MIN + number(input, this.#lengths, LENGTHS);
        this.#copy(length, distance(input, this.#slotsLong), end);
      }
    }
  }

  #copy(length: number, back: number, end: number): void {
    const output = this.#output;
    const matchEnd = this.#at + length;
    if (back > this.#at || matchEnd > end) {
      throw corrupt(`a match of ${length} bytes from ${back} bytes back has no place`);
    }
    // Byte by byte: a match may overlap its own output.
    for (let at = this.#at; at < matchEnd; at++) output[at] = output[at - back] as number;
    this.#at = matchEnd;
  }
}

function distance(input: ArithmeticInput, model: QuantumModel): number {
  return number(input, model, DISTANCES) + 1;
}

function number(input: ArithmeticInput, model: QuantumModel, { bits, bases }: Slots): number {
  const slot = input.symbol(model);
  return (bases[slot] as number) + input.take(bits[slot] as number);
}

function slots(count: number, bitsOf: (slot: number) => number): Slots {
  const bits = Uint8Array.from({ length: count }, (_, slot) => bitsOf(slot));
  const bases = new Int32Array(count);
  for (let slot = 1; slot < count; slot++) {
    bases[slot] = (bases[slot - 1] as number) + 2 ** (bits[slot - 1] as number);
  }
  return { bits, bases };
}

function corrupt(message: string): VmguestError {
  return new VmguestError("QUANTUM_CORRUPT", message);
}
