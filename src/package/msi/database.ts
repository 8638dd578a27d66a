// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { CompoundFile } from "./compound-file.ts";
import { unpackStreamName } from "./stream-names.ts";
import { StringPool } from "./string-pool.ts";

/** A cell of a table: text, a number, or nothing. */
export type Cell = string | number | null;

interface Column {
  readonly name: string;
  readonly type: number;
}

/** Bits of a column's type. */
const TYPE = { sizeMask: 0xff, kindMask: 0xf00, binary: 0x900, string: 0x800 } as const;
/** Numbers are stored with their top bit turned over, so that 0 can stand for nothing. */
const BIAS = { 2: 0x8000, 4: 0x80000000 } as const;

const TEXT_COLUMN = TYPE.string;
const NUMBER_COLUMN = 2;
const TABLES: readonly Column[] = [{ name: "Name", type: TEXT_COLUMN }];
const COLUMNS: readonly Column[] = [
  { name: "Table", type: TEXT_COLUMN },
  { name: "Number", type: NUMBER_COLUMN },
  { name: "Name", type: TEXT_COLUMN },
  { name: "Type", type: NUMBER_COLUMN },
];

/** The tables read here, of columns and properties, have some hundred rows. */
const MAX_ROW_COUNT = 65_536;

/** The tables of an installation database. */
export class Database {
  readonly pool: StringPool;
  readonly #streams: ReadonlyMap<string, Uint8Array>;

  /** Throws MSI_NOT where the file has no string pool, MSI_POOL where that is damaged. */
  constructor({ streams }: CompoundFile) {
    this.#streams = new Map([...streams].map(([name, data]) => [unpackStreamName(name), data]));
    const pool = this.#streams.get("!_StringPool");
    const data = this.#streams.get("!_StringData");
    if (pool === undefined || data === undefined) {
      throw new VmguestError("MSI_NOT", "the file has no string pool", { structure: "compound file" });
    }
    this.pool = new StringPool(pool, data);
  }

  /** A stream that is no table, by its name as tools show it, or undefined. */
  stream(name: string): Uint8Array | undefined {
    return this.#streams.get(name);
  }

  /**
   * The rows of a table, its cells in the order of `columns`; undefined where the database has no such table or the
   * table lacks one of the columns. Throws MSI_TABLE, MSI_POOL or LIMIT_EXCEEDED.
   */
  readTable(table: string, columns: readonly string[]): Cell[][] | undefined {
    if (!this.#read("_Tables", TABLES).some(([name]) => name === table)) return undefined;
    const layout = this.#layoutOf(table);
    const places = columns.map((name) => layout.findIndex((column) => column.name === name));
    if (places.includes(-1)) return undefined;
    return this.#read(table, layout).map((row) => places.map((place) => row[place] ?? null));
  }

  #layoutOf(table: string): Column[] {
    return this.#read("_Columns", COLUMNS)
      .filter(([owner]) => owner === table)
      .toSorted(([, a], [, b]) => Number(a) - Number(b))
      .map(([, , name, type]) => ({ name: String(name), type: Number(type) }));
  }

  /** Tables are stored by columns: all cells of the first, then all of the second. A table without rows has no stream. */
  #read(table: string, columns: readonly Column[]): Cell[][] {
    const data = this.#streams.get(`!${table}`) ?? new Uint8Array(0);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const widths = columns.map((column) => this.#widthOf(table, column));
    const rowSize = widths.reduce((sum, width) => sum + width, 0);
    const rowCount = rowSize === 0 ? 0 : data.length / rowSize;
    if (!Number.isInteger(rowCount)) {
      throw damagedTable(table, `has ${data.length} bytes, not a multiple of the ${rowSize} of a row`);
    }
    if (rowCount > MAX_ROW_COUNT) {
      throw new VmguestError(
        "LIMIT_EXCEEDED",
        `table ${table} has ${rowCount} rows, more than ${MAX_ROW_COUNT}`,
      );
    }
    const rows: Cell[][] = Array.from({ length: rowCount }, () => []);
    let at = 0;
    for (const [index, column] of columns.entries()) {
      const width = widths[index] ?? 0;
      for (const row of rows) {
        row.push(this.#readCell(view, at, column, width));
        at += width;
      }
    }
    return rows;
  }

  #widthOf(table: string, { name, type }: Column): number {
    const kind = type & TYPE.kindMask;
    if (kind === TYPE.binary) return 2;
    if ((type & TYPE.string) !== 0) return this.pool.referenceSize;
    const size = type & TYPE.sizeMask;
    if (size === 1 || size === 2) return 2;
    if (size === 4) return 4;
    throw damagedTable(table, `has column ${name} of type 0x${type.toString(16)}`);
  }

  #readCell(view: DataView, at: number, { type }: Column, width: number): Cell {
    const value =
      width === 4
        ? view.getUint32(at, true)
        : view.getUint16(at, true) + (width === 3 ? view.getUint8(at + 2) * 0x10000 : 0);
    const kind = type & TYPE.kindMask;
    // Of an embedded file the cell only says whether it is there.
    if (kind === TYPE.binary) return value === 0 ? null : value;
    if ((type & TYPE.string) !== 0) return this.pool.get(value);
    return value === 0 ? null : value - (width === 4 ? BIAS[4] : BIAS[2]);
  }
}

function damagedTable(table: string, fault: string): VmguestError {
  return new VmguestError("MSI_TABLE", `table ${table} ${fault}`, { structure: `table ${table}` });
}
