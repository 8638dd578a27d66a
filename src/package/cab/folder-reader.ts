// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type Folder, folderTooShort } from "./folder.ts";
import type { FolderStream, UnpackedBlock } from "./folder-stream.ts";

/** A range of the unpacked data of a folder. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** A part of a range, valid until the next one. */
interface Piece {
  readonly bytes: Uint8Array;
  /** True for zeros that stand for a damaged block. */
  readonly isLost: boolean;
}

/**
 * Reads ranges of a folder while unpacking it only once, in bounded memory.
 *
 * The ranges are known from the start and are asked for by ascending start. As members of real cabinets follow one
 * another, all that has to be at hand is the latest block. Where ranges overlap, the blocks that a later one needs
 * again are kept; more than `keptBytes` of them is refused with CAB_LIMIT.
 */
export class FolderReader {
  readonly #folder: Folder;
  readonly #stream: FolderStream;
  readonly #ranges: readonly Range[];
  readonly #keptBytesMax: number;
  #kept: UnpackedBlock[] = [];
  #keptBytes = 0;
  #latest: UnpackedBlock | undefined;

  /** `ranges` are sorted by their start, and none is empty. */
  constructor(folder: Folder, stream: FolderStream, ranges: readonly Range[], keptBytesMax: number) {
    this.#folder = folder;
    this.#stream = stream;
    this.#ranges = ranges;
    this.#keptBytesMax = keptBytesMax;
  }

  /** Whether the folder is known to be unreadable from this byte on, or from before it. */
  isBeyondReach(start: number): boolean {
    return this.#stream.isBroken && start >= this.#stream.position;
  }

  /** The bytes of range number `index`. Throws what stops the stream, and CAB_MEMBER_RANGE where the folder ends. */
  *read(index: number): Generator<Piece, void> {
    const range = this.#ranges[index];
    if (range === undefined) return;
    const later = new LaterRanges(this.#ranges, index + 1);
    this.#dropBefore(range.start);
    let at = range.start;
    for (const block of this.#atHand()) {
      if (block.start > at || at >= range.end) break;
      const piece = cut(block, at, range.end);
      at += piece.bytes.length;
      if (piece.bytes.length > 0) yield piece;
    }
    if (at < this.#stream.position && at < range.end)
      throw new VmguestError("USAGE", "the members of a folder are to be read in their order");
    while (at < range.end) {
      const block = this.#advance(later, range);
      const piece = cut(block, at, range.end);
      at += piece.bytes.length;
      if (piece.bytes.length > 0) yield piece;
    }
  }

  *#atHand(): Generator<UnpackedBlock> {
    yield* this.#kept;
    if (this.#latest !== undefined) yield this.#latest;
  }

  /** Unpacks the next block; the latest one is kept if a later range needs it. */
  #advance(later: LaterRanges, range: Range): UnpackedBlock {
    const latest = this.#latest;
    if (latest !== undefined && later.need(latest.start, latest.start + latest.bytes.length)) {
      this.#keptBytes += latest.bytes.length;
      if (this.#keptBytes > this.#keptBytesMax)
        throw new VmguestError("CAB_LIMIT", `members overlap in more than ${this.#keptBytesMax} bytes`);
      this.#kept.push({ ...latest, bytes: latest.bytes.slice() });
    }
    this.#latest = undefined;
    const block = this.#stream.next();
    if (block !== undefined) {
      this.#latest = block;
      return block;
    }
    throw folderTooShort(this.#folder, range.end, this.#stream.position);
  }

  #dropBefore(start: number): void {
    const first = this.#kept.findIndex((block) => block.start + block.bytes.length > start);
    const dropped = this.#kept.splice(0, first < 0 ? this.#kept.length : first);
    this.#keptBytes -= dropped.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

/** The part of a block from `at` up to `end`; empty where the block ends before `at`. */
function cut({ start, bytes, isLost }: UnpackedBlock, at: number, end: number): Piece {
  const from = Math.min(Math.max(at - start, 0), bytes.length);
  return { bytes: bytes.subarray(from, Math.min(end - start, bytes.length)), isLost };
}

/** Tells which blocks the ranges that come later need, if it is asked about blocks in ascending order. */
class LaterRanges {
  readonly #ranges: readonly Range[];
  #next: number;
  /** The furthest end of the ranges before `next`. */
  #reach = 0;

  constructor(ranges: readonly Range[], first: number) {
    this.#ranges = ranges;
    this.#next = first;
  }

  need(start: number, end: number): boolean {
    for (let range = this.#ranges[this.#next]; range !== undefined && range.start < end; ) {
      this.#reach = Math.max(this.#reach, range.end);
      range = this.#ranges[++this.#next];
    }
    return this.#reach > start;
  }
}
