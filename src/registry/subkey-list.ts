// SPDX-License-Identifier: MIT
import type { Cell, CellStore } from "./cells.ts";
import { HashedEntry, SIGNATURES, SubkeyListHeader } from "./layout.ts";
import { upcaseUnit } from "./upcase.ts";

/** Bytes of a bare offset, which is all an entry of `li` and `ri` is. */
const OFFSET_SIZE = 4;

/** More entries than this with the hint of one name tell too little: they are better searched by halves. */
const HINT_MATCH_COUNT_MAX = 4;

/** One list that names keys: `lf`, `lh` or `li`. */
export class SubkeyLeaf {
  readonly cell: Cell;
  readonly count: number;
  readonly #signature: number;
  readonly #entrySize: number;

  private constructor({ cell, signature, count }: List, entrySize: number) {
    this.cell = cell;
    this.count = count;
    this.#signature = signature;
    this.#entrySize = entrySize;
  }

  /** Throws REGF_LIST where the cell holds no leaf or has no room for its entries. */
  static open(cells: CellStore, offset: number): SubkeyLeaf {
    const list = openList(cells, offset);
    const entrySize = ENTRY_SIZES.get(list.signature);
    if (entrySize === undefined) {
      throw list.cell.error("REGF_LIST", `signature 0x${list.signature.toString(16)} is not that of a leaf`);
    }
    checkRoom(list, entrySize);
    return new SubkeyLeaf(list, entrySize);
  }

  /** Offset of the key that an entry names. */
  keyAt(entry: number): number {
    return this.cell
      .read(SubkeyListHeader.sizeBytes + entry * this.#entrySize, OFFSET_SIZE)
      .getUint32(0, true);
  }

  /** Offsets of all keys named, in stored order, with one read. */
  *keys(firstEntry = 0): Iterable<number> {
    const entries = this.#entries();
    for (let entry = firstEntry; entry < this.count; entry++) {
      yield entries.getUint32(entry * this.#entrySize, true);
    }
  }

  /**
   * The entries that may name the key with this upper-cased name, in stored order, or undefined where the list tells
   * too little. Opens no key.
   */
  candidates(upper: string): readonly number[] | undefined {
    if (this.#signature === SIGNATURES.hashLeaf) return matchHash(this.#entries(), hashOf(upper));
    if (this.#signature !== SIGNATURES.fastLeaf) return undefined;
    const matches = matchHint(this.#entries(), upper);
    return matches.length > HINT_MATCH_COUNT_MAX ? undefined : matches;
  }

  #entries(): DataView {
    return this.cell.read(SubkeyListHeader.sizeBytes, this.count * this.#entrySize);
  }
}

const ENTRY_SIZES: ReadonlyMap<number, number> = new Map([
  [SIGNATURES.fastLeaf, HashedEntry.sizeBytes],
  [SIGNATURES.hashLeaf, HashedEntry.sizeBytes],
  [SIGNATURES.indexLeaf, OFFSET_SIZE],
]);

/**
 * The offsets of the leaves that a key's list consists of: those of an index root, or the list itself. An index root
 * below another is refused, by opening it as a leaf.
 */
export function leavesOf(cells: CellStore, offset: number): readonly number[] {
  const list = openList(cells, offset);
  if (list.signature !== SIGNATURES.indexRoot) return [offset];
  checkRoom(list, OFFSET_SIZE);
  const entries = list.cell.read(SubkeyListHeader.sizeBytes, list.count * OFFSET_SIZE);
  return Array.from({ length: list.count }, (_, index) => entries.getUint32(index * OFFSET_SIZE, true));
}

/** The hash of `lh` entries: of the upper-cased name, modulo 2^32. */
export function hashOf(upper: string): number {
  let hash = 0;
  for (let index = 0; index < upper.length; index++) {
    hash = (Math.imul(hash, 37) + upper.charCodeAt(index)) >>> 0;
  }
  return hash;
}

function matchHash(entries: DataView, hash: number): number[] {
  const matches: number[] = [];
  for (let at = 0; at < entries.byteLength; at += HashedEntry.sizeBytes) {
    if (entries.getUint32(at + HashedEntry.offsetOf.hint, true) === hash) {
      matches.push(at / HashedEntry.sizeBytes);
    }
  }
  return matches;
}

function matchHint(entries: DataView, upper: string): number[] {
  const matches: number[] = [];
  for (let at = 0; at < entries.byteLength; at += HashedEntry.sizeBytes) {
    if (hintFits(entries, at + HashedEntry.offsetOf.hint, upper)) matches.push(at / HashedEntry.sizeBytes);
  }
  return matches;
}

const HINT_LENGTH = 4;

/** The hint is as spelled, padded with zeros; its first byte is zero where a character does not fit one byte. */
export function hintFits(entries: DataView, at: number, upper: string): boolean {
  if (entries.getUint8(at) === 0) return true;
  for (let index = 0; index < HINT_LENGTH; index++) {
    const wanted = index < upper.length ? upper.charCodeAt(index) : 0;
    if (upcaseUnit(entries.getUint8(at + index)) !== wanted) return false;
  }
  return true;
}

interface List {
  readonly cell: Cell;
  readonly signature: number;
  readonly count: number;
}

function openList(cells: CellStore, offset: number): List {
  const cell = cells.open(offset, "subkey list");
  const { signature, count } = new SubkeyListHeader(cell.read(0, SubkeyListHeader.sizeBytes));
  return { cell, signature, count };
}

function checkRoom({ cell, count }: List, entrySize: number): void {
  if (SubkeyListHeader.sizeBytes + count * entrySize > cell.sizeBytes) {
    throw cell.error("REGF_LIST", `${count} entries do not fit into the ${cell.sizeBytes} bytes of the cell`);
  }
}
