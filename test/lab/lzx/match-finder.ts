const HASH_BITS = 16;
const LENGTH_MIN = 3;
const LENGTH_MAX = 257;
/** No search goes on after a match as long as this. */
const LENGTH_GOOD = 64;
/** A match of three bytes from farther back costs more than its literals. */
const SHORT_MATCH_DISTANCE_MAX = 4096;

/** Finds earlier places of the same bytes, by chains of places with the same three bytes. */
export class MatchFinder {
  readonly #bytes: Uint8Array;
  readonly #windowMask: number;
  readonly #distanceMax: number;
  readonly #depth: number;
  readonly #latest = new Int32Array(2 ** HASH_BITS).fill(-1);
  readonly #before: Int32Array;
  #inserted = 0;
  /** What {@link find} has found. */
  length = 0;
  distance = 0;

  constructor(bytes: Uint8Array, windowBits: number, depth: number) {
    this.#bytes = bytes;
    this.#windowMask = 2 ** windowBits - 1;
    this.#distanceMax = 2 ** windowBits - 3;
    this.#depth = depth;
    this.#before = new Int32Array(2 ** windowBits);
  }

  /** Looks for the longest match at `at` that ends by `end`; recent distances are taken where they do about as well. */
  find(at: number, end: number, recent: Int32Array): boolean {
    const lengthMax = Math.min(LENGTH_MAX, end - at);
    this.length = 0;
    if (lengthMax < LENGTH_MIN) return false;
    this.#insertUpTo(at);
    let from = this.#latest[this.#hash(at)] as number;
    for (let turn = 0; turn < this.#depth && from >= 0 && at - from <= this.#distanceMax; turn++) {
      // Most places are no longer than what was found already, which one look shows.
      const isLonger = this.#bytes[from + this.length] === this.#bytes[at + this.length];
      const length = isLonger ? this.#common(from, at, lengthMax) : 0;
      if (length > this.length && (length > LENGTH_MIN || at - from <= SHORT_MATCH_DISTANCE_MAX)) {
        this.length = length;
        this.distance = at - from;
        if (length >= Math.min(LENGTH_GOOD, lengthMax)) break;
      }
      from = this.#before[from & this.#windowMask] as number;
    }
    for (const distance of recent) {
      if (distance > at) continue;
      const length = this.#common(at - distance, at, lengthMax);
      if (length < LENGTH_MIN || length + 1 < this.length) continue;
      this.length = length;
      this.distance = distance;
    }
    return this.length >= LENGTH_MIN;
  }

  #insertUpTo(end: number): void {
    for (; this.#inserted < end; this.#inserted++) {
      const hash = this.#hash(this.#inserted);
      this.#before[this.#inserted & this.#windowMask] = this.#latest[hash] as number;
      this.#latest[hash] = this.#inserted;
    }
  }

  #hash(at: number): number {
    const bytes = this.#bytes;
    const three =
      (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  #common(from: number, at: number, lengthMax: number): number {
    const bytes = this.#bytes;
    let length = 0;
    while (length < lengthMax && bytes[from + length] === bytes[at + length]) length++;
    return length;
  }
}
