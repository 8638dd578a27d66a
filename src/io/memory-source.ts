// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange } from "./byte-source.ts";

/**
 * A ByteSource over bytes in memory. The bytes are not copied; the caller must leave them alone. Where they came from,
 * it does not know.
 */
export class MemorySource implements ByteSource {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.sizeBytes = bytes.byteLength;
  }

  read(offset: number, length: number): DataView {
    checkRange("memory", this.sizeBytes, offset, length);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + offset, length);
  }
}
