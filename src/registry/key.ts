// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../bytes/index.ts";
import type { Origin } from "../io/index.ts";
import { type Cell, type CellStore, readName } from "./cells.ts";
import { KEY_FLAGS, KeyNode, SIGNATURES } from "./layout.ts";
import { SubkeyIndex } from "./subkey-index.ts";
import { upcase } from "./upcase.ts";
import { Value } from "./value.ts";

/** Windows allows no deeper key; in a hive, more levels mean that keys lead back to themselves. */
const DEPTH_MAX = 512;

/** The largest keys known have some 100,000 values; ten times as many would only stall the audit. */
const VALUE_COUNT_MAX = 1_000_000;

/** A key of a hive. Only its own cell is read until more is asked for. */
export class Key {
  /** As spelled in the hive. */
  readonly name: string;
  /** How many keys there are above this one. */
  readonly depth: number;
  readonly #cells: CellStore;
  readonly #cell: Cell;
  readonly #node: KeyNode;
  readonly #parentPath: string;

  private constructor(cells: CellStore, cell: Cell, node: KeyNode, parent: Key | undefined) {
    this.#cells = cells;
    this.#cell = cell;
    this.#node = node;
    this.#parentPath = parent?.path ?? "";
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.name = readName(
      cell,
      KeyNode.sizeBytes,
      node.nameLength,
      cells.hasNameFlags && (node.flags & KEY_FLAGS.compressedName) !== 0,
    );
  }

  /**
   * The key in the cell at an offset from the first bin.
   *
   * @internal
   */
  static open(cells: CellStore, offset: number, parent?: Key): Key {
    const cell = cells.open(offset, "key");
    if (cell.signature !== SIGNATURES.key) throw cell.error("REGF_KEY", "the cell does not hold a key");
    const key = new Key(cells, cell, new KeyNode(cell.read(0, KeyNode.sizeBytes)), parent);
    if (key.depth > DEPTH_MAX) throw cell.error("REGF_LOOP", `the key is more than ${DEPTH_MAX} levels deep`);
    return key;
  }

  /** From the root, which is the empty path, with backslashes between the names as they are spelled in the hive. */
  get path(): string {
    if (this.depth === 0) return "";
    return this.#parentPath === "" ? this.name : `${this.#parentPath}\\${this.name}`;
  }

  /** FILETIME of the last change of the key or its values. */
  get lastWritten(): bigint {
    return this.#node.lastWritten;
  }

  /** As the key says; the lists may hold another number in a damaged hive. */
  get subkeyCount(): number {
    return this.#node.subkeyCount;
  }

  get valueCount(): number {
    // The field holds a handle of the running system instead of a count in such a key.
    return (this.#node.flags & KEY_FLAGS.predefinedHandle) === 0 ? this.#node.valueCount : 0;
  }

  /** The class that the key was created with; hardly any key has one. */
  get className(): string | undefined {
    const length = this.#node.classNameLength;
    if (length === 0) return undefined;
    return decodeUtf16(this.#cells.open(this.#node.className, "class name").read(0, length), 0, length);
  }

  /** Byte offset of the key's cell in the hive file. */
  get offset(): number {
    return this.#cell.offset;
  }

  /** Where the name of the key stands in a file of the host; undefined where it is in no one piece there. */
  get nameOrigin(): Origin | undefined {
    return this.#cell.originOf(KeyNode.sizeBytes, this.#node.nameLength);
  }

  /** The subkey of this name, in any letter case. */
  subkey(name: string): Key | undefined {
    return this.#index()?.find(name);
  }

  /** The key at a path from this one, in any letter case; the empty path is this key. */
  find(path: string): Key | undefined {
    let key: Key | undefined = this;
    for (const name of path.split("\\")) {
      if (name !== "") key = key?.subkey(name);
    }
    return key;
  }

  /** All subkeys, in stored order. */
  subkeys(): Iterable<Key> {
    return this.#index()?.all() ?? [];
  }

  /** The subkeys whose names begin so, in any letter case and in stored order; reads few others. */
  subkeysStartingWith(prefix: string): Iterable<Key> {
    return this.#index()?.startingWith(prefix) ?? [];
  }

  /** All values, in stored order. */
  *values(): Iterable<Value> {
    const count = this.valueCount;
    if (count === 0) return;
    const list = this.#cells.open(this.#node.valueList, "value list");
    if (count > VALUE_COUNT_MAX)
      throw list.error("LIMIT_EXCEEDED", `${count} values are more than ${VALUE_COUNT_MAX}`);
    if (count * 4 > list.sizeBytes) {
      throw list.error(
        "REGF_LIST",
        `${count} values do not fit into the ${list.sizeBytes} bytes of the cell`,
      );
    }
    const offsets = list.read(0, count * 4);
    for (let index = 0; index < count; index++) {
      const value = Value.open(this.#cells, offsets.getUint32(index * 4, true));
      if (value !== undefined) yield value;
    }
  }

  /** The value of this name, in any letter case; the empty name is the default value. */
  value(name: string): Value | undefined {
    const upper = upcase(name);
    for (const value of this.values()) if (upcase(value.name) === upper) return value;
    return undefined;
  }

  #index(): SubkeyIndex<Key> | undefined {
    if (this.subkeyCount === 0) return undefined;
    return new SubkeyIndex(this.#cells, this.#node.subkeyList, (cell) => Key.open(this.#cells, cell, this));
  }
}
