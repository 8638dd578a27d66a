const LENGTH_MIN = 2;
const LENGTH_IN_SYMBOL_MAX = 7;

/** The literals and matches of a block, as the numbers that are coded, and how often each of those occurs. */
export class Tokens {
  readonly mainCounts: Uint32Array;
  readonly lengthCounts = new Uint32Array(249);
  readonly alignedCounts = new Uint32Array(8);
  /** The last distances, the newest first. They live on from block to block. */
  readonly recent = Int32Array.of(1, 1, 1);
  #isAligned = false;
  #count = 0;
  /** Of each token: the main symbol and size in one, the symbol for the rest of the length or -1, bits and their value. */
  #fields = new Int32Array(4 * 4096);

  constructor(mainSymbolCount: number) {
    this.mainCounts = new Uint32Array(mainSymbolCount);
  }

  /** Begins a block. */
  reset(isAligned: boolean): void {
    this.#isAligned = isAligned;
    this.#count = 0;
    this.mainCounts.fill(0);
    this.lengthCounts.fill(0);
    this.alignedCounts.fill(0);
  }

  literal(byte: number): void {
    this.#add(byte, 1, -1, 0, 0);
  }

  match(length: number, distance: number): void {
    const more = length - LENGTH_MIN - LENGTH_IN_SYMBOL_MAX;
    const inSymbol = Math.min(length - LENGTH_MIN, LENGTH_IN_SYMBOL_MAX);
    const { slot, bits, rest } = this.#place(distance);
    this.#add(256 + slot * 8 + inSymbol, length, more, bits, rest);
    if (more >= 0) count(this.lengthCounts, more);
    if (this.#isAligned && bits >= 3) count(this.alignedCounts, rest & 7);
  }

  forEach(
    visit: (symbol: number, sizeBytes: number, lengthSymbol: number, bits: number, rest: number) => void,
  ): void {
    const fields = this.#fields;
    for (let at = 0; at < this.#count * 4; at += 4) {
      const first = fields[at] as number;
      visit(
        first >> 9,
        first & 511,
        fields[at + 1] as number,
        fields[at + 2] as number,
        fields[at + 3] as number,
      );
    }
  }

  /** The position slot of a distance, the bits that follow it and their value. */
  #place(distance: number): { slot: number; bits: number; rest: number } {
    const { recent } = this;
    const known = recent.indexOf(distance);
    // A known distance changes places with the newest one, a new one pushes the others on.
    if (known < 0) recent.copyWithin(1, 0);
    else recent[known] = recent[0] as number;
    recent[0] = distance;
    if (known >= 0) return { slot: known, bits: 0, rest: 0 };
    const stored = distance + 2;
    if (stored >= 2 ** 18) return { slot: 34 + (stored >> 17), bits: 17, rest: stored & (2 ** 17 - 1) };
    // Two slots for each power of two.
    const top = 31 - Math.clz32(stored);
    const bits = top - 1;
    return { slot: 2 * top + ((stored >> bits) & 1), bits, rest: stored & (2 ** bits - 1) };
  }

  #add(symbol: number, sizeBytes: number, lengthSymbol: number, bits: number, rest: number): void {
    count(this.mainCounts, symbol);
    const at = 4 * this.#count++;
    if (at === this.#fields.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#fields);
      this.#fields = larger;
    }
    this.#fields[at] = symbol * 512 + sizeBytes;
    this.#fields[at + 1] = lengthSymbol;
    this.#fields[at + 2] = bits;
    this.#fields[at + 3] = rest;
  }
}

function count(counts: Uint32Array, symbol: number): void {
  counts[symbol] = (counts[symbol] as number) + 1;
}
