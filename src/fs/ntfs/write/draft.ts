// SPDX-License-Identifier: MIT
import { type Change, Overlay, type Phase, type WritableSource } from "../../../io/index.ts";

interface DraftWrite extends Change {
  readonly phase: Phase;
}

/** The changes of one operation on a volume: read through at once, but passed on only when the operation succeeds. */
export class Draft implements WritableSource {
  readonly sizeBytes: number;
  readonly #target: WritableSource;
  #changed: Overlay;
  #writes: DraftWrite[] = [];

  constructor(target: WritableSource) {
    this.#target = target;
    this.sizeBytes = target.sizeBytes;
    this.#changed = new Overlay(target);
  }

  get overlay(): Overlay {
    return this.#target.overlay;
  }

  read(offset: number, length: number): DataView {
    return this.#changed.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array, phase: Phase): void {
    this.#changed.write(offset, bytes, phase);
    this.#writes.push({ offset, bytes: bytes.slice(), phase });
  }

  /**
   * Writes contents of clusters that nothing refers to yet. They need not wait for the operation to succeed, and may be
   * too long to be kept twice.
   */
  writeThrough(offset: number, bytes: Uint8Array): void {
    this.#target.write(offset, bytes, "data");
  }

  /** Passes all changes on, in the order in which they were made. */
  commit(): void {
    for (const { offset, bytes, phase } of this.#writes) this.#target.write(offset, bytes, phase);
    this.discard();
  }

  discard(): void {
    if (this.#writes.length === 0) return;
    this.#writes = [];
    this.#changed = new Overlay(this.#target);
  }
}
