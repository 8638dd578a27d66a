// SPDX-License-Identifier: MIT
import { type ByteSource, type Change, readBytes } from "../../io/index.ts";
import { BASE_BLOCK_SIZE, BaseBlock, BIN_ALIGNMENT, BinHeader, CellHeader } from "../layout.ts";
import type { EarlyRange } from "./cell-space.ts";
import type { Pieces } from "./edited-image.ts";

const PAGE_SIZE = BIN_ALIGNMENT;

/**
 * The steps in which an edit reaches a hive file, each to be on the disk before the next one begins.
 *
 * - `replay`: the pages that the transaction logs hold newer; Windows would write the same.
 * - `recover`: the base block, which ends the recovery: from here on the logs are not looked at.
 * - `fresh`: what is to stand in bins that do not count yet and inside free cells, where nobody looks.
 * - `allocate`: the sizes of those cells, the base block's size of all bins, and limits and counts that go up.
 * - `link`: keys and values that now refer to the new cells. This is the edit; each changes in one page, or not.
 * - `release`: cells that nothing refers to any more become free, counts of security descriptors go down.
 * - `seal`: the base block's sequence numbers, above those in every log.
 */
export const EDIT_STEPS = ["replay", "recover", "fresh", "allocate", "link", "release", "seal"] as const;

/** One of {@link EDIT_STEPS}. */
export type EditStepName = (typeof EDIT_STEPS)[number];

/** Whole pages of the hive file, by ascending offset. */
export interface EditStep {
  readonly name: EditStepName;
  readonly changes: readonly Change[];
}

/** States of a hive in the course of an edit: the pieces that are not as they were before it. */
export interface EditStates {
  /** The hive before, with its logs applied. */
  readonly before: ByteSource;
  /** With all that is new, and all that is old as well. */
  readonly linked: Pieces;
  /** Without what is old. */
  readonly released: Pieces;
  /** With its final base block. */
  readonly sealed: Pieces;
  /** What may be written with `allocate`; cells are offsets from the first bin. */
  readonly earlyRanges: Iterable<EarlyRange>;
  /** Offset of the bin that holds a cell. */
  binOf(cell: number): number;
}

/** The steps from `fresh` on; those that change nothing are left out. */
export function stepsOf(states: EditStates): EditStep[] {
  const start = piecesBefore(states);
  const linked = new Map([...start, ...states.linked]);
  const fresh = freshOf(start, linked);
  const allocated = allocatedOf(start, fresh, linked, states);
  const released = new Map([...start, ...states.released]);
  return [
    stepBetween("fresh", start, fresh),
    stepBetween("allocate", fresh, allocated),
    stepBetween("link", allocated, linked),
    stepBetween("release", linked, released),
    stepBetween("seal", released, states.sealed),
  ].filter(({ changes }) => changes.length > 0);
}

/** The pieces that the edit touches, as they were; bins that it adds are not among them. */
function piecesBefore({ before, sealed }: EditStates): Pieces {
  const end = BASE_BLOCK_SIZE + new BaseBlock(before.read(0, BaseBlock.sizeBytes)).binsSize;
  return new Map(
    [...sealed]
      .filter(([offset]) => offset < end)
      .map(([offset, piece]) => [offset, readBytes(before, offset, piece.length)]),
  );
}

/** The hive before, with the new content where nobody looks. */
function freshOf(start: Pieces, linked: Pieces): Pieces {
  const fresh = new Map(linked);
  for (const [offset, old] of start) {
    const piece = old.slice();
    const next = linked.get(offset) ?? old;
    for (const { at, end } of freeCellsIn(offset, old)) {
      const content = at + CellHeader.sizeBytes;
      piece.set(next.subarray(content, end), content);
    }
    fresh.set(offset, piece);
  }
  return fresh;
}

/** The same, with the new cells in use. */
function allocatedOf(
  start: Pieces,
  fresh: Pieces,
  linked: Pieces,
  { earlyRanges, binOf }: EditStates,
): Pieces {
  const allocated = new Map(fresh);
  for (const [offset, old] of start) {
    const next = linked.get(offset) ?? old;
    if (offset === 0) {
      allocated.set(0, next);
      continue;
    }
    const piece = (fresh.get(offset) ?? old).slice();
    for (const { at } of freeCellsIn(offset, old)) {
      piece.set(next.subarray(at, at + CellHeader.sizeBytes), at);
    }
    allocated.set(offset, piece);
  }
  for (const { cell, at, length } of earlyRanges) {
    const bin = binOf(cell);
    const piece = allocated.get(BASE_BLOCK_SIZE + bin);
    const begin = cell - bin + CellHeader.sizeBytes + at;
    piece?.set(linked.get(BASE_BLOCK_SIZE + bin)?.subarray(begin, begin + length) ?? [], begin);
  }
  return allocated;
}

/** Where the free cells of a bin begin and end; the base block has none. */
function* freeCellsIn(offset: number, bin: Uint8Array): Generator<{ at: number; end: number }> {
  if (offset === 0) return;
  const view = new DataView(bin.buffer, bin.byteOffset, bin.byteLength);
  for (let at = BinHeader.sizeBytes; at < bin.length; ) {
    const { size } = new CellHeader(view, at);
    if (size > 0) yield { at, end: at + size };
    at += Math.abs(size);
  }
}

function stepBetween(name: EditStepName, from: Pieces, to: Pieces): EditStep {
  const changes: Change[] = [];
  for (const [offset, piece] of [...to].sort(([a], [b]) => a - b)) {
    const old = from.get(offset);
    for (let at = 0; at < piece.length; at += PAGE_SIZE) {
      const bytes = piece.subarray(at, at + PAGE_SIZE);
      if (old !== undefined && Buffer.compare(old.subarray(at, at + PAGE_SIZE), bytes) === 0) continue;
      changes.push({ offset: offset + at, bytes: bytes.slice() });
    }
  }
  return { name, changes };
}

/** The pages of two sources that differ in the bins, for `replay`. */
export function pagesThatDiffer(file: ByteSource, image: ByteSource): Change[] {
  const { binsSize } = new BaseBlock(image.read(0, BaseBlock.sizeBytes));
  const changes: Change[] = [];
  for (let offset = BASE_BLOCK_SIZE; offset < BASE_BLOCK_SIZE + binsSize; offset += PAGE_SIZE) {
    const bytes = readBytes(image, offset, PAGE_SIZE);
    if (!isPageOf(file, offset, bytes)) changes.push({ offset, bytes: bytes.slice() });
  }
  return changes;
}

/** What the pages of all steps come to; those that end up as they are in the file are left out. */
export function sumOf(file: ByteSource, steps: readonly EditStep[]): Change[] {
  const pages = new Map<number, Change>();
  for (const { changes } of steps) for (const change of changes) pages.set(change.offset, change);
  return [...pages.values()]
    .filter(({ offset, bytes }) => !isPageOf(file, offset, bytes))
    .sort((a, b) => a.offset - b.offset);
}

function isPageOf(file: ByteSource, offset: number, bytes: Uint8Array): boolean {
  if (offset + bytes.length > file.sizeBytes) return false;
  return Buffer.compare(readBytes(file, offset, bytes.length), bytes) === 0;
}
