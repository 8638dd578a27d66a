/** Writes bits as LZX has them, in 16-bit little-endian words with the highest bit first, and bytes in between. */
export class LzxBitWriter {
  #bytes = new Uint8Array(65_536);
  #at = 0;
  /** Fewer than 16 bits that are not written yet. */
  #held = 0;
  #heldBits = 0;

  /** The lowest `count` bits of `value`, 0 to 16. */
  bits(value: number, count: number): void {
    const held = (this.#held << count) | (value & ((1 << count) - 1));
    const heldBits = this.#heldBits + count;
    if (heldBits < 16) {
      this.#held = held;
      this.#heldBits = heldBits;
      return;
    }
    const word = held >>> (heldBits - 16);
    this.#reserve(2);
    this.#bytes[this.#at++] = word;
    this.#bytes[this.#at++] = word >> 8;
    this.#heldBits = heldBits - 16;
    this.#held = held & ((1 << this.#heldBits) - 1);
  }

  /** Zeros up to the next word; none where a word has just ended. */
  align(): void {
    if (this.#heldBits > 0) this.bits(0, 16 - this.#heldBits);
  }

  /** Bytes as they are, after {@link align}. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** All that was written since the last time, filled up to a whole word. */
  take(): Uint8Array {
    this.align();
    const taken = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return taken;
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#at + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
