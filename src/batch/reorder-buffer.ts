// SPDX-License-Identifier: MIT

export interface ReorderLimits {
  /** How far ahead of the next to be taken anything may be begun. */
  readonly itemsAhead: number;
  /** How much of what is done may wait to be taken before nothing more is begun. */
  readonly bytes: number;
}

/**
 * Puts what is done in any order back into the order of its numbers, from 0. Both sides wait for each other: who takes,
 * until the next one is there; who begins something new, until there is room for it.
 */
export class ReorderBuffer<T> {
  readonly #limits: ReorderLimits;
  readonly #sizeOf: (item: T) => number;
  readonly #items = new Map<number, { readonly value: T }>();
  #next = 0;
  /** Undefined until it is known. */
  #count: number | undefined;
  #bytes = 0;
  #failure: { readonly reason: unknown } | undefined;
  #waiters: (() => void)[] = [];

  constructor(limits: ReorderLimits, sizeOf: (item: T) => number) {
    this.#limits = limits;
    this.#sizeOf = sizeOf;
  }

  /**
   * Waits until number `index` may be begun. The one that is taken next always may: whatever waits, waits for it.
   * Throws what the buffer failed with.
   */
  async waitForRoom(index: number): Promise<void> {
    while (!this.#hasRoom(index)) await this.#change();
    this.#throwFailure();
  }

  put(index: number, value: T): void {
    this.#items.set(index, { value });
    this.#bytes += this.#sizeOf(value);
    this.#tell();
  }

  /** The next one in order, once it is there; undefined behind the last one. Throws what the buffer failed with. */
  async take(): Promise<T | undefined> {
    for (;;) {
      this.#throwFailure();
      if (this.#next === this.#count) return undefined;
      const item = this.#items.get(this.#next);
      if (item !== undefined) return this.#remove(item.value);
      await this.#change();
    }
  }

  /** Says how many there are: nothing comes behind number `count - 1`. */
  end(count: number): void {
    this.#count = count;
    this.#tell();
  }

  /** Ends both sides: from now on they throw `reason`, the first one given. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#items.clear();
    this.#tell();
  }

  #hasRoom(index: number): boolean {
    if (this.#failure !== undefined || index <= this.#next) return true;
    return index - this.#next < this.#limits.itemsAhead && this.#bytes < this.#limits.bytes;
  }

  #remove(value: T): T {
    this.#items.delete(this.#next);
    this.#next++;
    this.#bytes -= this.#sizeOf(value);
    this.#tell();
    return value;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #tell(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
