// SPDX-License-Identifier: MIT
import { KIB } from "../../../src/disk/vhdx/layout.ts";
import { type ByteSource, checkRange } from "../../../src/io/index.ts";

/** A file that is mostly holes: pieces in memory, zeros between them. Reading gives copies. */
export class SparseImage implements ByteSource {
  sizeBytes = 0;
  readonly #pages = new Map<number, Uint8Array>();

  write(offset: number, bytes: Uint8Array): void {
    this.sizeBytes = Math.max(this.sizeBytes, offset + bytes.length);
    this.#eachPage(offset, bytes.length, (number, inPage, at, count) => {
      const page = this.#pages.get(number) ?? new Uint8Array(PAGE);
      page.set(bytes.subarray(at, at + count), inPage);
      this.#pages.set(number, page);
    });
  }

  read(offset: number, length: number): DataView {
    checkRange("the image", this.sizeBytes, offset, length);
    const target = new Uint8Array(length);
    this.#eachPage(offset, length, (number, inPage, at, count) => {
      const page = this.#pages.get(number);
      if (page !== undefined) target.set(page.subarray(inPage, inPage + count), at);
    });
    return new DataView(target.buffer);
  }

  /** The whole file, holes filled with zeros. */
  toBytes(): Uint8Array {
    return new Uint8Array(this.read(0, this.sizeBytes).buffer);
  }

  #eachPage(
    offset: number,
    length: number,
    visit: (number: number, inPage: number, at: number, count: number) => void,
  ): void {
    for (let at = 0; at < length; ) {
      const inPage = (offset + at) % PAGE;
      const count = Math.min(PAGE - inPage, length - at);
      visit(Math.floor((offset + at) / PAGE), inPage, at, count);
      at += count;
    }
  }
}

const PAGE = 64 * KIB;
