// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { decodeCodePage } from "./code-pages.ts";
import { StringPoolEntry } from "./layout.ts";

const LONG_REFERENCES = 0x8000;

/** A million strings; the largest databases have a tenth of that. */
const MAX_POOL_SIZE_BYTES = 2 ** 20 * StringPoolEntry.sizeBytes;
/** Decoded, they take up to twice as much. The largest databases have some megabytes. */
const MAX_DATA_SIZE_BYTES = 32 * 2 ** 20;

/** The strings of an installation database. Tables refer to them by number; 0 stands for no string. */
export class StringPool {
  /** Windows code page of all strings. */
  readonly codePage: number;
  /** Bytes of a reference in a table: 2, or 3 in databases with many strings. */
  readonly referenceSize: 2 | 3;
  readonly #data: Uint8Array;
  /** Tables refer to the same string again and again: each is decoded once. */
  readonly #decoded = new Map<number, string>();
  /** Where each string begins, and after the last one where it ends. */
  readonly #starts: number[] = [0];

  /**
   * `pool` is the stream `_StringPool`, `data` is `_StringData`; throws MSI_POOL where they do not fit each other, and
   * LIMIT_EXCEEDED where they are larger than any.
   */
  constructor(pool: Uint8Array, data: Uint8Array) {
    if (pool.length > MAX_POOL_SIZE_BYTES || data.length > MAX_DATA_SIZE_BYTES) {
      const message = `strings of ${data.length} bytes, with a pool of ${pool.length}, are not read`;
      throw new VmguestError("LIMIT_EXCEEDED", message, { structure: "string pool" });
    }
    const view = new DataView(pool.buffer, pool.byteOffset, pool.length);
    if (pool.length < StringPoolEntry.sizeBytes || pool.length % StringPoolEntry.sizeBytes !== 0) {
      throw damagedPool(`it has ${pool.length} bytes, not a multiple of ${StringPoolEntry.sizeBytes}`);
    }
    const { size: low, referenceCount: high } = new StringPoolEntry(view);
    this.codePage = low + (high % LONG_REFERENCES) * 0x10000;
    this.referenceSize = high >= LONG_REFERENCES ? 3 : 2;
    this.#data = data;
    let end = 0;
    for (let at = StringPoolEntry.sizeBytes; at < pool.length; at += StringPoolEntry.sizeBytes) {
      const entry = new StringPoolEntry(view, at);
      let { size } = entry;
      // Of a string of 64 KiB and more this entry has the upper half of the size, the next one the lower.
      if (size === 0 && entry.referenceCount > 0) {
        at += StringPoolEntry.sizeBytes;
        if (at >= pool.length) throw damagedPool("it ends inside the entry of a long string");
        size = entry.referenceCount * 0x10000 + new StringPoolEntry(view, at).size;
      }
      end += size;
      this.#starts.push(end);
    }
    if (end > data.length) throw damagedPool(`its strings need ${end} bytes, but there are ${data.length}`);
  }

  /** The string of that number, or null for 0; throws MSI_POOL where there is none. */
  get(reference: number): string | null {
    if (reference === 0) return null;
    const known = this.#decoded.get(reference);
    if (known !== undefined) return known;
    const start = this.#starts[reference - 1];
    const end = this.#starts[reference];
    if (start === undefined || end === undefined) {
      throw damagedPool(`a table refers to string ${reference}, but there are ${this.#starts.length - 1}`);
    }
    const text = decodeCodePage(this.#data.subarray(start, end), this.codePage);
    this.#decoded.set(reference, text);
    return text;
  }
}

function damagedPool(message: string): VmguestError {
  return new VmguestError("MSI_POOL", message, { structure: "string pool" });
}
