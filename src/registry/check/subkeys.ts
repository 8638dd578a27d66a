// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import type { Cell } from "../cells.ts";
import { HashedEntry, SIGNATURES, SubkeyListHeader } from "../layout.ts";
import { hashOf, hintFits } from "../subkey-list.ts";
import type { HiveCells } from "./hive-cells.ts";

/** An entry of a subkey list. */
export interface ListedKey {
  /** Offset of the key's cell from the first bin. */
  readonly key: number;
  /** File offset of the list. */
  readonly owner: number;
  /** Whether what the entry says of the name fits this upper-cased one. */
  hintFits(upper: string): boolean;
}

interface LeafKind {
  readonly entrySize: number;
  readonly sinceMinor: number;
  readonly fits: (entries: DataView, hintAt: number, upper: string) => boolean;
}

const OFFSET_SIZE = 4;

/** Kinds of leaves and the minor version that brought them (section "Format version"). */
const LEAF_KINDS: ReadonlyMap<number, LeafKind> = new Map([
  [SIGNATURES.indexLeaf, { entrySize: OFFSET_SIZE, sinceMinor: 0, fits: () => true }],
  [SIGNATURES.fastLeaf, { entrySize: HashedEntry.sizeBytes, sinceMinor: 3, fits: hintFits }],
  [
    SIGNATURES.hashLeaf,
    {
      entrySize: HashedEntry.sizeBytes,
      sinceMinor: 5,
      fits: (entries, at, upper) => entries.getUint32(at, true) === hashOf(upper),
    },
  ],
]);

/** The entries of a key's subkey list, over all leaves of an index root, and what is wrong with the list itself. */
export function* subkeysOf(
  cells: HiveCells,
  offset: number,
  owner: number,
): Generator<Finding | ListedKey, void> {
  const cell = yield* cells.claim(offset, "subkey list", owner);
  if (cell === undefined) return;
  if (cell.signature !== SIGNATURES.indexRoot) {
    yield* leafEntries(cells, cell);
    return;
  }
  const leaves = yield* attempt(() => entriesOf(cell, OFFSET_SIZE));
  for (let at = 0; leaves !== undefined && at < leaves.byteLength; at += OFFSET_SIZE) {
    const leaf = yield* cells.claim(leaves.getUint32(at, true), "subkey list", cell.offset);
    if (leaf !== undefined) yield* leafEntries(cells, leaf);
  }
}

function* leafEntries(cells: HiveCells, cell: Cell): Generator<Finding | ListedKey, void> {
  const where = { structure: cell.structure, offset: cell.offset };
  const kind = LEAF_KINDS.get(cell.signature);
  if (kind === undefined) {
    const message = `signature 0x${cell.signature.toString(16)} is not that of a leaf`;
    yield finding("REGF_LIST", message, where);
    return;
  }
  const { minorVersion } = cells.store;
  if (minorVersion < kind.sinceMinor) {
    const message = `version 1.${minorVersion} does not have such lists, version 1.${kind.sinceMinor} does`;
    yield finding("REGF_LIST_KIND", message, where);
  }
  const entries = yield* attempt(() => entriesOf(cell, kind.entrySize));
  for (let at = 0; entries !== undefined && at < entries.byteLength; at += kind.entrySize) {
    yield {
      key: entries.getUint32(at, true),
      owner: cell.offset,
      hintFits: (upper) => kind.fits(entries, at + HashedEntry.offsetOf.hint, upper),
    };
  }
}

/** Throws REGF_LIST where the cell has no room for them. */
function entriesOf(cell: Cell, entrySize: number): DataView {
  const { count } = new SubkeyListHeader(cell.read(0, SubkeyListHeader.sizeBytes));
  if (SubkeyListHeader.sizeBytes + count * entrySize > cell.sizeBytes) {
    throw cell.error("REGF_LIST", `${count} entries do not fit into the ${cell.sizeBytes} bytes of the cell`);
  }
  return cell.read(SubkeyListHeader.sizeBytes, count * entrySize);
}
