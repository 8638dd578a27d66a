// SPDX-License-Identifier: MIT
import { checkRange } from "./byte-source.ts";
import type { Overlay, Phase, WritableSource } from "./overlay.ts";
import { SliceSource } from "./slice-source.ts";

/** A part of a writable source as one of its own: a volume whose changes belong to the overlay of its disk. */
export class WritableSlice extends SliceSource implements WritableSource {
  /** Where the part begins in the source that it is cut from. */
  readonly offset: number;
  readonly #target: WritableSource;

  /** Throws OUT_OF_BOUNDS where the part reaches past the end of `target`. */
  constructor(target: WritableSource, offset: number, sizeBytes: number) {
    super(target, offset, sizeBytes);
    this.#target = target;
    this.offset = offset;
  }

  get overlay(): Overlay {
    return this.#target.overlay;
  }

  write(offset: number, bytes: Uint8Array, phase: Phase): void {
    checkRange("the slice", this.sizeBytes, offset, bytes.length);
    this.#target.write(this.offset + offset, bytes, phase);
  }
}
