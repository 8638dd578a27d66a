// SPDX-License-Identifier: MIT
import { readName } from "../cells.ts";
import { KEY_FLAGS, KeyNode, NO_OFFSET } from "../layout.ts";
import { leavesOf, SubkeyLeaf } from "../subkey-list.ts";
import { upcase } from "../upcase.ts";
import type { CellSpace } from "./cell-space.ts";
import {
  emptyLeaf,
  type LeafEntries,
  leafContent,
  leafFrom,
  rootContent,
  splitLeaf,
  withEntry,
  withoutEntry,
} from "./subkey-leaf.ts";

/** Where in the lists of a key a name is, or would be. */
interface Place {
  /** Offsets of all leaves. */
  readonly leaves: readonly number[];
  /** Index of the leaf. */
  readonly leaf: number;
  readonly entry: number;
  /** Offset of the key's cell, where there is a key of this name. */
  readonly key: number | undefined;
}

/**
 * The lists that name the subkeys of a key: one leaf, or an index root over several.
 *
 * They are known to be in order (admission.ts), so every search goes by halves, and a key that is not found where it
 * belongs is not there.
 */
export class SubkeyLists {
  readonly #space: CellSpace;

  constructor(space: CellSpace) {
    this.#space = space;
  }

  /** Offset of the subkey with this name in any letter case. */
  find(parent: KeyNode, name: string): number | undefined {
    return parent.subkeyCount === 0 ? undefined : this.#locate(parent, upcase(name)).key;
  }

  /** Offsets of all subkeys, in order. */
  *all(parent: KeyNode): Generator<number> {
    if (parent.subkeyCount === 0) return;
    const { store } = this.#space;
    for (const leaf of leavesOf(store, parent.subkeyList)) yield* SubkeyLeaf.open(store, leaf).keys();
  }

  /** Names a new subkey; `parent` must be open for changes. */
  insert(parent: KeyNode, name: string, key: number): void {
    if (parent.subkeyCount === 0) {
      const leaf = withEntry(emptyLeaf(this.#space.store.minorVersion), 0, name, key);
      parent.subkeyList = this.#space.put(leafContent(leaf));
    } else {
      const place = this.#locate(parent, upcase(name));
      const leaf = withEntry(this.#entriesAt(place), place.entry, name, key);
      this.#putLeaves(parent, place, splitLeaf(leaf));
    }
    parent.subkeyCount += 1;
  }

  /** Takes a subkey that is there out of the lists; `parent` must be open for changes. */
  remove(parent: KeyNode, name: string): void {
    const place = this.#locate(parent, upcase(name));
    parent.subkeyCount -= 1;
    if (parent.subkeyCount === 0) {
      for (const cell of this.cellsOf(parent.subkeyList)) this.#space.release(cell);
      parent.subkeyList = NO_OFFSET;
      return;
    }
    const leaf = withoutEntry(this.#entriesAt(place), place.entry);
    this.#putLeaves(parent, place, leaf.bytes.length === 0 ? [] : [leaf]);
  }

  /** Offsets of the cells that a list takes: its leaves, and the index root over them. */
  cellsOf(list: number): number[] {
    const leaves = leavesOf(this.#space.store, list);
    return leaves.length === 1 && leaves[0] === list ? [list] : [...leaves, list];
  }

  #entriesAt({ leaves, leaf }: Place): LeafEntries {
    return leafFrom(this.#space.view(leaves[leaf] ?? NO_OFFSET));
  }

  /** Puts leaves in the place of one. */
  #putLeaves(parent: KeyNode, { leaves, leaf }: Place, contents: readonly LeafEntries[]): void {
    const old = leaves[leaf] ?? NO_OFFSET;
    const hasRoot = parent.subkeyList !== old;
    const [first, ...others] = contents.map(leafContent);
    const cells = first === undefined ? [] : [this.#space.replace(old, first)];
    if (first === undefined) this.#space.release(old);
    for (const content of others) cells.push(this.#space.put(content));

    const [only] = cells;
    if (!hasRoot && only !== undefined && cells.length === 1) {
      parent.subkeyList = only;
    } else if (cells.length !== 1 || only !== old) {
      const root = rootContent(leaves.toSpliced(leaf, 1, ...cells));
      parent.subkeyList = hasRoot ? this.#space.replace(parent.subkeyList, root) : this.#space.put(root);
    }
  }

  #locate(parent: KeyNode, upper: string): Place {
    const leaves = leavesOf(this.#space.store, parent.subkeyList);
    const leaf = this.#leafFor(leaves, upper);
    const list = SubkeyLeaf.open(this.#space.store, leaves[leaf] ?? NO_OFFSET);
    let low = 0;
    let high = list.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const name = this.#upperNameOf(list.keyAt(middle));
      if (name === upper) return { leaves, leaf, entry: middle, key: list.keyAt(middle) };
      if (name < upper) low = middle + 1;
      else high = middle;
    }
    return { leaves, leaf, entry: low, key: undefined };
  }

  /** The last leaf whose first name is not greater, else the first one that has entries. */
  #leafFor(leaves: readonly number[], upper: string): number {
    if (leaves.length === 1) return 0;
    let best: number | undefined;
    let low = 0;
    let high = leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const probe = this.#firstFilled(leaves, middle, high);
      if (probe === undefined || this.#firstNameOf(leaves, probe) > upper) {
        high = middle;
      } else {
        best = probe;
        low = probe + 1;
      }
    }
    return best ?? this.#firstFilled(leaves, 0, leaves.length) ?? 0;
  }

  /** The first leaf in [from, to) with entries; hivex may leave an empty one where it deleted keys. */
  #firstFilled(leaves: readonly number[], from: number, to: number): number | undefined {
    for (let index = from; index < to; index++) if (this.#leafAt(leaves, index).count > 0) return index;
    return undefined;
  }

  #firstNameOf(leaves: readonly number[], index: number): string {
    return this.#upperNameOf(this.#leafAt(leaves, index).keyAt(0));
  }

  #leafAt(leaves: readonly number[], index: number): SubkeyLeaf {
    return SubkeyLeaf.open(this.#space.store, leaves[index] ?? NO_OFFSET);
  }

  #upperNameOf(key: number): string {
    const cell = this.#space.store.open(key, "key");
    const { nameLength, flags } = new KeyNode(cell.read(0, KeyNode.sizeBytes));
    return upcase(readName(cell, KeyNode.sizeBytes, nameLength, (flags & KEY_FLAGS.compressedName) !== 0));
  }
}
