// SPDX-License-Identifier: MIT
import { createCipheriv } from "node:crypto";

const TEXT_LINE = "the quick brown fox jumps over the lazy dog and back again";

/** Numbers and bytes that are the same at every run and on every machine: the seed is all that they depend on. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0;
  }

  /** A whole number from 0 up to, but not including, `below`. */
  below(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] as T;
  }

  /** True in about `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  /** A size as files have them: most are small, a few are large, and some stand right at a boundary. */
  size(max: number): number {
    if (this.chance(25)) return Math.min(max, this.pick([0, 1, 511, 512, 513, 4095, 4096, 4097, 65_536]));
    return this.below(1 + Math.min(max, 2 ** (4 + this.below(17))));
  }

  /** Bytes that no compression makes smaller. */
  noise(sizeBytes: number): Buffer {
    const key = Buffer.alloc(16);
    key.writeUInt32LE(this.below(2 ** 32));
    return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
  }

  /** Bytes that compress well. */
  text(sizeBytes: number): Buffer {
    return Buffer.alloc(sizeBytes, `${this.below(1e6)}: ${TEXT_LINE.slice(this.below(20))}\n`);
  }

  /** Stretches of text, noise and zeros, whose ends stand anywhere. */
  mixed(sizeBytes: number): Buffer {
    const parts: Buffer[] = [];
    for (let left = sizeBytes; left > 0; left -= parts.at(-1)?.length ?? 0) {
      const size = Math.min(left, 1 + this.below(100_000));
      parts.push(this.pick([this.noise(size), this.text(size), Buffer.alloc(size)]));
    }
    return Buffer.concat(parts);
  }
}
