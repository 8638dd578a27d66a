// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange } from "./byte-source.ts";

/** Reads whole ranges from where the bytes really are; the page cache stands in front of it. */
export interface Backing {
  readonly sizeBytes: number;
  /** Fills `target` with the bytes from `offset`; never called for a range past the end. */
  readInto(target: Uint8Array, offset: number): void;
}

/** How much of a source is kept; the defaults suit a disk image. */
export interface PageCacheOptions {
  /** Bytes per page, a power of two. */
  readonly pageSizeBytes?: number;
  /** How much the cache may hold before it drops the pages that were used least recently. */
  readonly capacityBytes?: number;
}

/** Small pages, because an audit hops through hives and indexes (docs/decisions/0002). */
const PAGE_SIZE_BYTES = 4096;
const CAPACITY_BYTES = 16 * 1024 * 1024;
const EMPTY = new Uint8Array(0);

/**
 * A bounded cache of immutable pages over a backing.
 *
 * A page is never written to and its memory is never used again: eviction drops the reference, so a view that someone
 * still holds stays valid. A read inside one page is a window on it; a longer one is one copy, and the pages it lacks
 * are fetched together where they are neighbours.
 */
export class PageCache implements ByteSource {
  readonly sizeBytes: number;
  readonly #backing: Backing;
  readonly #pageSizeBytes: number;
  readonly #pageCountMax: number;
  /** In order of use: a Map iterates in insertion order, and a hit is inserted again at the end. */
  readonly #pages = new Map<number, Uint8Array<ArrayBuffer>>();
  /** The page used last, which the next read usually wants again: spares the Map two changes. */
  #latestIndex = -1;
  #latestPage = EMPTY;

  constructor(backing: Backing, options: PageCacheOptions = {}) {
    this.#backing = backing;
    this.sizeBytes = backing.sizeBytes;
    this.#pageSizeBytes = options.pageSizeBytes ?? PAGE_SIZE_BYTES;
    this.#pageCountMax = Math.max(
      1,
      Math.floor((options.capacityBytes ?? CAPACITY_BYTES) / this.#pageSizeBytes),
    );
  }

  read(offset: number, length: number): DataView {
    checkRange("the file", this.sizeBytes, offset, length);
    const index = Math.floor(offset / this.#pageSizeBytes);
    const inPage = offset - index * this.#pageSizeBytes;
    if (inPage + length <= this.#pageSizeBytes) {
      if (length === 0) return new DataView(new ArrayBuffer(0));
      return new DataView(this.#page(index).buffer, inPage, length);
    }
    return new DataView(this.#gather(offset, length).buffer);
  }

  /** Pages held now, oldest first; for the test that freezes them. */
  cachedPages(): Iterable<Uint8Array> {
    return this.#pages.values();
  }

  #page(index: number): Uint8Array<ArrayBuffer> {
    if (index !== this.#latestIndex) {
      this.#latestPage = this.#lookUp(index);
      this.#latestIndex = index;
    }
    return this.#latestPage;
  }

  #lookUp(index: number): Uint8Array<ArrayBuffer> {
    const cached = this.#pages.get(index);
    if (cached !== undefined) {
      this.#pages.delete(index);
      this.#pages.set(index, cached);
      return cached;
    }
    const start = index * this.#pageSizeBytes;
    const page = new Uint8Array(Math.min(this.#pageSizeBytes, this.sizeBytes - start));
    this.#backing.readInto(page, start);
    this.#keep(index, page);
    return page;
  }

  #keep(index: number, page: Uint8Array<ArrayBuffer>): void {
    this.#pages.set(index, page);
    if (this.#pages.size <= this.#pageCountMax) return;
    const [oldest] = this.#pages.keys();
    if (oldest !== undefined) this.#pages.delete(oldest);
  }

  /** A copy of a range over several pages: cached ones are used, the gaps between them are read in one go each. */
  #gather(offset: number, length: number): Uint8Array {
    const target = new Uint8Array(length);
    const size = this.#pageSizeBytes;
    const last = Math.floor((offset + length - 1) / size);
    let index = Math.floor(offset / size);
    while (index <= last) {
      const cached = this.#pages.get(index);
      if (cached !== undefined) {
        this.#copyPart(target, offset, cached, index * size);
        index++;
        continue;
      }
      const gapStart = index;
      while (index <= last && !this.#pages.has(index)) index++;
      this.#fetch(target, offset, gapStart, index);
    }
    return target;
  }

  /** Reads the pages [from, to) at once, puts what is wanted into `target` and keeps a few of them. */
  #fetch(target: Uint8Array, offset: number, from: number, to: number): void {
    const size = this.#pageSizeBytes;
    const start = from * size;
    const end = Math.min(to * size, this.sizeBytes);
    if (to - from > PAGES_KEPT_OF_ONE_READ) {
      // A long stream (a file copied out) would only push the useful pages out, so it is not kept.
      const wanted = Math.max(start, offset);
      const wantedEnd = Math.min(end, offset + target.byteLength);
      this.#backing.readInto(target.subarray(wanted - offset, wantedEnd - offset), wanted);
      return;
    }
    const chunk = new Uint8Array(end - start);
    this.#backing.readInto(chunk, start);
    this.#copyPart(target, offset, chunk, start);
    for (let index = from; index < to; index++) {
      this.#keep(index, chunk.slice((index - from) * size, (index - from + 1) * size));
    }
  }

  #copyPart(target: Uint8Array, targetStart: number, part: Uint8Array, partStart: number): void {
    const from = Math.max(targetStart, partStart);
    const to = Math.min(targetStart + target.byteLength, partStart + part.byteLength);
    if (from < to) target.set(part.subarray(from - partStart, to - partStart), from - targetStart);
  }
}

const PAGES_KEPT_OF_ONE_READ = 64;
