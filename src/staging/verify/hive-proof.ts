// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { copyBytes, readBytes } from "../../io/index.ts";
import {
  BASE_BLOCK_SIZE,
  BaseBlock,
  BIN_ALIGNMENT,
  BinHeader,
  CellHeader,
  checksumOf,
  findBin,
  isIntact,
} from "../../registry/structures/index.ts";
import type { KeyChange, ValueChange } from "../plan.ts";
import { keyIntentsOf } from "./hive-intent.ts";
import { type ExplainedCells, HiveKeys } from "./hive-keys.ts";
import { HiveState } from "./hive-state.ts";
import { bytesOf, isSame, isZero, proofError, viewOf } from "./proof-error.ts";

/** Hives are compared in pieces of this size, whole pages. */
const PIECE_BYTES = 256 * BIN_ALIGNMENT;
const HALF_OF_SEQUENCES = 2 ** 31;

/** A hive's file, and the transaction logs beside it. */
export interface HiveFiles {
  readonly source: ByteSource;
  readonly logs: readonly ByteSource[];
}

export interface HiveProofRequest {
  readonly path: string;
  readonly before: HiveFiles;
  readonly after: HiveFiles;
  readonly changes: readonly (KeyChange | ValueChange)[];
  /** FILETIME of the change. */
  readonly time: bigint;
}

/** What was compared in a hive. */
export interface HiveProof {
  readonly path: string;
  /** Cells in the bins that differ, each of which was looked at by itself; those of all other bins are the same. */
  readonly cells: number;
}

/**
 * Shows that a hive differs in the planned keys and values alone. It is compared as a whole with what it was before, logs
 * applied: every cell is the same, or is new, changed or free now because of a planned key or value.
 *
 * Since the root stays where it is and every key is the same or was compared as planned, nothing else of the tree can
 * differ: no walk through all keys is needed. Inside free cells, where nothing refers to, bytes may differ.
 *
 * Throws STAGE_PROOF_HIVE, STAGE_PROOF_MISSING, STAGE_PROOF_UNEXPLAINED.
 */
export function proveHive({ path, before, after, changes, time }: HiveProofRequest): HiveProof {
  const old = new HiveState(path, before.source, before.logs);
  const next = new HiveState(path, after.source, after.logs);
  const fail = (message: string, offset: number) => proofError("STAGE_PROOF_HIVE", message, { path, offset });
  if (next.hive.recovery !== "clean") throw fail("the hive is not written completely", 0);
  const pages = differingPages(old, next);
  const isEdited = pages.length > 0 || next.block.binsSize !== old.block.binsSize;
  proveBase(old, next, isEdited, fail);
  const keys = new HiveKeys(old, next, time);
  keys.prove(keyIntentsOf(old, changes));
  let cells = 0;
  for (const bin of binsOf(old, pages)) cells += new BinProof(old, next, keys).prove(bin);
  for (let bin = old.block.binsSize; bin < next.block.binsSize; ) {
    const header = findBin(next.image, bin);
    if (header === undefined) throw fail("a new bin has no header", BASE_BLOCK_SIZE + bin);
    cells += new BinProof(old, next, keys).prove({ start: bin, sizeBytes: header.sizeBytes });
    bin += header.sizeBytes;
  }
  proveEnd(before.source, after.source, BASE_BLOCK_SIZE + next.block.binsSize, path);
  return { path, cells };
}

type Fail = (message: string, offset: number) => Error;

/** The base block is the same but for sequence numbers, size and time, and has the right checksum. */
function proveBase(old: HiveState, next: HiveState, isEdited: boolean, fail: Fail): void {
  const expected = copyBytes(old.image, 0, BASE_BLOCK_SIZE);
  const found = readBytes(next.image, 0, BASE_BLOCK_SIZE);
  if (!isEdited && isSame(expected, found)) return;
  const [block, after] = [new BaseBlock(viewOf(expected)), next.block];
  const ahead = (after.primarySequence - block.primarySequence + 2 ** 32) % 2 ** 32;
  if (after.secondarySequence !== after.primarySequence || ahead === 0 || ahead >= HALF_OF_SEQUENCES) {
    throw fail("the sequence numbers are not above those before", 4);
  }
  if (after.binsSize < block.binsSize) throw fail("the hive has become smaller", 40);
  if (after.lastWritten < block.lastWritten) throw fail("the time of the last write is an earlier one", 12);
  const { primarySequence, secondarySequence, binsSize, lastWritten } = after;
  Object.assign(block, { primarySequence, secondarySequence, binsSize, lastWritten });
  block.checksum = checksumOf(block);
  if (!isSame(expected, found) || !isIntact(after))
    throw fail("the base block differs in more than it should", 0);
}

/** Offsets from the first bin of the pages that differ, as far as the bins before reach. */
function differingPages(old: HiveState, next: HiveState): number[] {
  const pages: number[] = [];
  const end = Math.min(old.block.binsSize, next.block.binsSize);
  for (let at = 0; at < end; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, end - at);
    const [one, other] = [old, next].map(({ image }) => readBytes(image, BASE_BLOCK_SIZE + at, length));
    if (one === undefined || other === undefined || isSame(one, other)) continue;
    for (let page = 0; page < length; page += BIN_ALIGNMENT) {
      const pageEnd = page + BIN_ALIGNMENT;
      if (!isSame(one.subarray(page, pageEnd), other.subarray(page, pageEnd))) pages.push(at + page);
    }
  }
  return pages;
}

interface Bin {
  readonly start: number;
  readonly sizeBytes: number;
}

/** The bins that these pages belong to, by the headers before the change. */
function* binsOf(old: HiveState, pages: readonly number[]): Generator<Bin> {
  let index = 0;
  for (let start = 0; start < old.block.binsSize && index < pages.length; ) {
    const header = findBin(old.image, start);
    if (header === undefined) {
      throw proofError("STAGE_PROOF_UNREADABLE", "a bin has no header", {
        path: old.path,
        offset: BASE_BLOCK_SIZE + start,
      });
    }
    const end = start + header.sizeBytes;
    if ((pages[index] ?? end) < end) yield { start, sizeBytes: header.sizeBytes };
    while ((pages[index] ?? end) < end) index++;
    start = end;
  }
}

interface CellPlace {
  /** Offset from the first bin. */
  readonly cell: number;
  readonly sizeBytes: number;
  readonly isFree: boolean;
}

/** Accounts for the cells of one bin. */
class BinProof {
  readonly #before: HiveState;
  readonly #after: HiveState;
  readonly #explained: ExplainedCells;

  constructor(before: HiveState, after: HiveState, explained: ExplainedCells) {
    this.#before = before;
    this.#after = after;
    this.#explained = explained;
  }

  /** The number of its cells. */
  prove(bin: Bin): number {
    const isNew = bin.start >= this.#before.block.binsSize;
    const next = readBytes(this.#after.image, BASE_BLOCK_SIZE + bin.start, bin.sizeBytes);
    const old = isNew ? undefined : readBytes(this.#before.image, BASE_BLOCK_SIZE + bin.start, bin.sizeBytes);
    this.#proveHeader(bin, old, next);
    const before = old === undefined ? [] : this.#cellsIn(bin, old);
    const after = this.#cellsIn(bin, next);
    let from = 0;
    for (const place of after) {
      const end = place.cell + place.sizeBytes;
      while (from < before.length && endOf(before[from]) <= place.cell) from++;
      const overlapped: CellPlace[] = [];
      for (let index = from; index < before.length && (before[index]?.cell ?? end) < end; index++) {
        const one = before[index];
        if (one !== undefined) overlapped.push(one);
      }
      this.#proveCell(place, overlapped, () => {
        const [at, to] = [place.cell - bin.start, end - bin.start];
        return old !== undefined && isSame(old.subarray(at, to), next.subarray(at, to));
      });
    }
    return after.length;
  }

  #proveCell(place: CellPlace, overlapped: readonly CellPlace[], isUnchanged: () => boolean): void {
    const { fresh, changed, released } = this.#explained;
    const { cell, sizeBytes, isFree } = place;
    const [same] = overlapped;
    const isKept =
      !isFree && same !== undefined && !same.isFree && same.cell === cell && same.sizeBytes === sizeBytes;
    if (isKept && !released.has(cell)) {
      if (changed.has(cell) || isUnchanged()) return;
      throw this.#fail("a cell differs that nothing was planned for", cell);
    }
    if (!isFree && !fresh.has(cell)) throw this.#fail("a cell is in use that nothing was planned for", cell);
    const lost = overlapped.find((one) => !one.isFree && !released.has(one.cell));
    if (lost !== undefined)
      throw this.#fail("a cell in use was given up that nothing was planned for", lost.cell);
  }

  /** The header of a bin is the same; but the first one may have the time of the base block. */
  #proveHeader({ start, sizeBytes }: Bin, old: Uint8Array | undefined, next: Uint8Array): void {
    const expected = (old ?? new Uint8Array(BinHeader.sizeBytes)).slice(0, BinHeader.sizeBytes);
    const header = new BinHeader(viewOf(expected));
    if (old === undefined) Object.assign(header, { signature: "hbin", offset: start, sizeBytes });
    const found = next.subarray(0, BinHeader.sizeBytes);
    if (start === 0 && !isSame(expected, found)) header.timestamp = this.#after.block.lastWritten;
    if (!isSame(expected, found)) throw this.#fail("the header of a bin differs", start);
  }

  #cellsIn({ start, sizeBytes }: Bin, bytes: Uint8Array): CellPlace[] {
    const view = viewOf(bytes);
    const cells: CellPlace[] = [];
    for (let at: number = BinHeader.sizeBytes; at < sizeBytes; ) {
      const { size } = new CellHeader(view, at);
      const length = Math.abs(size);
      if (length < 8 || length % 8 !== 0 || at + length > sizeBytes) {
        throw this.#fail("a cell has an impossible size", start + at);
      }
      cells.push({ cell: start + at, sizeBytes: length, isFree: size > 0 });
      at += length;
    }
    return cells;
  }

  #fail(message: string, cell: number) {
    const { path } = this.#after;
    return proofError("STAGE_PROOF_HIVE", message, {
      path,
      structure: "hive cell",
      offset: BASE_BLOCK_SIZE + cell,
    });
  }
}

const endOf = (place: CellPlace | undefined) => (place === undefined ? 0 : place.cell + place.sizeBytes);

/** Behind the last bin, the file holds what it held before, or zeros where it is longer. */
function proveEnd(before: ByteSource, after: ByteSource, from: number, path: string): void {
  for (let at = from; at < after.sizeBytes; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, after.sizeBytes - at);
    const found = bytesOf(after.read(at, length));
    const kept = Math.max(0, Math.min(length, before.sizeBytes - at));
    const isRight =
      isZero(found.subarray(kept)) &&
      (kept === 0 || isSame(found.subarray(0, kept), readBytes(before, at, kept)));
    if (isRight) continue;
    throw proofError("STAGE_PROOF_UNEXPLAINED", "bytes behind the last bin of the hive differ", {
      path,
      offset: at,
    });
  }
  if (after.sizeBytes < Math.max(from, before.sizeBytes)) {
    throw proofError("STAGE_PROOF_HIVE", "the file of the hive has become shorter", { path });
  }
}
