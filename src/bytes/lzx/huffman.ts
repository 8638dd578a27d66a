// SPDX-License-Identifier: MIT

/** The longest codeword of LZX. */
const LENGTH_MAX = 16;

/** How the codewords of a code are at odds with each other. */
export type HuffmanFault = "too many" | "too few";

/**
 * A canonical Huffman code as tables: shorter codewords come first, and in order of their symbols.
 *
 * An entry has the symbol from bit 5 on and the number of bits to use in its low bits. Codewords of up to `rootBits` bits are
 * found in the first 2^rootBits entries by the next bits of the input. Where the codeword is longer, the entry found
 * there is negative: its complement has, in the same way, the place of a second table and its number of bits, which is
 * looked up by the bits that follow.
 */
export class HuffmanTable {
  readonly rootBits: number;
  /** Whether no symbol has a codeword. Such a table must not be used. */
  isEmpty = true;
  readonly entries: Int32Array;
  readonly #counts = new Int32Array(LENGTH_MAX + 1);
  readonly #starts = new Int32Array(LENGTH_MAX + 2);
  readonly #sorted: Uint16Array;

  constructor(symbolCount: number, rootBits: number) {
    this.rootBits = rootBits;
    this.#sorted = new Uint16Array(symbolCount);
    this.entries = new Int32Array(2 ** rootBits + secondTablesSize(symbolCount, rootBits));
  }

  /**
   * Fills the table for these lengths of codewords, 0 to 16, 0 for symbols without one. The codewords have to use up all bit
   * patterns exactly, unless there are none at all; otherwise the fault is given back and the table must not be used.
   */
  build(lengths: Uint8Array): HuffmanFault | undefined {
    const counts = this.#counts.fill(0);
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      counts[length] = (counts[length] as number) + 1;
    }
    this.isEmpty = counts[0] === lengths.length;
    if (this.isEmpty) return undefined;

    // Where the symbols of each length begin among all that have one, and what the codewords use of 2^16 patterns.
    const starts = this.#starts;
    let used = 0;
    starts[1] = 0;
    for (let length = 1; length <= LENGTH_MAX; length++) {
      const count = counts[length] as number;
      starts[length + 1] = (starts[length] as number) + count;
      used += count << (LENGTH_MAX - length);
    }
    if (used !== 1 << LENGTH_MAX) return used > 1 << LENGTH_MAX ? "too many" : "too few";
    const sorted = this.#sorted;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol] as number;
      if (length === 0) continue;
      const place = starts[length] as number;
      sorted[place] = symbol;
      starts[length] = place + 1;
    }
    this.#fill(counts, sorted);
    return undefined;
  }

  #fill(counts: Int32Array, sorted: Uint16Array): void {
    const { entries, rootBits } = this;
    let next = 0;
    let at = 0;
    for (let length = 1; length <= rootBits; length++) {
      const size = 1 << (rootBits - length);
      for (let count = counts[length] as number; count > 0; count--) {
        const entry = ((sorted[next++] as number) << 5) | length;
        for (const end = at + size; at < end; at++) entries[at] = entry;
      }
    }
    // The longer codewords, the last one first: it is the longest of those that share its first bits, and so tells how
    // wide their second table is.
    const secondBits = LENGTH_MAX - rootBits;
    let end = 1 << LENGTH_MAX;
    let prefix = -1;
    let place = 1 << rootBits;
    let width = 0;
    let free = place;
    let last = next;
    for (let length = rootBits + 1; length <= LENGTH_MAX; length++) last += counts[length] as number;
    for (let length = LENGTH_MAX; length > rootBits; length--) {
      for (let count = counts[length] as number; count > 0; count--) {
        const entry = ((sorted[--last] as number) << 5) | length;
        const from = end - (1 << (LENGTH_MAX - length));
        if (from >> secondBits !== prefix) {
          prefix = from >> secondBits;
          width = length - rootBits;
          place = free;
          free += 1 << width;
          entries[prefix] = ~((place << 5) | width);
        }
        const base = place - (prefix << width);
        const unit = secondBits - width;
        for (let index = from >> unit; index < end >> unit; index++) entries[base + index] = entry;
        end = from;
      }
    }
  }
}

/**
 * Entries of all second tables at most: a table for `bits` more bits has a codeword that is `bits` longer, hence, as no
 * pattern is unused, at least bits + 1 of them.
 */
function secondTablesSize(symbolCount: number, rootBits: number): number {
  const bits = LENGTH_MAX - rootBits;
  return Math.ceil(symbolCount / (bits + 1)) * 2 ** bits;
}
