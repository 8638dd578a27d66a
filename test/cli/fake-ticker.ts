import type { Ticker } from "../../src/cli/ticker.ts";

/** A clock that stands still until it is told. */
export class FakeTicker implements Ticker {
  #nowMs = 0;
  readonly #periodic = new Set<{ readonly periodMs: number; readonly work: () => void; nextMs: number }>();

  now(): number {
    return this.#nowMs;
  }

  every(periodMs: number, work: () => void): () => void {
    const task = { periodMs, work, nextMs: this.#nowMs + periodMs };
    this.#periodic.add(task);
    return () => this.#periodic.delete(task);
  }

  /** Lets time pass, and does what is due meanwhile. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#periodic].sort((a, b) => a.nextMs - b.nextMs);
      if (next === undefined || next.nextMs > endMs) break;
      this.#nowMs = next.nextMs;
      next.nextMs += next.periodMs;
      next.work();
    }
    this.#nowMs = endMs;
  }

  /** How many things are done again and again. */
  get periodicCount(): number {
    return this.#periodic.size;
  }
}
