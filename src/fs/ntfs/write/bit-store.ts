// SPDX-License-Identifier: MIT
import type { Phase } from "../../../io/index.ts";

/** Stores a part of a bitmap where it belongs. */
export type StoreBits = (offset: number, bytes: Uint8Array, phase: Phase) => void;

/**
 * A bitmap of what is in use, as it is on the volume, and beside it what may not be taken although the bitmap calls it
 * free: what something uses nevertheless, and what was given back since the volume was opened.
 *
 * What was given back stays out of reach because an image on which the changes were cut short may still use it. The bits
 * that share a byte with it stay so too where bytes are stored by themselves: none can reach the image in two phases.
 */
export class BitStore {
  #bits: Uint8Array;
  #barred: Uint8Array;
  readonly #store: StoreBits;
  /** Whether its bytes are stored by themselves, each in the phase of its change; else all of it at once. */
  isStoredByBytes = true;
  /** Bytes of both maps before the operation under way, to take it back. */
  #undo: { readonly at: number; readonly bits: number; readonly barred: number }[] = [];

  /** Takes over `bits`. */
  constructor(bits: Uint8Array, store: StoreBits) {
    this.#bits = bits;
    this.#barred = new Uint8Array(bits.length);
    this.#store = store;
  }

  get count(): number {
    return this.#bits.length * 8;
  }

  /** The bitmap as it is on the volume; not to be changed. */
  get bytes(): Uint8Array {
    return this.#bits;
  }

  isUsed(index: number): boolean {
    return ((this.#bits[index >> 3] ?? 0xff) & (1 << (index & 7))) !== 0;
  }

  /** Keeps a range from being taken. Nothing is written. */
  bar(first: number, count: number): void {
    const end = first + count;
    // Whole bytes between, as a volume has millions of them.
    const from = Math.min(end, Math.ceil(first / 8) * 8);
    const until = Math.max(from, Math.floor(end / 8) * 8);
    this.#barred.fill(0xff, from / 8, until / 8);
    for (let index = first; index < from; index++) this.#barOne(index);
    for (let index = until; index < end; index++) this.#barOne(index);
  }

  /** First free index in [from, end), or `end`. */
  nextFree(from: number, end: number): number {
    for (let index = from; index < end; ) {
      const byte = this.#unavailable(index >> 3);
      if (byte === 0xff) index = (index | 7) + 1;
      else if ((byte & (1 << (index & 7))) === 0) return index;
      else index++;
    }
    return end;
  }

  /** First index in [from, end) that is not free, or `end`. */
  nextTaken(from: number, end: number): number {
    for (let index = from; index < end; ) {
      const byte = this.#unavailable(index >> 3);
      if (byte === 0 && index + 8 <= end && (index & 7) === 0) index += 8;
      else if ((byte & (1 << (index & 7))) !== 0) return index;
      else index++;
    }
    return end;
  }

  /** Marks a range used, in the phase in which things are allocated. */
  take(first: number, count: number): void {
    this.#change(first, count, "allocation", (at, mask) => {
      this.#bits[at] = (this.#bits[at] ?? 0) | mask;
    });
  }

  /** Marks a range free, in the last phase, and bars it and what shares its bytes. */
  give(first: number, count: number): void {
    this.#change(first, count, "release", (at, mask) => {
      this.#bits[at] = (this.#bits[at] ?? 0) & ~mask;
      this.#barred[at] = (this.#barred[at] ?? 0) | (this.isStoredByBytes ? 0xff : mask);
    });
  }

  /** Makes room for more, all free. The caller has the longer bitmap stored. */
  grow(lengthBytes: number): void {
    if (lengthBytes <= this.#bits.length) return;
    const [bits, barred] = [new Uint8Array(lengthBytes), new Uint8Array(lengthBytes)];
    bits.set(this.#bits);
    barred.set(this.#barred);
    this.#bits = bits;
    this.#barred = barred;
  }

  /** The operation under way is over. */
  commit(): void {
    if (this.#undo.length > 0) this.#undo = [];
  }

  /** Takes back what the operation under way changed; room that {@link grow} made stays, and is cut by the caller. */
  discard(): void {
    for (const { at, bits, barred } of this.#undo.reverse()) {
      this.#bits[at] = bits;
      this.#barred[at] = barred;
    }
    this.#undo = [];
  }

  /** Cuts off room again that {@link grow} made. */
  cut(lengthBytes: number): void {
    this.#bits = this.#bits.slice(0, lengthBytes);
    this.#barred = this.#barred.slice(0, lengthBytes);
  }

  #barOne(index: number): void {
    this.#barred[index >> 3] = (this.#barred[index >> 3] ?? 0) | (1 << (index & 7));
  }

  #unavailable(at: number): number {
    return (this.#bits[at] ?? 0xff) | (this.#barred[at] ?? 0xff);
  }

  #change(first: number, count: number, phase: Phase, change: (at: number, mask: number) => void): void {
    if (count === 0) return;
    forEachByte(first, count, (at, mask) => {
      this.#undo.push({ at, bits: this.#bits[at] ?? 0, barred: this.#barred[at] ?? 0 });
      change(at, mask);
    });
    const start = first >> 3;
    this.#store(start, this.#bits.slice(start, ((first + count - 1) >> 3) + 1), phase);
  }
}

/** Calls `change` for every byte that a range of bits is in, with the bits of the range in it. */
function forEachByte(first: number, count: number, change: (at: number, mask: number) => void): void {
  const end = first + count;
  for (let index = first; index < end; ) {
    const at = Math.floor(index / 8);
    const until = Math.min(end, (at + 1) * 8);
    change(at, ((1 << (until - at * 8)) - 1) & ~((1 << (index - at * 8)) - 1));
    index = until;
  }
}
