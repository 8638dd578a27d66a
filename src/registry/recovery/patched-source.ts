// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange, type Origin, readBytes } from "../../io/index.ts";
import { SECTOR_SIZE } from "../layout.ts";

/** Bytes that are one after the other in one place; without a source, zeros. */
interface Piece {
  readonly source: ByteSource | undefined;
  readonly position: number;
  readonly length: number;
}

/**
 * A source in which some sectors of 512 bytes come from elsewhere, and which may be longer than what it is based on.
 *
 * Only the places are remembered: the bytes stay where they are until they are read.
 */
export class PatchedSource implements ByteSource {
  readonly #base: ByteSource;
  readonly #patches: ByteSource[] = [];
  /** By number of the sector: index of the patch times PLACE_FACTOR, plus the offset in it. */
  readonly #places = new Map<number, number>();
  #sizeBytes: number;

  constructor(base: ByteSource) {
    this.#base = base;
    this.#sizeBytes = base.sizeBytes;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Makes the source at least this long; what nothing else fills is zeros. */
  extend(sizeBytes: number): void {
    this.#sizeBytes = Math.max(this.#sizeBytes, sizeBytes);
  }

  /** Takes whole sectors from `patch` from now on, whatever was there before. */
  patch(offset: number, sizeBytes: number, patch: ByteSource, patchOffset: number): void {
    if (this.#patches.at(-1) !== patch) this.#patches.push(patch);
    const place = (this.#patches.length - 1) * PLACE_FACTOR + patchOffset;
    for (let at = 0; at < sizeBytes; at += SECTOR_SIZE) {
      this.#places.set((offset + at) / SECTOR_SIZE, place + at);
    }
  }

  read(offset: number, length: number): DataView {
    checkRange("the recovered hive", this.#sizeBytes, offset, length);
    const first = this.#pieceAt(offset, offset + length);
    if (first.length === length && first.source !== undefined)
      return first.source.read(first.position, length);
    const target = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const piece = this.#pieceAt(offset + done, offset + length);
      if (piece.source !== undefined) target.set(readBytes(piece.source, piece.position, piece.length), done);
      done += piece.length;
    }
    return new DataView(target.buffer);
  }

  /** For bytes that were recovered: where they stand in the log. */
  originOf(offset: number, length: number): Origin | undefined {
    checkRange("the recovered hive", this.#sizeBytes, offset, length);
    const { source, position, length: lengthThere } = this.#pieceAt(offset, offset + length);
    return lengthThere === length ? source?.originOf?.(position, length) : undefined;
  }

  /** The longest piece that begins at `offset` and ends by `end`. */
  #pieceAt(offset: number, end: number): Piece {
    const place = this.#places.get(Math.floor(offset / SECTOR_SIZE));
    if (place === undefined) return this.#unpatchedPieceAt(offset, end);
    const position = (place % PLACE_FACTOR) + (offset % SECTOR_SIZE);
    let to = sectorEnd(offset);
    let next = place + SECTOR_SIZE;
    while (to < end && this.#places.get(to / SECTOR_SIZE) === next) {
      to += SECTOR_SIZE;
      next += SECTOR_SIZE;
    }
    return {
      source: this.#patches[Math.floor(place / PLACE_FACTOR)],
      position,
      length: Math.min(to, end) - offset,
    };
  }

  #unpatchedPieceAt(offset: number, end: number): Piece {
    const isInBase = offset < this.#base.sizeBytes;
    const limit = isInBase ? Math.min(end, this.#base.sizeBytes) : end;
    let to = sectorEnd(offset);
    while (to < limit && !this.#places.has(to / SECTOR_SIZE)) to += SECTOR_SIZE;
    return {
      source: isInBase ? this.#base : undefined,
      position: offset,
      length: Math.min(to, limit) - offset,
    };
  }
}

/** Larger than any log that is applied. */
const PLACE_FACTOR = 2 ** 32;

function sectorEnd(offset: number): number {
  return (Math.floor(offset / SECTOR_SIZE) + 1) * SECTOR_SIZE;
}
