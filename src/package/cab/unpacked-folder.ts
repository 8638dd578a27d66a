// SPDX-License-Identifier: MIT
import { type Folder, folderTooShort } from "./folder.ts";
import type { FolderStream, UnpackedBlock } from "./folder-stream.ts";
import { BLOCK_OUTPUT_MAX } from "./layout.ts";

/**
 * How much of a folder's unpacked data is remembered. The packages that this is for have folders of a few MiB, which
 * are so unpacked once for all members that are opened.
 */
const WINDOW_SIZE = 32 * 2 ** 20;
/** Memory is taken as data comes, not as the list of members promises it. */
const FIRST_SIZE = 2 ** 16;

/** Random access to the unpacked data of a folder; going back further than the window means unpacking it again. */
export class UnpackedFolder {
  readonly #folder: Folder;
  readonly #openStream: () => FolderStream;
  #stream: FolderStream;
  #kept: UnpackedBlock[] = [];
  #keptBytes = 0;

  constructor(folder: Folder, openStream: () => FolderStream) {
    this.#folder = folder;
    this.#openStream = openStream;
    this.#stream = openStream();
  }

  /** Bytes of memory that it holds. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** A copy of a range, and how many bytes of it are zeros in place of damaged data. */
  read(start: number, length: number): { bytes: Uint8Array; lostBytes: number } {
    if (start < (this.#kept[0]?.start ?? this.#stream.position)) this.#restart();
    const collector = new Collector(start, length);
    for (let index = this.#firstIndex(start); index < this.#kept.length && !collector.isComplete; index++) {
      const block = this.#kept[index];
      if (block !== undefined) collector.add(block);
    }
    while (!collector.isComplete) collector.add(this.#next(start + length));
    return collector;
  }

  /** Where among the kept blocks to look for a byte: no block has more than 32 KiB, so it is not before. */
  #firstIndex(start: number): number {
    return Math.floor((start - (this.#kept[0]?.start ?? start)) / BLOCK_OUTPUT_MAX);
  }

  #restart(): void {
    this.#stream = this.#openStream();
    this.#kept = [];
    this.#keptBytes = 0;
  }

  #next(end: number): UnpackedBlock {
    const block = this.#stream.next();
    if (block === undefined) throw folderTooShort(this.#folder, end, this.#stream.position);
    const kept = { ...block, bytes: block.bytes.slice() };
    this.#kept.push(kept);
    this.#keptBytes += kept.bytes.length;
    if (this.#keptBytes > WINDOW_SIZE) this.#dropHalf();
    return kept;
  }

  #dropHalf(): void {
    this.#kept = this.#kept.slice(this.#kept.length >>> 1);
    this.#keptBytes = this.#kept.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

/** Puts a range together from blocks that come in order. */
class Collector {
  readonly #start: number;
  readonly #length: number;
  #buffer = new Uint8Array(0);
  #filled = 0;
  lostBytes = 0;

  constructor(start: number, length: number) {
    this.#start = start;
    this.#length = length;
  }

  get isComplete(): boolean {
    return this.#filled === this.#length;
  }

  get bytes(): Uint8Array {
    return this.#buffer;
  }

  add({ start, bytes, isLost }: UnpackedBlock): void {
    const at = this.#start + this.#filled;
    const end = this.#start + this.#length;
    if (start > at || start >= end) return;
    const wanted = bytes.subarray(at - start, end - start);
    if (wanted.length === 0) return;
    this.#reserve(this.#filled + wanted.length);
    this.#buffer.set(wanted, this.#filled);
    this.#filled += wanted.length;
    if (isLost) this.lostBytes += wanted.length;
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#buffer.length) return;
    const grown = new Uint8Array(
      Math.min(this.#length, Math.max(sizeBytes, FIRST_SIZE, this.#buffer.length * 2)),
    );
    grown.set(this.#buffer);
    this.#buffer = grown;
  }
}
