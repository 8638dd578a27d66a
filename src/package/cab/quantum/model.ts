// SPDX-License-Identifier: MIT

/** What a symbol gains each time it is met. */
const GAIN = 8;
/** When the weights together are more than this, they are halved. */
const TOTAL_MAX = 3800;
/** The symbols are sorted by weight in place of the fourth halving at first, and of every fiftieth later on. */
const FIRST_SORT = 4;
const NEXT_SORT = 50;

/** The symbols that may come at some point of a Quantum stream, and how likely each is by what came so far. */
export class QuantumModel {
  /** In the order of the table, not of their values: the likelier ones tend to be at the front. */
  readonly #symbols: Uint8Array;
  /** Weight of the symbol at an index and all after it, then a 0. */
  readonly #sums: Uint16Array;
  #turnsToSort = FIRST_SORT;

  /** A model of `count` symbols from `first` on, all equally likely. */
  constructor(first: number, count: number) {
    this.#symbols = Uint8Array.from({ length: count }, (_, index) => first + index);
    this.#sums = Uint16Array.from({ length: count + 1 }, (_, index) => count - index);
  }

  /** Weight of all symbols, 1 to {@link TOTAL_MAX} and a bit. */
  get total(): number {
    return this.sumAt(0);
  }

  /** Index of the symbol that `point`, below the total, falls to. */
  indexOf(point: number): number {
    let index = 0;
    while (this.sumAt(index + 1) > point) index++;
    return index;
  }

  /** The range that the symbol at `index` has of the total is from `sumAt(index + 1)` up to `sumAt(index)`. */
  sumAt(index: number): number {
    return this.#sums[index] as number;
  }

  /** The symbol at `index`, which becomes likelier by that. */
  meet(index: number): number {
    const symbol = this.#symbols[index] as number;
    for (let at = index; at >= 0; at--) this.#sums[at] = this.sumAt(at) + GAIN;
    if (this.total > TOTAL_MAX) this.#shrink();
    return symbol;
  }

  #shrink(): void {
    this.#turnsToSort--;
    if (this.#turnsToSort > 0) this.#halve();
    else {
      this.#turnsToSort = NEXT_SORT;
      this.#sort();
    }
  }

  /** Halves the sums, from the end on, and keeps every weight above 0. */
  #halve(): void {
    for (let at = this.#symbols.length - 1; at >= 0; at--) {
      this.#sums[at] = Math.max(this.sumAt(at) >> 1, this.sumAt(at + 1) + 1);
    }
  }

  /** Halves the weights and puts the heavier ones to the front. */
  #sort(): void {
    const symbols = this.#symbols;
    const count = symbols.length;
    const weights = new Uint16Array(count);
    for (let at = 0; at < count; at++) weights[at] = (this.sumAt(at) - this.sumAt(at + 1) + 1) >> 1;
    // The order of equal weights is part of the format: it is what exchanging on every smaller one leaves.
    for (let at = 0; at < count; at++) {
      for (let other = at + 1; other < count; other++) {
        if ((weights[at] as number) >= (weights[other] as number)) continue;
        swap(weights, at, other);
        swap(symbols, at, other);
      }
    }
    for (let at = count - 1; at >= 0; at--) this.#sums[at] = this.sumAt(at + 1) + (weights[at] as number);
  }
}

function swap(values: Uint8Array | Uint16Array, one: number, other: number): void {
  const value = values[one] as number;
  values[one] = values[other] as number;
  values[other] = value;
}
