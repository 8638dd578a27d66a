// SPDX-License-Identifier: MIT
import type { CellStore } from "./cells.ts";
import { leavesOf, SubkeyLeaf } from "./subkey-list.ts";
import { isAscii, upcase } from "./upcase.ts";

/**
 * Longest leaf whose entries are all looked at before any key is opened. Entries lie side by side, 512 to a page, but
 * every key opened may cost a page of its own: a search by halves reads less only beyond this.
 */
const SCAN_COUNT_MAX = 4096;

/** Smallest cell that a key can have: no hive has more keys than its bins have room for these. */
const KEY_CELL_SIZE_MIN = 80;

/**
 * The subkeys of one key, which the hive lists in the order of their upper-cased names: in one leaf, or in several under
 * an index root.
 *
 * A search trusts order and hashes as Windows does: a key that Windows would not find is not found here. There is one
 * exception. Names beyond ASCII are in the end looked for one by one, because other programs (hivex) hash and sort
 * them differently, and because Windows XP upper-cased fewer letters.
 */
export class SubkeyIndex<Key extends { readonly name: string }> {
  readonly #cells: CellStore;
  readonly #openKey: (cell: number) => Key;
  readonly #leaves: readonly number[];

  /** `list` is the offset that the parent gives; `openKey` makes a key of a cell's offset. */
  constructor(cells: CellStore, list: number, openKey: (cell: number) => Key) {
    this.#cells = cells;
    this.#openKey = openKey;
    this.#leaves = leavesOf(cells, list);
  }

  /** All subkeys, in stored order. */
  all(): Iterable<Key> {
    return this.#from(0, 0);
  }

  /** The subkey of this name in any letter case. */
  find(name: string): Key | undefined {
    const upper = upcase(name);
    const index = this.#leafFor(upper);
    const found = index === undefined ? undefined : this.#findInLeaf(this.#leafAt(index), upper);
    if (found !== undefined || isAscii(upper)) return found;
    for (const key of this.all()) if (upcase(key.name) === upper) return key;
    return undefined;
  }

  /** The subkeys whose names begin with `prefix` in any letter case, in stored order. */
  *startingWith(prefix: string): Iterable<Key> {
    const upper = upcase(prefix);
    const index = this.#leafFor(upper) ?? 0;
    if (index >= this.#leaves.length) return;
    const entry = this.#firstNotLess(this.#leafAt(index), upper);
    for (const key of this.#from(index, entry)) {
      if (!upcase(key.name).startsWith(upper)) return;
      yield key;
    }
  }

  *#from(firstLeaf: number, firstEntry: number): Iterable<Key> {
    const countMax = Math.floor(this.#cells.binsSize / KEY_CELL_SIZE_MIN);
    let count = 0;
    for (let index = firstLeaf; index < this.#leaves.length; index++) {
      const leaf = this.#leafAt(index);
      for (const cell of leaf.keys(index === firstLeaf ? firstEntry : 0)) {
        if (++count > countMax)
          throw leaf.cell.error("REGF_LIST", "more keys are listed than the hive has room for");
        yield this.#openKey(cell);
      }
    }
  }

  #findInLeaf(leaf: SubkeyLeaf, upper: string): Key | undefined {
    const candidates = leaf.count > SCAN_COUNT_MAX ? undefined : leaf.candidates(upper);
    for (const entry of candidates ?? [this.#firstNotLess(leaf, upper)]) {
      if (entry === leaf.count) return undefined;
      const key = this.#openKey(leaf.keyAt(entry));
      if (upcase(key.name) === upper) return key;
    }
    return undefined;
  }

  /** The last leaf whose first name is not greater: the only one that can hold the name. */
  #leafFor(upper: string): number | undefined {
    if (this.#leaves.length === 1) return 0;
    let best: number | undefined;
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const probe = this.#firstFilledLeaf(middle, high);
      if (probe === undefined || this.#upperNameAt(this.#leafAt(probe), 0) > upper) {
        high = middle;
      } else {
        best = probe;
        low = probe + 1;
      }
    }
    return best;
  }

  /** The first leaf in [from, to) that has entries; hivex may leave an empty one where it deleted keys. */
  #firstFilledLeaf(from: number, to: number): number | undefined {
    for (let index = from; index < to; index++) if (this.#leafAt(index).count > 0) return index;
    return undefined;
  }

  /** The first entry whose name is not less, or the number of entries. */
  #firstNotLess(leaf: SubkeyLeaf, upper: string): number {
    let low = 0;
    let high = leaf.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#upperNameAt(leaf, middle) < upper) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #leafAt(index: number): SubkeyLeaf {
    return SubkeyLeaf.open(this.#cells, this.#leaves[index] ?? 0);
  }

  #upperNameAt(leaf: SubkeyLeaf, entry: number): string {
    return upcase(this.#openKey(leaf.keyAt(entry)).name);
  }
}
