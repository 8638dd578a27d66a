import { describe, expect, test } from "vitest";
import type { Code } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import {
  BigData,
  INLINE_DATA,
  KEY_FLAGS,
  NO_OFFSET,
  SIGNATURES,
  VALUE_FLAGS,
} from "../../src/registry/layout.ts";
import { baseBlockOf, buildHive, Surgery, seal } from "../lab/hive.ts";

/** A small healthy hive with one of everything. Its key `Many` has an index root over three leaves. */
const healthy = () =>
  buildHive(
    {
      First: "text",
      Key: {
        Value: "some text",
        Number: 5,
        Big: new Uint8Array(40_000),
        "@class": "class",
        Subkey: {},
        Other: {},
      },
      Many: { A: {}, B: {}, C: {}, D: {}, E: {} },
    },
    { leafCountMax: 2 },
  );

const open = (bytes: Uint8Array) => Hive.open(new MemorySource(bytes));

/** Everything that can be asked of a hive, as an audit of it might. */
function readAll(key: Key): void {
  key.className;
  for (const value of key.values()) {
    value.data();
    value.text();
    value.texts();
  }
  for (const subkey of key.subkeys()) {
    key.subkey(subkey.name);
    readAll(subkey);
  }
}

const withBaseBlock = (fields: Partial<ReturnType<typeof baseBlockOf>>) => {
  const bytes = healthy();
  Object.assign(baseBlockOf(bytes), fields);
  return seal(bytes);
};

test("the healthy hive can be read in full", () => {
  expect(() => readAll(open(healthy()).root)).not.toThrow();
});

describe("a file is refused", () => {
  test.each([
    { what: "it is empty", bytes: () => new Uint8Array(0), code: "REGF_NOT" },
    { what: "it is shorter than a base block", bytes: () => healthy().slice(0, 500), code: "REGF_NOT" },
    { what: "it begins with something else", bytes: () => new Uint8Array(8192).fill(0x4d), code: "REGF_NOT" },
    { what: "it ends after the base block", bytes: () => healthy().slice(0, 4096), code: "REGF_BIN" },
    { what: "its first bin has no header", bytes: () => healthy().fill(0, 4096, 4100), code: "REGF_BIN" },
    {
      what: "it is of a beta of Windows NT 3.1",
      bytes: () => withBaseBlock({ minorVersion: 0 }),
      code: "REGF_VERSION",
    },
    {
      what: "it is of a later version",
      bytes: () => withBaseBlock({ minorVersion: 7 }),
      code: "REGF_VERSION",
    },
    { what: "its major version is 2", bytes: () => withBaseBlock({ majorVersion: 2 }), code: "REGF_VERSION" },
    { what: "it is a transaction log", bytes: () => withBaseBlock({ fileType: 6 }), code: "REGF_VERSION" },
    { what: "its format is unknown", bytes: () => withBaseBlock({ fileFormat: 2 }), code: "REGF_VERSION" },
    { what: "it has no bins", bytes: () => withBaseBlock({ binsSize: 0 }), code: "REGF_BASE_BLOCK" },
    {
      what: "its bins end anywhere",
      bytes: () => withBaseBlock({ binsSize: 5000 }),
      code: "REGF_BASE_BLOCK",
    },
    {
      what: "its bins are endless",
      bytes: () => withBaseBlock({ binsSize: 0xffff_f000 }),
      code: "REGF_BASE_BLOCK",
    },
    {
      what: "its root is outside",
      bytes: () => withBaseBlock({ rootCell: 0xffff_fff8 }),
      code: "REGF_BASE_BLOCK",
    },
    { what: "its root is no key", bytes: () => withBaseBlock({ rootCell: 0x78 }), code: "REGF_KEY" },
  ] satisfies { what: string; bytes: () => Uint8Array; code: Code }[])(
    "where $what: $code",
    ({ bytes, code }) => {
      expect(() => open(bytes())).toThrow(expect.objectContaining({ code }));
    },
  );
});

describe("reading fails with a code and an offset", () => {
  const cell = (surgery: Surgery) => surgery.header(surgery.cellOf("Key"));
  const list = (surgery: Surgery) => surgery.subkeyList("Many");
  const big = (surgery: Surgery) => new BigData(surgery.content(surgery.value("Key", "Big").data));
  const entryOf = ({ view, at }: { view: DataView; at: number }, entry: number, value: number) =>
    view.setUint32(at + 4 + entry * 4, value, true);

  test.each<{ what: string; code: Code; damage: (surgery: Surgery) => void }>([
    { what: "a cell that is free", code: "REGF_CELL", damage: (s) => (cell(s).size = -cell(s).size) },
    { what: "a cell of no size", code: "REGF_CELL", damage: (s) => (cell(s).size = 0) },
    { what: "a cell of the largest size", code: "REGF_CELL", damage: (s) => (cell(s).size = -(2 ** 31)) },
    { what: "a cell that is no multiple of 8", code: "REGF_CELL", damage: (s) => (cell(s).size += 4) },
    { what: "a cell too small for its key", code: "REGF_CELL", damage: (s) => (cell(s).size = -64) },
    {
      what: "an offset that is not aligned",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").valueList += 4),
    },
    {
      what: "an offset into the bin header",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").valueList = 0x10),
    },
    {
      what: "an offset behind the bins",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").valueList = 0x10_0000),
    },
    {
      what: "no offset where there are values",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").valueList = NO_OFFSET),
    },
    {
      what: "no offset where there are subkeys",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").subkeyList = NO_OFFSET),
    },
    {
      what: "no offset of a class name",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").className = NO_OFFSET),
    },
    {
      what: "a class name longer than its cell",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").classNameLength = 60_000),
    },
    {
      what: "a key with another signature",
      code: "REGF_KEY",
      damage: (s) => (s.key("Key").signature = SIGNATURES.value),
    },
    {
      what: "a key name longer than its cell",
      code: "REGF_CELL",
      damage: (s) => (s.key("Key").nameLength = 500),
    },
    {
      what: "more values than the list holds",
      code: "REGF_LIST",
      damage: (s) => (s.key("Key").valueCount = 500),
    },
    {
      what: "a count of values beyond all limits",
      code: "LIMIT_EXCEEDED",
      damage: (s) => (s.key("Key").valueCount = 0xffff_ffff),
    },
    {
      what: "a list with another signature",
      code: "REGF_LIST",
      damage: (s) => (list(s).signature = SIGNATURES.key),
    },
    { what: "more leaves than the list holds", code: "REGF_LIST", damage: (s) => (list(s).count = 0xffff) },
    {
      what: "more entries than the leaf holds",
      code: "REGF_LIST",
      damage: (s) => (s.subkeyList("Key").count = 500),
    },
    {
      what: "an index root in itself",
      code: "REGF_LIST",
      damage: (s) => entryOf(list(s), 1, s.key("Many").subkeyList),
    },
    { what: "a leaf outside the bins", code: "REGF_CELL", damage: (s) => entryOf(list(s), 2, 0x7fff_fff8) },
    {
      what: "a key that is its own subkey",
      code: "REGF_LOOP",
      damage: (s) =>
        Object.assign(s.key("Many\\A"), { subkeyList: s.key("Many").subkeyList, subkeyCount: 1 }),
    },
    {
      what: "a value with another signature",
      code: "REGF_VALUE",
      damage: (s) => (s.value("Key", "Value").signature = SIGNATURES.key),
    },
    {
      what: "a value name longer than its cell",
      code: "REGF_CELL",
      damage: (s) => (s.value("Key", "Value").nameLength = 500),
    },
    {
      what: "5 bytes of data in the value itself",
      code: "REGF_VALUE",
      damage: (s) => (s.value("Key", "Number").dataSize = INLINE_DATA + 5),
    },
    {
      what: "data larger than its cell",
      code: "REGF_VALUE",
      damage: (s) => (s.value("Key", "Value").dataSize = 500),
    },
    {
      what: "data of 2 GiB",
      code: "LIMIT_EXCEEDED",
      damage: (s) => (s.value("Key", "Big").dataSize = 0x7fff_ffff),
    },
    {
      what: "data in a cell that is free",
      code: "REGF_CELL",
      damage: (s) => (s.header(s.value("Key", "Value").data).size = 24),
    },
    {
      what: "big data with another signature",
      code: "REGF_VALUE",
      damage: (s) => (big(s).signature = SIGNATURES.key),
    },
    { what: "big data without segments", code: "REGF_VALUE", damage: (s) => (big(s).segmentCount = 0) },
    {
      what: "big data of too many segments",
      code: "REGF_VALUE",
      damage: (s) => (big(s).segmentCount = 0xffff),
    },
    {
      what: "big data whose list is missing",
      code: "REGF_CELL",
      damage: (s) => (big(s).segmentList = NO_OFFSET),
    },
    {
      what: "a segment that is too short",
      code: "REGF_CELL",
      damage: (s) => s.content(big(s).segmentList).setUint32(0, s.cellOf("Key"), true),
    },
    {
      what: "big data in a hive of version 1.3",
      code: "REGF_VALUE",
      damage: (s) => {
        baseBlockOf(s.bytes).minorVersion = 3;
        seal(s.bytes);
      },
    },
  ])("at $what: $code", ({ damage, code }) => {
    const surgery = new Surgery(healthy());
    damage(surgery);
    expect(() => readAll(open(surgery.bytes).root)).toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ structure: expect.any(String) }) }),
    );
  });
});

test("a file that ends before its last bin is read as far as it goes, with a finding", () => {
  const hive = open(healthy().slice(0, -4096));
  expect(hive.findings.map(({ code, severity }) => [code, severity])).toEqual([["REGF_BIN", "error"]]);
  expect(hive.root.value("First")?.text()).toBe("text");
  expect(() => readAll(hive.root)).toThrow(expect.objectContaining({ code: "REGF_CELL" }));
});

test("a key with a predefined handle has no values: the count is the handle", () => {
  const surgery = new Surgery(healthy());
  Object.assign(surgery.key("Key"), {
    flags: KEY_FLAGS.predefinedHandle | KEY_FLAGS.compressedName,
    valueCount: 0x8000_0001,
  });
  const key = open(surgery.bytes).require("Key");
  expect(key.valueCount).toBe(0);
  expect([...key.values()]).toEqual([]);
});

test("a value that a layered key marks as deleted is left out", () => {
  const surgery = new Surgery(healthy());
  surgery.value("Key", "Value").flags |= VALUE_FLAGS.tombstone;
  const key = open(surgery.bytes).require("Key");
  expect([...key.values()].map(({ name }) => name)).toEqual(["Number", "Big"]);
});
