// SPDX-License-Identifier: MIT
import { VmguestError } from "../errors.ts";
import { type ByteSource, checkRange, type Origin, readBytes } from "./byte-source.ts";
import { PageCache } from "./page-cache.ts";

/** How much is read at once, and how much of it kept. */
export interface ReadAheadOptions {
  /** Bytes that are read at once, a power of two. */
  readonly pageSizeBytes: number;
  /** How much is kept at most. */
  readonly capacityBytes: number;
}

/**
 * A source that is read in larger pieces, for whoever is going to need most of it: thousands of small reads through all
 * layers of an image become a few.
 *
 * It gives what the source gives, damage included: where a piece cannot be read as a whole, what is asked for is read by
 * itself.
 */
export class ReadAhead implements ByteSource {
  readonly sizeBytes: number;
  readonly #source: ByteSource;
  readonly #cache: PageCache;

  constructor(source: ByteSource, options: ReadAheadOptions) {
    this.sizeBytes = source.sizeBytes;
    this.#source = source;
    const { sizeBytes } = source;
    const readInto = (target: Uint8Array, offset: number) =>
      target.set(readBytes(source, offset, target.length));
    this.#cache = new PageCache({ sizeBytes, readInto }, options);
  }

  read(offset: number, length: number): DataView {
    checkRange("the source", this.sizeBytes, offset, length);
    try {
      return this.#cache.read(offset, length);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      return this.#source.read(offset, length);
    }
  }

  originOf(offset: number, length: number): Origin | undefined {
    return this.#source.originOf?.(offset, length);
  }
}
