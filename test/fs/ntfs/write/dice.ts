import { randomOf } from "../../../faults/random.ts";

/** Throws that are the same at every run with one seed. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  /** A whole number from 0 up to, and without, `below`. */
  next(below: number): number {
    return Math.floor(this.#random() * below);
  }

  of<T>(items: readonly T[]): T | undefined {
    return items[this.next(items.length)];
  }
}
