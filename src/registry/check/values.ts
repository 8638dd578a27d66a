// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import { type Cell, readName } from "../cells.ts";
import {
  BigData,
  INLINE_DATA,
  type KeyNode,
  SEGMENT_SIZE,
  SIGNATURES,
  VALUE_FLAGS,
  ValueNode,
} from "../layout.ts";
import { upcase } from "../upcase.ts";
import type { HiveCells } from "./hive-cells.ts";

const OFFSET_SIZE = 4;

/** As much data as fits into the field for its offset. */
const INLINE_SIZE_MAX = 4;

/** Longest name that Windows gives a value, in characters. */
const NAME_LENGTH_MAX = 16_383;

/** Names of one key that are kept to be compared, in characters; real keys stay far below it. */
const COMPARED_LENGTH_MAX = 8 * 1024 * 1024;

/** First minor version that splits large values into segments. */
const BIG_DATA_SINCE_MINOR = 4;

interface OpenedValue {
  readonly cell: Cell;
  readonly node: ValueNode;
  readonly name: string;
}

/** The values of keys, with their data. */
export class ValueCheck {
  readonly #cells: HiveCells;

  constructor(cells: HiveCells) {
    this.#cells = cells;
  }

  *check(key: Cell, node: KeyNode): Generator<Finding> {
    const count = node.valueCount;
    if (count === 0) return;
    const list = yield* this.#cells.claim(node.valueList, "value list", key.offset);
    if (list === undefined) return;
    if (count * OFFSET_SIZE > list.sizeBytes) {
      const message = `${count} values do not fit into the ${list.sizeBytes} bytes of the cell`;
      yield finding("REGF_LIST", message, whereOf(list));
      return;
    }
    const names = new NameSet();
    let nameMax = 0;
    let dataMax = 0;
    const offsets = list.read(0, count * OFFSET_SIZE);
    for (let index = 0; index < count; index++) {
      const value = yield* this.#open(offsets.getUint32(index * OFFSET_SIZE, true), list.offset);
      if (value === undefined) continue;
      yield* this.#name(value, names);
      yield* this.#data(value);
      nameMax = Math.max(nameMax, value.name.length * 2);
      dataMax = Math.max(dataMax, sizeOf(value.node));
    }
    if (nameMax <= node.valueNameMax && dataMax <= node.valueDataMax) return;
    const message =
      nameMax > node.valueNameMax
        ? `a value has a name of ${nameMax} bytes, the key says ${node.valueNameMax} at most`
        : `a value has ${dataMax} bytes of data, the key says ${node.valueDataMax} at most`;
    yield finding("REGF_NAME_MAX", message, whereOf(key));
  }

  *#open(offset: number, owner: number): Generator<Finding, OpenedValue | undefined> {
    const cell = yield* this.#cells.claim(offset, "value", owner);
    if (cell === undefined) return undefined;
    return yield* attempt(() => {
      if (cell.signature !== SIGNATURES.value) {
        throw cell.error("REGF_VALUE", "the cell does not hold a value");
      }
      const node = new ValueNode(cell.read(0, ValueNode.sizeBytes));
      const isCompressed = this.#cells.store.hasNameFlags && (node.flags & VALUE_FLAGS.compressedName) !== 0;
      return { cell, node, name: readName(cell, ValueNode.sizeBytes, node.nameLength, isCompressed) };
    });
  }

  *#name({ cell, name }: OpenedValue, names: NameSet): Generator<Finding> {
    if (name.length > NAME_LENGTH_MAX) {
      const message = `the name of a value has ${name.length} characters, more than ${NAME_LENGTH_MAX}`;
      yield finding("REGF_NAME", message, whereOf(cell));
    }
    if (names.add(upcase(name))) return;
    yield finding("REGF_NAME_DUPLICATE", "another value of the key has the same name", whereOf(cell));
  }

  *#data({ cell, node }: OpenedValue): Generator<Finding> {
    const size = sizeOf(node);
    if (node.dataSize >= INLINE_DATA) {
      if (size <= INLINE_SIZE_MAX) return;
      yield finding("REGF_VALUE", `${size} bytes cannot be stored in the value itself`, whereOf(cell));
      return;
    }
    if (size === 0) return;
    const data = yield* this.#cells.claim(node.data, "value data", cell.offset);
    // Some programs (hivex) never split values, so what fits into the cell is not big data whatever its size.
    if (data === undefined || size <= data.sizeBytes) return;
    const mayBeSplit = this.#cells.store.minorVersion >= BIG_DATA_SINCE_MINOR && size > SEGMENT_SIZE;
    if (mayBeSplit && data.signature === SIGNATURES.bigData) {
      yield* this.#bigData(data, size);
      return;
    }
    const message = `${size} bytes of data do not fit into a cell of ${data.sizeBytes}`;
    yield finding("REGF_VALUE", message, whereOf(cell));
  }

  *#bigData(cell: Cell, size: number): Generator<Finding> {
    const header = yield* attempt(() => new BigData(cell.read(0, BigData.sizeBytes)));
    if (header === undefined) return;
    const { segmentCount, segmentList } = header;
    if (segmentCount !== Math.ceil(size / SEGMENT_SIZE)) {
      yield finding("REGF_BIG_DATA", `${segmentCount} segments cannot hold ${size} bytes`, whereOf(cell));
      return;
    }
    const list = yield* this.#cells.claim(segmentList, "segment list", cell.offset);
    if (list === undefined) return;
    if (segmentCount * OFFSET_SIZE > list.sizeBytes) {
      const message = `${segmentCount} segments do not fit into a list of ${list.sizeBytes} bytes`;
      yield finding("REGF_BIG_DATA", message, whereOf(list));
      return;
    }
    for (let index = 0; index < segmentCount; index++) {
      const offset = list.read(index * OFFSET_SIZE, OFFSET_SIZE).getUint32(0, true);
      const segment = yield* this.#cells.claim(offset, "segment", list.offset);
      const needed = Math.min(SEGMENT_SIZE, size - index * SEGMENT_SIZE);
      if (segment === undefined || segment.sizeBytes >= needed) continue;
      const message = `segment ${index} must hold ${needed} bytes, but has room for ${segment.sizeBytes}`;
      yield finding("REGF_BIG_DATA", message, whereOf(segment));
    }
  }
}

/** What keeping a name costs beside its characters. */
const NAME_OVERHEAD = 32;

/** Upper-cased names of the values of one key. */
class NameSet {
  readonly #names = new Set<string>();
  #length = 0;

  /** False where the name is there already; past the limit everything counts as new. */
  add(name: string): boolean {
    if (this.#names.has(name)) return false;
    this.#length += name.length + NAME_OVERHEAD;
    if (this.#length <= COMPARED_LENGTH_MAX) this.#names.add(name);
    return true;
  }
}

function sizeOf({ dataSize }: ValueNode): number {
  return dataSize >= INLINE_DATA ? dataSize - INLINE_DATA : dataSize;
}

function whereOf({ structure, offset }: Cell) {
  return { structure, offset };
}
