// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange, type Origin } from "./byte-source.ts";

/** A part of another source as a source of its own: a partition of a disk, an extent of a file. */
export class SliceSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #inner: ByteSource;
  readonly #start: number;

  /** Throws OUT_OF_BOUNDS where the part reaches past the end of `inner`. */
  constructor(inner: ByteSource, start: number, sizeBytes: number) {
    checkRange("the source of a slice", inner.sizeBytes, start, sizeBytes);
    this.#inner = inner;
    this.#start = start;
    this.sizeBytes = sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the slice", this.sizeBytes, offset, length);
    return this.#inner.read(this.#start + offset, length);
  }

  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the slice", this.sizeBytes, offset, length);
    return this.#inner.originOf?.(this.#start + offset, length);
  }
}
