import {
  PropertyPlace,
  PropertySet,
  PropertySetHeader,
  PropertySetPlace,
  StringPoolEntry,
} from "../../src/package/msi/layout.ts";
import { buildCompound, type LabCompound } from "./compound.ts";

/** An MSI as it is to be built; everything has a default. */
export interface LabMsi extends Partial<Omit<LabCompound, "streams">> {
  readonly properties?: Readonly<Record<string, string>>;
  /** Rows of properties by number: texts, or numbers for VT_I2. Null for an MSI without a summary. */
  readonly summary?: Readonly<Record<number, string | number>> | null;
  /** Of strings and summary; only 1252, 65001 and 0 can be encoded here. */
  readonly codePage?: number;
  /** Bytes of strings that are not ASCII, where the code page is another. */
  readonly encode?: (text: string) => Uint8Array;
  /** References of three bytes. */
  readonly isLong?: boolean;
  /** Further streams, by their packed names, or undefined to leave one out. */
  readonly streams?: Readonly<Record<string, Uint8Array | undefined>>;
}

export const LAB_PROPERTIES: Readonly<Record<string, string>> = {
  ProductName: "Hyper-V Integration Services (version 6.3.9600.16384)",
  ProductVersion: "6.3.9600.16384",
  ProductCode: "{11111111-2222-3333-4444-555555555555}",
  UpgradeCode: "{66666666-7777-8888-9999-000000000000}",
  Manufacturer: "Microsoft",
  ProductLanguage: "1033",
};

export const LAB_SUMMARY: Readonly<Record<number, string | number>> = {
  1: 1252,
  2: "Installation Database",
  3: "Hyper-V Integration Services",
  7: "Intel;1033",
  9: "{AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE}",
  14: 200,
};

/** Types of columns, as Windows Installer writes them. */
const COLUMN = { key: 0x2d48, text: 0x0f00, number: 0x0502, long: 0x0104, stream: 0x1900 } as const;

/** A database with the tables `Property` and, for columns of all kinds, `Mixed`. */
export function buildMsi(lab: LabMsi = {}): Uint8Array {
  const { properties = LAB_PROPERTIES, summary = LAB_SUMMARY, codePage = 1252, isLong = false } = lab;
  const encode = lab.encode ?? ((text: string) => encodeText(text, codePage));
  const strings = new StringTable(encode);
  const number = (value: number) => value + 0x8000;
  const columns: [table: string, index: number, name: string, type: number][] = [
    ["Property", 1, "Property", COLUMN.key],
    ["Property", 2, "Value", COLUMN.text],
    ["Mixed", 1, "Name", COLUMN.key],
    ["Mixed", 2, "Order", COLUMN.number],
    ["Mixed", 3, "Offset", COLUMN.long],
    ["Mixed", 4, "Data", COLUMN.stream],
  ];
  const ref = isLong ? 3 : 2;
  const cells = (width: number, values: readonly number[]) => encodeCells(width, values);
  const tables = {
    [packTableName("_Tables")]: cells(ref, [strings.add("Mixed"), strings.add("Property")]),
    [packTableName("_Columns")]: concat([
      cells(
        ref,
        columns.map(([table]) => strings.add(table)),
      ),
      cells(
        2,
        columns.map(([, index]) => number(index)),
      ),
      cells(
        ref,
        columns.map(([, , name]) => strings.add(name)),
      ),
      cells(
        2,
        columns.map(([, , , type]) => number(type)),
      ),
    ]),
    [packTableName("Property")]: concat([
      cells(
        ref,
        Object.keys(properties).map((name) => strings.add(name)),
      ),
      cells(
        ref,
        Object.values(properties).map((value) => strings.add(value)),
      ),
    ]),
    [packTableName("Mixed")]: concat([
      cells(ref, [strings.add("first"), strings.add("second")]),
      cells(2, [number(-5), 0]),
      cells(4, [0x80000000 + 70_000, 0]),
      cells(2, [1, 0]),
    ]),
  };
  const streams: Record<string, Uint8Array | undefined> = {
    [packTableName("_StringData")]: strings.data(),
    [packTableName("_StringPool")]: strings.pool(codePage, isLong),
    ...(summary !== null && { "\u0005SummaryInformation": buildSummary(summary, encode) }),
    ...tables,
    ...lab.streams,
  };
  const present = Object.entries(streams).filter(
    (stream): stream is [string, Uint8Array] => stream[1] !== undefined,
  );
  return buildCompound({ ...lab, streams: Object.fromEntries(present) });
}

/** The strings of a database and their numbers. */
class StringTable {
  readonly #encode: (text: string) => Uint8Array;
  readonly #numbers = new Map<string, number>();

  constructor(encode: (text: string) => Uint8Array) {
    this.#encode = encode;
  }

  /** Number of the string; nothing for the empty one, as Windows Installer has it. */
  add(text: string): number {
    if (text === "") return 0;
    const known = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, known);
    return known;
  }

  data(): Uint8Array {
    return concat([...this.#numbers.keys()].map(this.#encode));
  }

  pool(codePage: number, isLong: boolean): Uint8Array {
    const entries: [size: number, referenceCount: number][] = [
      [codePage % 0x10000, Math.floor(codePage / 0x10000) + (isLong ? 0x8000 : 0)],
    ];
    for (const text of this.#numbers.keys()) {
      const { length } = this.#encode(text);
      if (length > 0xffff) entries.push([0, Math.floor(length / 0x10000)]);
      entries.push([length % 0x10000, 1]);
    }
    const bytes = new Uint8Array(entries.length * StringPoolEntry.sizeBytes);
    const view = new DataView(bytes.buffer);
    for (const [index, [size, referenceCount]] of entries.entries()) {
      Object.assign(new StringPoolEntry(view, index * StringPoolEntry.sizeBytes), { size, referenceCount });
    }
    return bytes;
  }
}

/** A summary stream with the properties given, by number. */
export function buildSummary(
  properties: Readonly<Record<number, string | number>>,
  encode: (text: string) => Uint8Array,
): Uint8Array {
  const rows = Object.entries(properties).map(([id, value]) => ({
    id: Number(id),
    value: encodeValue(value, encode),
  }));
  const setAt = PropertySetHeader.sizeBytes + PropertySetPlace.sizeBytes;
  const valuesAt = PropertySet.sizeBytes + rows.length * PropertyPlace.sizeBytes;
  const values = concat(rows.map(({ value }) => value));
  const bytes = new Uint8Array(setAt + valuesAt + values.length);
  const view = new DataView(bytes.buffer);
  Object.assign(new PropertySetHeader(view), { byteOrder: 0xfffe, setCount: 1 });
  Object.assign(new PropertySetPlace(view, PropertySetHeader.sizeBytes), {
    formatId: "f29f85e0-4ff9-1068-ab91-08002b27b3d9",
    offset: setAt,
  });
  Object.assign(new PropertySet(view, setAt), {
    sizeBytes: valuesAt + values.length,
    propertyCount: rows.length,
  });
  let offset = valuesAt;
  for (const [index, { id, value }] of rows.entries()) {
    const at = setAt + PropertySet.sizeBytes + index * PropertyPlace.sizeBytes;
    Object.assign(new PropertyPlace(view, at), { id, offset });
    offset += value.length;
  }
  bytes.set(values, setAt + valuesAt);
  return bytes;
}

/** Type and value, padded to a multiple of 4. */
function encodeValue(value: string | number, encode: (text: string) => Uint8Array): Uint8Array {
  const text = typeof value === "number" ? new Uint8Array(0) : concat([encode(value), Uint8Array.of(0)]);
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 4) * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, typeof value === "number" ? 2 : 30, true);
  view.setUint32(4, typeof value === "number" ? value : text.length, true);
  bytes.set(text, 8);
  return bytes;
}

/** The name of a table's stream: packed two characters into one, behind a mark. */
export function packTableName(name: string): string {
  return `\u4840${packStreamName(name)}`;
}

export function packStreamName(name: string): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
  let packed = "";
  for (let index = 0; index < name.length; ) {
    const first = alphabet.indexOf(name.charAt(index));
    const second = index + 1 < name.length ? alphabet.indexOf(name.charAt(index + 1)) : -1;
    if (first < 0) packed += name.charAt(index);
    else if (second < 0) packed += String.fromCharCode(0x4800 + first);
    else packed += String.fromCharCode(0x3800 + second * 64 + first);
    index += first >= 0 && second >= 0 ? 2 : 1;
  }
  return packed;
}

function encodeText(text: string, codePage: number): Uint8Array {
  return new Uint8Array(Buffer.from(text, codePage === 65001 ? "utf8" : "latin1"));
}

function encodeCells(width: number, values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(width * values.length);
  for (const [index, value] of values.entries()) {
    for (let byte = 0; byte < width; byte++) {
      bytes[index * width + byte] = Math.floor(value / 256 ** byte) % 256;
    }
  }
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
