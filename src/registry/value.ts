// SPDX-License-Identifier: MIT
import { decodeUtf16 } from "../bytes/index.ts";
import type { Origin } from "../io/index.ts";
import { type Cell, type CellStore, readName } from "./cells.ts";
import { BigData, INLINE_DATA, SEGMENT_SIZE, SIGNATURES, VALUE_FLAGS, ValueNode } from "./layout.ts";

/** Names of the value types by number, as winnt.h has them. */
const TYPE_NAMES = [
  "REG_NONE",
  "REG_SZ",
  "REG_EXPAND_SZ",
  "REG_BINARY",
  "REG_DWORD",
  "REG_DWORD_BIG_ENDIAN",
  "REG_LINK",
  "REG_MULTI_SZ",
  "REG_RESOURCE_LIST",
  "REG_FULL_RESOURCE_DESCRIPTOR",
  "REG_RESOURCE_REQUIREMENTS_LIST",
  "REG_QWORD",
] as const;

const REG_SZ = 1;
const REG_EXPAND_SZ = 2;
const REG_DWORD = 4;
const REG_DWORD_BIG_ENDIAN = 5;
const REG_LINK = 6;
const REG_MULTI_SZ = 7;
const REG_QWORD = 11;

/** Real values stay below a few MiB; a larger one would only serve to fill the memory of an audit. */
const DATA_SIZE_MAX = 16 * 1024 * 1024;

/** First minor version that splits large values into segments. */
const BIG_DATA_SINCE_MINOR = 4;

/** A value of a key. Its data is read when it is asked for. */
export class Value {
  /** As spelled in the hive; empty for the default value. */
  readonly name: string;
  /** REG_SZ is 1 and so on; programs may store any number. */
  readonly type: number;
  readonly #cells: CellStore;
  readonly #cell: Cell;
  readonly #node: ValueNode;

  private constructor(cells: CellStore, cell: Cell, node: ValueNode) {
    this.#cells = cells;
    this.#cell = cell;
    this.#node = node;
    this.type = node.type;
    this.name = readName(
      cell,
      ValueNode.sizeBytes,
      node.nameLength,
      cells.hasNameFlags && (node.flags & VALUE_FLAGS.compressedName) !== 0,
    );
  }

  /**
   * The value in the cell at an offset from the first bin; undefined where a layered key marks it as deleted.
   *
   * @internal
   */
  static open(cells: CellStore, offset: number): Value | undefined {
    const cell = cells.open(offset, "value");
    if (cell.signature !== SIGNATURES.value) throw cell.error("REGF_VALUE", "the cell does not hold a value");
    const node = new ValueNode(cell.read(0, ValueNode.sizeBytes));
    return !cells.hasNameFlags || (node.flags & VALUE_FLAGS.tombstone) === 0
      ? new Value(cells, cell, node)
      : undefined;
  }

  /** `REG_SZ` and so on, or the number in hexadecimal where it has no name. */
  get typeName(): string {
    return TYPE_NAMES[this.type] ?? `0x${this.type.toString(16)}`;
  }

  /** Size of the data. */
  get sizeBytes(): number {
    const size = this.#node.dataSize;
    return this.#isInline ? size - INLINE_DATA : size;
  }

  /** Whether the data stands in the value's own cell. */
  get #isInline(): boolean {
    return this.#node.dataSize >= INLINE_DATA;
  }

  /** Byte offset of the value's cell in the hive file. */
  get offset(): number {
    return this.#cell.offset;
  }

  /** Where the data stands in a file of the host; undefined for no data, and where it is in no one piece there. */
  get origin(): Origin | undefined {
    const size = this.sizeBytes;
    if (size === 0) return undefined;
    if (this.#isInline) return this.#cell.originOf(ValueNode.offsetOf.data, size);
    // What is split into segments does not fit into the cell, and so has no origin.
    return this.#cells.open(this.#node.data, "value data").originOf(0, size);
  }

  /** A private copy of the data. */
  data(): Uint8Array {
    const size = this.sizeBytes;
    if (this.#isInline) return this.#inlineData(size);
    if (size === 0) return new Uint8Array(0);
    if (size > DATA_SIZE_MAX) {
      throw this.#cell.error("LIMIT_EXCEEDED", `${size} bytes of data are more than ${DATA_SIZE_MAX}`);
    }
    const cell = this.#cells.open(this.#node.data, "value data");
    // Some programs (hivex) never split values, so what fits into the cell is not big data whatever its size.
    return size <= cell.sizeBytes ? copyOf(cell.read(0, size)) : this.#bigData(cell, size);
  }

  /** Text of REG_SZ, REG_EXPAND_SZ and REG_LINK up to the first NUL; undefined for other types. */
  text(): string | undefined {
    if (this.type !== REG_SZ && this.type !== REG_EXPAND_SZ && this.type !== REG_LINK) return undefined;
    const text = this.#units();
    const end = text.indexOf("\0");
    return end < 0 ? text : text.slice(0, end);
  }

  /** The strings of REG_MULTI_SZ, empty ones between others included; undefined for other types. */
  texts(): string[] | undefined {
    if (this.type !== REG_MULTI_SZ) return undefined;
    // One NUL ends the last string and one the list; either may be missing.
    const text = this.#units().replace(/\0?\0?$/, "");
    return /^\0*$/.test(text) ? [] : text.split("\0");
  }

  /** The number of REG_DWORD and REG_DWORD_BIG_ENDIAN; undefined for other types and sizes. */
  number(): number | undefined {
    const isBigEndian = this.type === REG_DWORD_BIG_ENDIAN;
    if ((this.type !== REG_DWORD && !isBigEndian) || this.sizeBytes !== 4) return undefined;
    return viewOf(this.data()).getUint32(0, !isBigEndian);
  }

  /** The number of REG_QWORD; undefined for other types and sizes. */
  bigint(): bigint | undefined {
    if (this.type !== REG_QWORD || this.sizeBytes !== 8) return undefined;
    return viewOf(this.data()).getBigUint64(0, true);
  }

  #units(): string {
    const data = this.data();
    return decodeUtf16(viewOf(data), 0, data.length);
  }

  #inlineData(size: number): Uint8Array {
    const at = ValueNode.offsetOf.data;
    if (size > 4) throw this.#cell.error("REGF_VALUE", `${size} bytes cannot be stored in the value itself`);
    return copyOf(this.#cell.read(at, size));
  }

  #bigData(cell: Cell, size: number): Uint8Array {
    const mayBeSplit = this.#cells.minorVersion >= BIG_DATA_SINCE_MINOR && size > SEGMENT_SIZE;
    const header = mayBeSplit ? new BigData(cell.read(0, BigData.sizeBytes)) : undefined;
    if (header?.signature !== SIGNATURES.bigData) {
      throw this.#cell.error(
        "REGF_VALUE",
        `${size} bytes of data do not fit into a cell of ${cell.sizeBytes}`,
      );
    }
    const count = header.segmentCount;
    if (count !== Math.ceil(size / SEGMENT_SIZE)) {
      throw this.#cell.error("REGF_VALUE", `${count} segments cannot hold ${size} bytes of data`);
    }
    const list = this.#cells.open(header.segmentList, "segment list").read(0, count * 4);
    const data = new Uint8Array(size);
    for (let index = 0; index < count; index++) {
      const at = index * SEGMENT_SIZE;
      const segment = this.#cells.open(list.getUint32(index * 4, true), "segment");
      data.set(bytesOf(segment.read(0, Math.min(SEGMENT_SIZE, size - at))), at);
    }
    return data;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const bytesOf = (view: DataView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
const copyOf = (view: DataView) => bytesOf(view).slice();
