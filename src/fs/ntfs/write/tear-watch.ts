// SPDX-License-Identifier: MIT
import { type Finding, finding, type Where } from "../../../errors.ts";
import { CHANGE_PAGE_BYTES } from "../../../io/index.ts";
import type { ClusterFile, Stretch } from "./cluster-file.ts";

/**
 * Watches for changes that a power failure could cut in half: bytes that belong together, but lie in two pages of the
 * disk. They come about where a volume does not begin with a page, and where clusters are smaller than one.
 */
export class TearWatch {
  readonly #volumeOffset: number;
  readonly #found = new Map<string, Finding>();
  readonly #drafted = new Map<string, Finding>();
  /** Pages of the disk in which a page of a file was changed in this round, by file and page. */
  readonly #changed = new Map<string, Set<number>>();
  #round = 0;

  /** `volumeOffset` is where the volume begins on the disk, whose pages count. */
  constructor(volumeOffset: number) {
    this.#volumeOffset = volumeOffset;
  }

  /** What could be cut in half of what was written so far, each thing once. */
  get findings(): Finding[] {
    return [...this.#found.values()];
  }

  /** Whether all of some stretches lies in one page of the disk. */
  isInOnePage(stretches: Iterable<Stretch>): boolean {
    const pages = new Set<number>();
    this.#addPages(pages, stretches);
    return pages.size <= 1;
  }

  /** Something that is useless in halves is written to these stretches. */
  note(stretches: Iterable<Stretch>, where: Where): void {
    if (!this.isInOnePage(stretches)) this.noteApart("lies in two pages of the disk", where);
  }

  /** Something is changed that takes more than one write. */
  noteApart(message: string, where: Where): void {
    this.#drafted.set(`${where.path}: ${where.structure}`, finding("NTFS_WRITE_TEARABLE", message, where));
  }

  /**
   * Bytes of a file are about to change, of which every 4 KiB, counted from the start of the file, belong together. Only
   * those of them count that will be others.
   */
  noteOverwrite(
    file: ClusterFile,
    { offset, bytes, round }: { readonly offset: number; readonly bytes: Uint8Array; readonly round: number },
    where: Where,
  ): void {
    if (round !== this.#round) this.#changed.clear();
    this.#round = round;
    const end = offset + bytes.length;
    for (let page = Math.floor(offset / CHANGE_PAGE_BYTES); page * CHANGE_PAGE_BYTES < end; page++) {
      const start = page * CHANGE_PAGE_BYTES;
      const length = Math.min(CHANGE_PAGE_BYTES, file.sizeBytes - start);
      if (this.isInOnePage(file.stretches(start, length))) continue;
      const from = Math.max(offset, start);
      const until = Math.min(end, start + length);
      const key = `${where.path}: ${page}`;
      const pages = this.#changed.get(key) ?? new Set();
      this.#changed.set(key, pages);
      const differing = rangeThatDiffers(file.read(from, until - from), bytes.subarray(from - offset));
      if (differing !== undefined)
        this.#addPages(pages, file.stretches(from + differing.at, differing.length));
      if (pages.size > 1) this.noteApart("a page of the file lies in two pages of the disk", where);
    }
  }

  commit(): void {
    for (const [key, found] of this.#drafted) this.#found.set(key, found);
    this.#drafted.clear();
  }

  discard(): void {
    this.#drafted.clear();
  }

  #addPages(pages: Set<number>, stretches: Iterable<Stretch>): void {
    for (const { offset, length } of stretches) {
      const start = this.#volumeOffset + offset;
      const last = Math.floor((start + length - 1) / CHANGE_PAGE_BYTES);
      for (let page = Math.floor(start / CHANGE_PAGE_BYTES); page <= last; page++) pages.add(page);
    }
  }
}

/** From the first to the last byte that is not the same; undefined where all are. */
function rangeThatDiffers(before: Uint8Array, after: Uint8Array): { at: number; length: number } | undefined {
  const at = before.findIndex((byte, index) => byte !== after[index]);
  if (at === -1) return undefined;
  const last = before.findLastIndex((byte, index) => byte !== after[index]);
  return { at, length: last + 1 - at };
}
