// SPDX-License-Identifier: MIT

/** Short matches are copied as so many bytes at once, of which the last ones may lie past the end. */
export const COPY_SIZE = 16;

/** Expanded bytes with room for `sizeBytes` of them, and the last distances that matches had. */
export class LzxOutput {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the next byte goes. All before it may be matched. */
  at = 0;
  /** The last distances, the newest first. */
  readonly recent = new Int32Array(3);

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.bytes = new Uint8Array(sizeBytes + COPY_SIZE);
    this.view = new DataView(this.bytes.buffer);
    this.reset();
  }

  /** Forgets all that was expanded. */
  reset(): void {
    this.at = 0;
    this.recent.fill(1);
  }
}
