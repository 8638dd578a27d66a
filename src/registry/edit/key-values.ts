// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { readName } from "../cells.ts";
import { BASE_BLOCK_SIZE, KeyNode, NO_OFFSET, SIGNATURES, VALUE_FLAGS, ValueNode } from "../layout.ts";
import { upcase } from "../upcase.ts";
import { Value } from "../value.ts";
import type { CellSpace } from "./cell-space.ts";
import { storeName } from "./names.ts";
import { offsetsContent } from "./subkey-leaf.ts";
import { ValueData } from "./value-data.ts";

/** Type and bytes of a value. */
export interface ValueContent {
  readonly type: number;
  readonly data: Uint8Array;
}

interface FoundValue {
  /** Place in the list. */
  readonly index: number;
  readonly cell: number;
}

/** The fields of a value that change with its data: one after the other, so a page boundary may lie between them. */
const CONTENT_START = ValueNode.offsetOf.dataSize;
const CONTENT_SIZE = ValueNode.offsetOf.flags - CONTENT_START;

/** The values of keys. Nodes that are passed in to be changed must be open for changes. */
export class KeyValues {
  readonly #space: CellSpace;
  readonly #data: ValueData;

  constructor(space: CellSpace) {
    this.#space = space;
    this.#data = new ValueData(space);
  }

  /** The value of this name in any letter case. Throws HIVE_EDIT_KEY_KIND where a layered key marks it as deleted. */
  find(node: KeyNode, name: string): FoundValue | undefined {
    const upper = upcase(name);
    for (const [index, cell] of this.#cellsIn(node).entries()) {
      const value = this.#space.store.open(cell, ValueNode.structName);
      const { nameLength, flags } = new ValueNode(value.read(0, ValueNode.sizeBytes));
      const isCompressed = (flags & VALUE_FLAGS.compressedName) !== 0;
      if ((isCompressed ? nameLength : nameLength / 2) !== name.length) continue;
      if (upcase(readName(value, ValueNode.sizeBytes, nameLength, isCompressed)) !== upper) continue;
      if ((flags & VALUE_FLAGS.tombstone) === 0) return { index, cell };
      throw value.error("HIVE_EDIT_KEY_KIND", "the value is marked as deleted in a layer of the registry");
    }
    return undefined;
  }

  /** Whether a value has exactly this content. */
  hasContent({ cell }: FoundValue, { type, data }: ValueContent): boolean {
    const value = Value.open(this.#space.store, cell);
    if (value?.type !== type || value.sizeBytes !== data.length) return false;
    return Buffer.compare(value.data(), data) === 0;
  }

  /** Gives a value that is there other content. */
  change(key: number, node: KeyNode, found: FoundValue, content: ValueContent): void {
    const old = new ValueNode(this.#space.view(found.cell));
    const fields = { type: content.type, ...this.#data.replace(old, content.data) };
    const isWhole =
      this.#space.isOwn(found.cell) || this.#space.isInOnePage(found.cell, CONTENT_START, CONTENT_SIZE);
    Object.assign(new ValueNode(this.#space.edit(isWhole ? found.cell : this.#move(node, found))), fields);
    this.#raiseMaxima(key, node, 0, content.data.length);
  }

  add(key: number, node: KeyNode, name: string, { type, data }: ValueContent): void {
    const { bytes, isCompressed } = storeName(name);
    const fields = this.#data.put(data);
    const cell = this.#space.allocate(ValueNode.sizeBytes + bytes.length);
    const content = this.#space.edit(cell);
    Object.assign(new ValueNode(content), {
      signature: SIGNATURES.value,
      nameLength: bytes.length,
      type,
      flags: isCompressed ? VALUE_FLAGS.compressedName : 0,
      ...fields,
    } satisfies Partial<ValueNode>);
    new Uint8Array(content.buffer, content.byteOffset, content.byteLength).set(bytes, ValueNode.sizeBytes);
    this.#putList(node, [...this.#cellsIn(node), cell]);
    this.#raiseMaxima(key, node, name.length * 2, data.length);
  }

  remove(node: KeyNode, { index, cell }: FoundValue): void {
    for (const part of this.#partsOf(cell)) this.#space.release(part);
    this.#putList(node, this.#cellsIn(node).toSpliced(index, 1));
  }

  /** Offsets of all cells that the values of a key take. */
  cellsOf(node: KeyNode): number[] {
    if (node.valueCount === 0) return [];
    return [...this.#cellsIn(node).flatMap((cell) => this.#partsOf(cell)), node.valueList];
  }

  #partsOf(cell: number): number[] {
    return [...this.#data.cellsOf(new ValueNode(this.#space.view(cell))), cell];
  }

  #cellsIn(node: KeyNode): number[] {
    if (node.valueCount === 0) return [];
    const list = this.#space.view(node.valueList);
    return Array.from({ length: node.valueCount }, (_, index) => list.getUint32(index * 4, true));
  }

  #putList(node: KeyNode, cells: readonly number[]): void {
    const old = node.valueCount === 0 ? undefined : node.valueList;
    if (cells.length > 0) {
      const content = offsetsContent(cells);
      node.valueList = old === undefined ? this.#space.put(content) : this.#space.replace(old, content);
    } else {
      if (old !== undefined) this.#space.release(old);
      node.valueList = NO_OFFSET;
    }
    node.valueCount = cells.length;
  }

  /** Copies a value to a cell of this edit's own and lists that one instead. */
  #move(node: KeyNode, { index, cell }: FoundValue): number {
    const view = this.#space.view(cell);
    const moved = this.#space.put(new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice());
    this.#space.release(cell);
    this.#putList(node, this.#cellsIn(node).with(index, moved));
    return moved;
  }

  #raiseMaxima(key: number, node: KeyNode, nameSize: number, dataSize: number): void {
    if (nameSize > node.valueNameMax) node.valueNameMax = nameSize;
    if (dataSize > node.valueDataMax) node.valueDataMax = dataSize;
    this.#space.noteEarly(key, KeyNode.offsetOf.valueNameMax, 8);
  }
}

/** For errors: the place of a key's cell in the file. */
export function keyError(
  code: "HIVE_EDIT_KEY_KIND" | "HIVE_EDIT_KEY_KEPT" | "HIVE_EDIT_KEY_NOT_EMPTY",
  key: number,
  message: string,
) {
  return new VmguestError(code, message, { structure: KeyNode.structName, offset: BASE_BLOCK_SIZE + key });
}
