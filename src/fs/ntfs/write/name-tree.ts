// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { FileNameCollation, FoldedName } from "../collation.ts";
import {
  blockRoom,
  compareName,
  type NodeFormat,
  nameOf,
  sizeOfEntries,
  type TreeEntry,
  type TreeNode,
} from "./tree-node.ts";

/** The same as when reading: no real tree is deeper. */
const DEPTH_MAX = 16;

/** One entry goes up, and one stays on either side. The usual block of 4 KiB holds six of the longest names. */
const SPLIT_ENTRIES_MIN = 3;

/** Where the nodes of a tree come from and go to. */
export interface NodeStore {
  readonly format: NodeFormat;
  loadRoot(): TreeNode;
  load(block: number): TreeNode;
  /** A block that nothing uses, not even an image on which the changes were cut short. */
  takeBlock(): number;
  freeBlock(block: number): void;
  /** What the entries of the root may take, header and end entry included. */
  rootRoom(root: TreeNode): number;
}

/** Where a name stands in a tree, or would stand. */
interface Place {
  readonly node: TreeNode;
  readonly index: number;
  readonly isFound: boolean;
}

/**
 * The names of a directory as a B+ tree, changed in memory: nodes that do not fit are split at their middle, leaves that
 * become empty are taken out. Nothing is written here; {@link changed} tells what would have to be.
 */
export class NameTree {
  readonly root: TreeNode;
  /** Nodes that are not as they were loaded, the root perhaps among them. */
  readonly changed = new Set<TreeNode>();
  readonly #store: NodeStore;
  readonly #collation: FileNameCollation;
  readonly #nodes = new Map<number, TreeNode>();

  constructor(store: NodeStore, collation: FileNameCollation) {
    this.#store = store;
    this.#collation = collation;
    this.root = store.loadRoot();
  }

  /** The entry that Windows would find under a name: the one spelled exactly so, else one that differs in case only. */
  find(name: string): TreeEntry | undefined {
    const target = this.#collation.fold(name);
    const folded = this.#descend(target, false);
    if (!folded.isFound) return undefined;
    const exact = this.#descend(target, true);
    const { node, index } = exact.isFound ? exact : folded;
    return node.entries[index];
  }

  /** The entry spelled exactly so; throws NTFS_WRITE_DAMAGED. */
  require(name: string): TreeEntry {
    const { node, index } = this.#require(name);
    return node.entries[index] as TreeEntry;
  }

  /** The first entries of the tree in their order, up to `countMax`. */
  first(countMax: number): TreeEntry[] {
    const entries: TreeEntry[] = [];
    this.#collect(this.root, entries, countMax, 0);
    return entries;
  }

  /** Adds an entry whose name the directory does not have. */
  insert(entry: TreeEntry): void {
    const place = this.#descend(this.#collation.fold(nameOf(entry)), true);
    // Whoever adds a name has looked for it before: a tree that hides it is out of order.
    if (place.isFound) throw this.#damage("the names are not in order");
    place.node.entries.splice(place.index, 0, entry);
    this.changed.add(place.node);
    this.#split(place.node);
  }

  /** Puts another entry of the same name and length in the place of one. */
  replace(entry: TreeEntry): void {
    const place = this.#require(nameOf(entry));
    if (place.node.entries[place.index]?.length !== entry.length)
      throw new TypeError("the entry changed its length");
    place.node.entries[place.index] = entry;
    this.changed.add(place.node);
  }

  /** Removes the entry spelled exactly so, and gives it. */
  remove(name: string): TreeEntry {
    const place = this.#require(name);
    const { node, index } = place;
    const entry = node.entries[index] as TreeEntry;
    if (node.children.length === 0) {
      node.entries.splice(index, 1);
      this.changed.add(node);
      this.#dropEmpty(node);
      return entry;
    }
    // The name that follows takes its place. Taking that one out of its leaf may have moved things, so look again.
    const successor = this.#firstLeaf(this.#child(node, index + 1)).entries[0];
    if (successor === undefined) throw this.#damage("a leaf is empty");
    this.remove(nameOf(successor));
    const again = this.#require(name);
    if (again.node.children.length === 0) {
      this.remove(name);
      this.insert(successor);
    } else {
      again.node.entries[again.index] = successor;
      this.changed.add(again.node);
      this.#split(again.node);
    }
    return entry;
  }

  /** Gives a node another block. */
  move(node: TreeNode, block: number): void {
    const { parent } = node;
    const old = node.block;
    if (parent === undefined || old === undefined) throw new TypeError("the root has no block");
    parent.children[parent.children.indexOf(old)] = block;
    this.changed.add(parent);
    this.#nodes.delete(old);
    this.#nodes.set(block, node);
    node.block = block;
  }

  /** Moves all that the root holds one level down, and tells whether there was anything to move. */
  pushDown(): boolean {
    const { root } = this;
    if (root.entries.length === 0) return false;
    const child = this.#newNode(root, root.entries, root.children);
    root.entries = [];
    root.children = [child.block as number];
    this.changed.add(root);
    this.#fit(child);
    return true;
  }

  #require(name: string): Place {
    const place = this.#descend(this.#collation.fold(name), true);
    if (place.isFound) return place;
    throw this.#damage(`the directory does not list ${name}`);
  }

  #descend(target: FoldedName, exactly: boolean): Place {
    let node = this.root;
    for (let depth = 0; ; depth++) {
      const { index, isFound } = this.#search(node, target, exactly);
      if (isFound || node.children.length === 0) return { node, index, isFound };
      if (depth === DEPTH_MAX) throw this.#damage(`the tree is deeper than ${DEPTH_MAX} levels`);
      node = this.#child(node, index);
    }
  }

  /** Index of the first entry that is not before the target, by binary search. */
  #search({ entries }: TreeNode, target: FoldedName, exactly: boolean): { index: number; isFound: boolean } {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareName(this.#collation, target, entries[middle] as TreeEntry, exactly);
      if (order === 0) return { index: middle, isFound: true };
      if (order < 0) high = middle;
      else low = middle + 1;
    }
    return { index: low, isFound: false };
  }

  #child(node: TreeNode, index: number): TreeNode {
    const block = node.children[index];
    if (block === undefined) throw this.#damage("an entry has no child");
    const known = this.#nodes.get(block);
    if (known !== undefined) {
      if (known.parent !== node) throw this.#damage(`the tree leads to block ${block} twice`);
      return known;
    }
    const child = this.#store.load(block);
    child.parent = node;
    this.#nodes.set(block, child);
    return child;
  }

  #firstLeaf(node: TreeNode): TreeNode {
    let leaf = node;
    for (let depth = 0; leaf.children.length > 0; depth++) {
      if (depth === DEPTH_MAX) throw this.#damage(`the tree is deeper than ${DEPTH_MAX} levels`);
      leaf = this.#child(leaf, 0);
    }
    return leaf;
  }

  #collect(node: TreeNode, entries: TreeEntry[], countMax: number, depth: number): void {
    if (depth > DEPTH_MAX) throw this.#damage(`the tree is deeper than ${DEPTH_MAX} levels`);
    for (let index = 0; index <= node.entries.length && entries.length < countMax; index++) {
      if (node.children.length > 0) this.#collect(this.#child(node, index), entries, countMax, depth + 1);
      const entry = node.entries[index];
      if (entry !== undefined && entries.length < countMax) entries.push(entry);
    }
  }

  #newNode(parent: TreeNode, entries: TreeEntry[], children: number[]): TreeNode {
    const block = this.#store.takeBlock();
    const node: TreeNode = { block, parent, entries, children, updateSequence: 0, lsn: 0n };
    for (const child of children) {
      const known = this.#nodes.get(child);
      if (known !== undefined) known.parent = node;
    }
    this.#nodes.set(block, node);
    this.changed.add(node);
    return node;
  }

  /** Splits a node that has too many entries, and those above it that have too many then. */
  #split(start: TreeNode): void {
    let node = start;
    while (node.parent !== undefined && sizeOfEntries(node) > blockRoom(this.#store.format)) {
      this.#fit(node);
      node = node.parent;
    }
    // What is moved down may leave names behind that go down themselves, a level at a time.
    for (let level = 0; node === this.root && sizeOfEntries(node) > this.#store.rootRoom(node); level++) {
      if (level === DEPTH_MAX || !this.pushDown()) break;
    }
  }

  /** Halves a node until every part fits its block: once, but where a name is very long, or the root held more than that. */
  #fit(node: TreeNode): void {
    if (sizeOfEntries(node) <= blockRoom(this.#store.format)) return;
    const upper = this.#halve(node);
    this.#fit(node);
    this.#fit(upper);
  }

  /** Moves the upper half of a node into a new one, and the entry between the halves up. */
  #halve(node: TreeNode): TreeNode {
    const { parent } = node;
    if (parent === undefined || node.block === undefined) throw new TypeError("the root is not halved");
    const middle = middleOf(node.entries);
    const separator = node.entries[middle];
    if (separator === undefined || node.entries.length < SPLIT_ENTRIES_MIN) {
      const message = "two names do not fit one index block, and a block may not be empty";
      throw new VmguestError("NTFS_WRITE_TARGET", message, { structure: "directory index" });
    }
    const upper = this.#newNode(parent, node.entries.slice(middle + 1), node.children.slice(middle + 1));
    node.entries = node.entries.slice(0, middle);
    node.children = node.children.slice(0, middle + 1);
    const index = parent.children.indexOf(node.block);
    parent.entries.splice(index, 0, separator);
    parent.children.splice(index + 1, 0, upper.block as number);
    this.changed.add(node);
    this.changed.add(parent);
    return upper;
  }

  /**
   * Takes a leaf without entries out of the tree, together with the entry beside it in its parent, which goes back in
   * where it belongs. A parent that led to nothing else goes too, up to the root, which becomes a leaf again.
   */
  #dropEmpty(start: TreeNode): void {
    let node = start;
    for (;;) {
      const { parent, block } = node;
      if (parent === undefined || block === undefined || node.entries.length > 0) return;
      this.#store.freeBlock(block);
      this.#nodes.delete(block);
      this.changed.delete(node);
      this.changed.add(parent);
      const index = parent.children.indexOf(block);
      parent.children.splice(index, 1);
      if (parent.entries.length > 0) {
        const [separator] = parent.entries.splice(Math.min(index, parent.entries.length - 1), 1);
        this.insert(separator as TreeEntry);
        return;
      }
      node = parent;
    }
  }

  #damage(message: string): VmguestError {
    return new VmguestError("NTFS_WRITE_DAMAGED", message, { structure: "directory index" });
  }
}

/** Index of the entry that stands in the middle by bytes, with at least one entry on either side where there are three. */
function middleOf(entries: readonly TreeEntry[]): number {
  let total = 0;
  for (const entry of entries) total += entry.length;
  let before = 0;
  for (const [index, entry] of entries.entries()) {
    before += entry.length;
    if (before * 2 >= total) return Math.min(Math.max(index, 1), Math.max(entries.length - 2, 0));
  }
  return 0;
}
