// SPDX-License-Identifier: MIT

/** Codeword and its length of each symbol that occurs. */
export type Codewords = ReadonlyMap<number, { readonly word: number; readonly length: number }>;

/**
 * Lengths of a complete code for the symbols that occur: all of one length but the first few, which are a bit shorter.
 * Not the best code, but one with different lengths, and simple.
 */
export function flatLengths(symbols: Iterable<number>, symbolCount: number): Uint8Array {
  const lengths = new Uint8Array(symbolCount);
  const used = new Set(symbols);
  // A code of one word would not be complete.
  for (let symbol = 0; used.size < 2; symbol++) used.add(symbol);
  const long = Math.ceil(Math.log2(used.size));
  let shortCount = 2 ** long - used.size;
  for (const symbol of [...used].sort((one, other) => one - other))
    lengths[symbol] = shortCount-- > 0 ? long - 1 : long;
  return lengths;
}

/** The canonical code with these lengths. */
export function codewords(lengths: Uint8Array): Codewords {
  const words = new Map<number, { word: number; length: number }>();
  let word = 0;
  for (let length = 1; length <= 16; length++) {
    word *= 2;
    for (const [symbol, own] of lengths.entries()) {
      if (own === length) words.set(symbol, { word: word++, length });
    }
  }
  return words;
}

/**
 * Writes bits as XPRESS and LZX store them: in 16-bit words, highest bit first. A reader of the formats is always one or
 * two words ahead, so the place of a word is kept when the bits before it fill up, and bytes come after the kept places.
 */
export class BitWriter {
  readonly #bytes: number[] = [];
  #word = 0;
  #wordBits = 0;
  #places: number[] = [];

  constructor() {
    this.#places = [this.#place(), this.#place()];
  }

  bits(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      // Not sooner: a reader takes the next word when it needs the first bit of it.
      if (this.#wordBits === 16) {
        this.#flush();
        this.#places.push(this.#place());
      }
      this.#word = this.#word * 2 + (Math.floor(value / 2 ** bit) % 2);
      this.#wordBits++;
    }
  }

  symbol(words: Codewords, symbol: number): void {
    const found = words.get(symbol);
    if (found === undefined) throw new RangeError(`symbol ${symbol} has no codeword`);
    this.bits(found.word, found.length);
  }

  byte(value: number): void {
    this.#bytes.push(value);
  }

  /** The bytes so far, filled up to a whole word. */
  finish(): Uint8Array {
    if (this.#wordBits > 0) {
      this.#word *= 2 ** (16 - this.#wordBits);
      this.#flush();
    }
    const unused = this.#places.toReversed();
    for (const at of unused) if (at === this.#bytes.length - 2) this.#bytes.length = at;
    return Uint8Array.from(this.#bytes);
  }

  #flush(): void {
    const at = this.#places.shift() ?? this.#place();
    this.#bytes[at] = this.#word % 256;
    this.#bytes[at + 1] = this.#word >> 8;
    this.#word = 0;
    this.#wordBits = 0;
  }

  #place(): number {
    return this.#bytes.push(0, 0) - 2;
  }
}
