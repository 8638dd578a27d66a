// SPDX-License-Identifier: MIT
import { KEY_FLAGS, KeyNode, NO_OFFSET, SIGNATURES } from "../layout.ts";
import type { CellSpace } from "./cell-space.ts";
import { KeyValues, keyError } from "./key-values.ts";
import { storeName } from "./names.ts";
import { SecurityCounts } from "./security-counts.ts";
import { SubkeyLists } from "./subkey-lists.ts";

/**
 * In the second byte of the access bits, since Windows 10 1607: how the key of a container's hive lies over that of
 * another one, and whether it takes over its class. Section "Key node".
 */
const LAYER_BITS = 0x83;

/** Windows allows no key further below the root. */
const DEPTH_MAX = 512;

/** The fields of a key that change with its values and subkeys. */
const CONTENT_START = KeyNode.offsetOf.lastWritten;
const CONTENT_SIZE = KeyNode.offsetOf.security - CONTENT_START;

/** The cells of a key and everything below it. */
interface Tree {
  readonly cells: number[];
  /** For each key, its cell and the descriptor that it uses. */
  readonly keys: { readonly cell: number; readonly security: number }[];
}

/** Keys, by the offsets of their cells. */
export class KeyCells {
  readonly subkeys: SubkeyLists;
  readonly values: KeyValues;
  readonly security: SecurityCounts;
  readonly #space: CellSpace;
  readonly #now: bigint;

  constructor(space: CellSpace, now: bigint) {
    this.#space = space;
    this.#now = now;
    this.subkeys = new SubkeyLists(space);
    this.values = new KeyValues(space);
    this.security = new SecurityCounts(space);
  }

  /** A key, to be read. Throws HIVE_EDIT_KEY_KIND where an edit of it would not mean what it seems to. */
  view(key: number): KeyNode {
    const node = new KeyNode(this.#space.view(key));
    const kind = kindOf(node);
    if (kind !== undefined) throw keyError("HIVE_EDIT_KEY_KIND", key, `the key is ${kind}`);
    return node;
  }

  /** The same, to be changed; it gets the time of the edit. */
  edit(key: number): KeyNode {
    const node = new KeyNode(this.#space.edit(key));
    node.lastWritten = this.#now;
    const isWhole = this.#space.isOwn(key) || this.#space.isInOnePage(key, CONTENT_START, CONTENT_SIZE);
    if (!isWhole) this.#space.noteTearable();
    return node;
  }

  /** Makes a key without values below another, with its security; gives its offset. */
  create(parent: number, name: string): number {
    const { security } = new KeyNode(this.#space.view(parent));
    const { bytes, isCompressed } = storeName(name);
    const key = this.#space.allocate(KeyNode.sizeBytes + bytes.length);
    const content = this.#space.edit(key);
    Object.assign(new KeyNode(content), {
      signature: SIGNATURES.key,
      flags: isCompressed ? KEY_FLAGS.compressedName : 0,
      lastWritten: this.#now,
      parent,
      subkeyList: NO_OFFSET,
      volatileSubkeyList: NO_OFFSET,
      valueList: NO_OFFSET,
      security,
      className: NO_OFFSET,
      nameLength: bytes.length,
    } satisfies Partial<KeyNode>);
    new Uint8Array(content.buffer, content.byteOffset, content.byteLength).set(bytes, KeyNode.sizeBytes);
    this.security.raise(security);

    const node = this.edit(parent);
    this.subkeys.insert(node, name, key);
    node.subkeyNameMax = Math.max(node.subkeyNameMax, name.length * 2);
    this.#space.noteEarly(parent, KeyNode.offsetOf.subkeyNameMax, 2);
    return key;
  }

  /** Everything that goes with a key. Throws HIVE_EDIT_KEY_KIND, HIVE_EDIT_KEY_KEPT for what may not be deleted. */
  treeOf(key: number): Tree {
    const tree: Tree = { cells: [], keys: [] };
    this.#collect(key, tree, 0);
    return tree;
  }

  /** Deletes a key with all that {@link treeOf} gave for it. */
  remove(parent: number, name: string, { cells, keys }: Tree): void {
    this.subkeys.remove(this.edit(parent), name);
    for (const { cell, security } of keys) this.security.lower(security, this.#space.isOwn(cell));
    for (const cell of cells) this.#space.release(cell);
  }

  #collect(key: number, tree: Tree, depth: number): void {
    const node = this.view(key);
    if ((node.flags & KEY_FLAGS.noDelete) !== 0) {
      throw keyError("HIVE_EDIT_KEY_KEPT", key, "the key is marked as one that is never deleted");
    }
    if (depth > DEPTH_MAX)
      throw keyError("HIVE_EDIT_KEY_KIND", key, `the key is more than ${DEPTH_MAX} levels deep`);
    tree.keys.push({ cell: key, security: node.security });
    for (const subkey of this.subkeys.all(node)) this.#collect(subkey, tree, depth + 1);
    for (const cell of this.values.cellsOf(node)) tree.cells.push(cell);
    if (node.subkeyCount > 0) for (const cell of this.subkeys.cellsOf(node.subkeyList)) tree.cells.push(cell);
    if (node.classNameLength > 0) tree.cells.push(node.className);
    tree.cells.push(key);
  }
}

/** What a key is that cannot be edited, or undefined for an ordinary one. */
function kindOf({ flags, accessBits }: KeyNode): string | undefined {
  if ((flags & KEY_FLAGS.symbolicLink) !== 0) return "a symbolic link to another one";
  if ((flags & KEY_FLAGS.predefinedHandle) !== 0) return "a predefined handle of the running system";
  if ((flags & (KEY_FLAGS.volatile | KEY_FLAGS.hiveExit)) !== 0) return "not meant to be on the disk";
  if (((accessBits >>> 8) & LAYER_BITS) !== 0) return "a layer over the key of another hive";
  return undefined;
}
