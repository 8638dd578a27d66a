// SPDX-License-Identifier: MIT
import { type Code, type Finding, finding } from "../../../errors.ts";

/** Takes what the parts of the check find, and hands it on in order; never more than so many of one code. */
export class FindingQueue {
  readonly #perCodeMax: number;
  readonly #counts = new Map<Code, number>();
  #waiting: Finding[] = [];

  constructor(perCodeMax: number) {
    this.#perCodeMax = perCodeMax;
  }

  /** `make` is called only where the finding will be listed: naming a file for it takes reads. */
  add(code: Code, make: () => Finding): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= this.#perCodeMax) this.#waiting.push(make());
  }

  /** What was found since the last call. */
  *drain(): Generator<Finding, undefined> {
    const found = this.#waiting;
    this.#waiting = [];
    yield* found;
  }

  /** At the end: how many findings of each code were left out. */
  *rest(): Generator<Finding, undefined> {
    for (const [code, count] of this.#counts) {
      const left = count - this.#perCodeMax;
      if (left > 0) yield finding(code, `${left} more of this code are not listed`, { structure: "volume" });
    }
  }
}
