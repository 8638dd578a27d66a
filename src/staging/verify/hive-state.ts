// SPDX-License-Identifier: MIT

import type { ByteSource } from "../../io/index.ts";
import { Hive } from "../../registry/index.ts";
import {
  BASE_BLOCK_SIZE,
  type BaseBlock,
  BigData,
  type Cell,
  CellStore,
  HashedEntry,
  INLINE_DATA,
  KEY_FLAGS,
  KeyNode,
  leavesOf,
  readBaseBlock,
  readName,
  SEGMENT_SIZE,
  SIGNATURES,
  SubkeyListHeader,
  upcase,
  VALUE_FLAGS,
  ValueNode,
} from "../../registry/structures/index.ts";
import { proofError } from "./proof-error.ts";

/** A segment of data that was split has a list in front of it since this minor version. */
const BIG_DATA_SINCE_MINOR = 4;

/** One subkey as the list of its parent has it. */
export interface ListedKey {
  readonly key: number;
  /** Hash or hint; undefined in lists without. */
  readonly hint: number | undefined;
}

/** The subkeys of a key, and the cells that list them. */
export interface SubkeyCells {
  readonly listed: readonly ListedKey[];
  /** Leaves, and the index root over them. */
  readonly cells: readonly number[];
  readonly leaves: readonly number[];
}

/** A hive before or after a change, down to its cells; offsets are from the first bin. */
export class HiveState {
  readonly path: string;
  readonly hive: Hive;
  readonly image: ByteSource;
  readonly block: BaseBlock;
  readonly cells: CellStore;

  /** Throws what opening a hive throws. */
  constructor(path: string, source: ByteSource, logs: readonly ByteSource[]) {
    this.path = path;
    this.hive = Hive.open(source, { logs });
    this.image = this.hive.image;
    const block = readBaseBlock(this.image);
    if (block === undefined)
      throw proofError("STAGE_PROOF_UNREADABLE", "the hive has no base block", { path });
    this.block = block;
    this.cells = new CellStore(this.image, block.binsSize, block.minorVersion);
  }

  /** Offset of the cell of a key; undefined where there is no such key. */
  findKey(path: string): number | undefined {
    const key = this.hive.find(path);
    return key === undefined ? undefined : key.offset - BASE_BLOCK_SIZE;
  }

  cell(offset: number, structure: string): Cell {
    return this.cells.open(offset, structure);
  }

  /** All of a cell's content. */
  content(offset: number, structure: string): DataView {
    const cell = this.cell(offset, structure);
    return cell.read(0, cell.sizeBytes);
  }

  key(offset: number): KeyNode {
    return new KeyNode(this.content(offset, "key"));
  }

  keyName(offset: number): string {
    const cell = this.cell(offset, "key");
    const { nameLength, flags } = new KeyNode(cell.read(0, KeyNode.sizeBytes));
    return readName(cell, KeyNode.sizeBytes, nameLength, (flags & KEY_FLAGS.compressedName) !== 0);
  }

  /** Offsets of the values of a key, in their order. */
  valuesOf({ valueCount, valueList }: KeyNode): number[] {
    if (valueCount === 0) return [];
    const cell = this.cell(valueList, "value list");
    const list = cell.read(0, valueCount * 4);
    return Array.from({ length: valueCount }, (_, index) => list.getUint32(index * 4, true));
  }

  value(offset: number): ValueNode {
    return new ValueNode(this.content(offset, "value"));
  }

  /** The name of a value in upper case, by which it is found. */
  valueName(offset: number): string {
    const cell = this.cell(offset, "value");
    const { nameLength, flags } = new ValueNode(cell.read(0, ValueNode.sizeBytes));
    return upcase(
      readName(cell, ValueNode.sizeBytes, nameLength, (flags & VALUE_FLAGS.compressedName) !== 0),
    );
  }

  /** Cells of the data of a value, with how many of their bytes count. */
  dataCells({ dataSize, data }: ValueNode): Map<number, number> {
    const cells = new Map<number, number>();
    if (dataSize >= INLINE_DATA || dataSize === 0) return cells;
    const cell = this.cell(data, "value data");
    const header = dataSize > SEGMENT_SIZE ? new BigData(cell.read(0, BigData.sizeBytes)) : undefined;
    const isSplit = dataSize > cell.sizeBytes && this.block.minorVersion >= BIG_DATA_SINCE_MINOR;
    if (!isSplit || header?.signature !== SIGNATURES.bigData) return cells.set(data, dataSize);
    cells.set(data, BigData.sizeBytes);
    cells.set(header.segmentList, header.segmentCount * 4);
    const list = this.cell(header.segmentList, "segment list").read(0, header.segmentCount * 4);
    for (let index = 0; index < header.segmentCount; index++) {
      cells.set(list.getUint32(index * 4, true), Math.min(SEGMENT_SIZE, dataSize - index * SEGMENT_SIZE));
    }
    return cells;
  }

  /** The data of a value, wherever it stands. */
  data(node: ValueNode): Uint8Array {
    const { dataSize } = node;
    if (dataSize >= INLINE_DATA) {
      const { view, at } = node;
      const size = Math.min(4, dataSize - INLINE_DATA);
      return new Uint8Array(view.buffer, view.byteOffset + at + ValueNode.offsetOf.data, size).slice();
    }
    const cells = [...this.dataCells(node)];
    const parts = cells.length > 1 ? cells.slice(2) : cells;
    return Buffer.concat(
      parts.map(([cell, length]) => {
        const { buffer, byteOffset } = this.cell(cell, "value data").read(0, length);
        return new Uint8Array(buffer, byteOffset, length);
      }),
    );
  }

  subkeysOf({ subkeyCount, subkeyList }: KeyNode): SubkeyCells {
    if (subkeyCount === 0) return { listed: [], cells: [], leaves: [] };
    const leaves = leavesOf(this.cells, subkeyList);
    const listed = leaves.flatMap((leaf) => this.#listedIn(leaf));
    const hasRoot = leaves.length !== 1 || leaves[0] !== subkeyList;
    return { listed, leaves, cells: hasRoot ? [...leaves, subkeyList] : leaves };
  }

  #listedIn(leaf: number): ListedKey[] {
    const view = this.content(leaf, "subkey list");
    const { signature, count } = new SubkeyListHeader(view);
    const size = entrySizeOf(signature);
    return Array.from({ length: count }, (_, index) => {
      const at = SubkeyListHeader.sizeBytes + index * size;
      const hint = size === 4 ? undefined : view.getUint32(at + HashedEntry.offsetOf.hint, true);
      return { key: view.getUint32(at, true), hint };
    });
  }
}

/** Bytes of an entry of a list with this signature. */
export function entrySizeOf(signature: number): number {
  return signature === SIGNATURES.hashLeaf || signature === SIGNATURES.fastLeaf ? HashedEntry.sizeBytes : 4;
}
