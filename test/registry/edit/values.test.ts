import { describe, expect, test } from "vitest";
import {
  encodeDword,
  encodeMultiString,
  encodeQword,
  encodeString,
  VALUE_TYPES,
} from "../../../src/registry/edit/index.ts";
import type { Key } from "../../../src/registry/index.ts";
import {
  BASE_BLOCK_SIZE,
  BinHeader,
  CellHeader,
  SIGNATURES,
  type ValueNode,
} from "../../../src/registry/layout.ts";
import { buildHive, type HiveTree, LAB_TIME, Surgery } from "../../lab/hive.ts";
import {
  cellsIn,
  changedCells,
  EDIT_TIME,
  editHive,
  faultsOf,
  linesOf,
  ModelKey,
  openBytes,
} from "./edits.ts";

const TREE = {
  "": "default",
  Setup: { CmdLine: "oobe.exe", SetupType: 0, Short: new Uint8Array(3), Empty: new Uint8Array(0) },
  Data: { Small: new Uint8Array(100), Large: new Uint8Array(50_000).fill(9), Имя: "x" },
} satisfies HiveTree;

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7) % 251);

function expectData(bytes: Uint8Array, path: string, name: string, data: Uint8Array): void {
  expect(Buffer.compare(openBytes(bytes).require(path).value(name)?.data() ?? Buffer.of(0), data)).toBe(0);
}

/** Says where the data of a value is: in the value, in one cell, or in segments. */
function placeOf(bytes: Uint8Array, path: string, name: string): string {
  const surgery = new Surgery(bytes);
  const { dataSize, data } = surgery.value(path, name);
  if (dataSize >= 2 ** 31) return "value";
  return surgery.content(data).getUint16(0, true) === SIGNATURES.bigData ? "segments" : "cell";
}

describe("a value is set", () => {
  test.each([
    { what: "of the root", path: "", name: "New" },
    { what: "that is the default one", path: "Setup", name: "" },
    { what: "that is the default one of the root, and is there", path: "", name: "" },
    { what: "in a key without values", path: "Nothing", name: "First" },
    { what: "by another spelling of path and name", path: "SETUP", name: "CMDLINE" },
    { what: "by another spelling beyond ASCII", path: "Data", name: "ИМЯ" },
    { what: "with a name in Latin-1", path: "Setup", name: "Größe" },
    { what: "with a name in UTF-16", path: "Setup", name: "更新" },
    { what: "with a backslash in its name", path: "Setup", name: "C:\\Windows" },
    { what: "with the longest name", path: "Setup", name: "n".repeat(16_383) },
    { what: "with the longest name in UTF-16", path: "Setup", name: "更".repeat(16_383) },
  ])("$what", ({ path, name }) => {
    const before = buildHive({ ...TREE, Nothing: {} });
    const model = ModelKey.of(before);
    model.setValue(path, name, 1, encodeString("new text"));
    const { bytes } = editHive(before, (editor) => editor.setValue(path, name, 1, encodeString("new text")));
    expect(linesOf(bytes)).toEqual(model.lines());
    expect(faultsOf(bytes)).toEqual([]);
    expect(openBytes(bytes).find(path)?.lastWritten).toBe(EDIT_TIME);
    expect(openBytes(bytes).find("Data\\Deep")?.lastWritten ?? LAB_TIME).toBe(LAB_TIME);
  });

  test.each([
    { name: "abc", length: 3, flags: 1 },
    { name: "ÿ", length: 1, flags: 1 },
    { name: "aĀ", length: 4, flags: 0 },
    { name: "", length: 0, flags: 0 },
  ])("with the name $name stored in $length bytes", ({ name, length, flags }) => {
    const { bytes } = editHive(buildHive({ Key: {} }), (editor) =>
      editor.setValue("Key", name, 4, encodeDword(1)),
    );
    expect(new Surgery(bytes).value("Key", name)).toMatchObject({ nameLength: length, flags });
  });

  test.each([
    { size: 0, place: "value" },
    { size: 4, place: "value" },
    { size: 5, place: "cell" },
    { size: 16_344, place: "cell" },
    { size: 16_345, place: "segments" },
    { size: 16_345, minor: 3, place: "cell" },
    { size: 16_345, minor: 4, place: "segments" },
    { size: 3 * 16_344, place: "segments" },
    { size: 200_000, place: "segments" },
    { size: 200_000, minor: 3, place: "cell" },
  ])("with $size bytes in the $place in version 1.$minor", ({ size, place, minor = 5 }) => {
    const data = bytesOf(size);
    const { bytes } = editHive(buildHive(TREE, { minor }), (editor) =>
      editor.setValue("Setup", "Blob", 3, data),
    );
    expect(placeOf(bytes, "Setup", "Blob")).toBe(place);
    expectData(bytes, "Setup", "Blob", data);
    expect(faultsOf(bytes)).toEqual([]);
    expect(new Surgery(bytes).key("Setup").valueDataMax).toBe(Math.max(size, 18));
  });

  const sizes = [0, 3, 4, 5, 8, 100, 16_344, 16_345, 40_000];
  test.each(sizes)("and its %i bytes become any other number of them, and these again", (size) => {
    for (const minor of [3, 5]) {
      for (const other of sizes) {
        let bytes = buildHive({ Key: { Value: bytesOf(size), Next: "untouched" } }, { minor });
        const old = bytes.length;
        for (const [type, length] of [
          [1, other],
          [4, size],
          [11, other],
        ] as const) {
          ({ bytes } = editHive(bytes, (editor) => editor.setValue("Key", "Value", type, bytesOf(length))));
          expect(openBytes(bytes).require("Key").value("Value")).toMatchObject({ type, sizeBytes: length });
          expectData(bytes, "Key", "Value", bytesOf(length));
          expect(faultsOf(bytes)).toEqual([]);
        }
        expect(bytes.length, `${size} to ${other}`).toBeLessThanOrEqual(old + 2 * other + 2 * 4096 + size);
      }
    }
  });

  test("to what it is, which changes nothing", () => {
    const { edit } = editHive(buildHive(TREE), (editor) => {
      editor.setValue("Setup", "SetupType", 4, encodeDword(0));
      editor.setValue("setup", "cmdline", 1, encodeString("oobe.exe"));
      expect(editor.createKey("Setup")).toBe(false);
      expect(editor.deleteKey("Missing\\Key")).toBe(false);
      expect(editor.deleteValue("Setup", "Missing")).toBe(false);
    });
    expect(edit).toEqual({
      changes: [],
      steps: [],
      sizeBytes: buildHive(TREE).length,
      growthBytes: 0,
      isSoundThroughout: true,
    });
  });
});

test("every segment of large data has a cell of the same size, as Windows makes them", () => {
  const { bytes } = editHive(buildHive({ Key: {} }), (editor) =>
    editor.setValue("Key", "Big", 3, bytesOf(16_345)),
  );
  const sizes = cellsIn(bytes)
    .filter(({ isFree }) => !isFree)
    .map(({ sizeBytes }) => sizeBytes);
  expect(sizes.filter((size) => size === 16_352)).toHaveLength(2);
});

describe("a value is deleted", () => {
  test.each([
    { what: "the only one", path: "", name: "" },
    { what: "the first", path: "Setup", name: "CmdLine" },
    { what: "the last", path: "Setup", name: "EMPTY" },
    { what: "one in segments", path: "Data", name: "Large" },
  ])("$what", ({ path, name }) => {
    const before = buildHive(TREE);
    const model = ModelKey.of(before);
    model.deleteValue(path, name);
    const { edit, bytes } = editHive(before, (editor) => expect(editor.deleteValue(path, name)).toBe(true));
    expect(linesOf(bytes)).toEqual(model.lines());
    expect(faultsOf(bytes)).toEqual([]);
    expect(edit.growthBytes).toBe(0);
  });

  test("and its space is used again", () => {
    let bytes = buildHive(TREE);
    for (let round = 0; round < 5; round++) {
      ({ bytes } = editHive(bytes, (editor) => editor.deleteValue("Data", "Large")));
      ({ bytes } = editHive(bytes, (editor) => editor.setValue("Data", "Large", 3, bytesOf(50_000))));
    }
    // The last segment of the lab's is shorter than Windows makes it.
    expect(bytes.length).toBeLessThanOrEqual(buildHive(TREE).length + 16_384 + 4096);
  });

  test("and the free cells on both sides become one", () => {
    const free = (bytes: Uint8Array) => cellsIn(bytes).filter(({ isFree }) => isFree).length;
    const first = buildHive({ Key: { A: bytesOf(40), B: bytesOf(40), C: bytesOf(40) } });
    const { bytes: without } = editHive(first, (editor) => {
      for (const name of ["A", "C", "B"]) editor.deleteValue("Key", name);
    });
    expect(free(without)).toBeLessThanOrEqual(free(first) + 1);
  });
});

describe("nothing else changes", () => {
  test("when a number is set: its key and its value do", () => {
    const before = buildHive(TREE);
    const surgery = new Surgery(before);
    const { edit, bytes } = editHive(before, (editor) =>
      editor.setValue("Setup", "SetupType", 4, encodeDword(2)),
    );
    const value = openBytes(before).require("Setup").value("SetupType")!.offset - BASE_BLOCK_SIZE;
    expect(changedCells(before, bytes)).toEqual([surgery.cellOf("Setup"), value].toSorted((a, b) => a - b));
    expect(edit.growthBytes).toBe(0);
    expect(edit.sizeBytes).toBe(before.length);
  });

  test("when a longer string is set: its old data becomes free besides", () => {
    const before = buildHive(TREE);
    const surgery = new Surgery(before);
    const { edit, bytes } = editHive(before, (editor) =>
      editor.setValue("Setup", "CmdLine", 1, encodeString("a much longer command line than before")),
    );
    const value = openBytes(before).require("Setup").value("CmdLine")!.offset - BASE_BLOCK_SIZE;
    const { data } = surgery.value("Setup", "CmdLine");
    expect(changedCells(before, bytes)).toEqual(
      [surgery.cellOf("Setup"), value, data].toSorted((a, b) => a - b),
    );
    expect(edit.growthBytes).toBe(0);
  });

  test("in the base block but sequence numbers, time and checksum", () => {
    const before = buildHive(TREE, { fileName: "\\??\\C:\\Windows\\System32\\config\\SYSTEM" });
    const { bytes } = editHive(before, (editor) => editor.setValue("Setup", "SetupType", 4, encodeDword(2)));
    const changed = [...before.subarray(0, BASE_BLOCK_SIZE).keys()].filter((at) => before[at] !== bytes[at]);
    const allowed = (at: number) => (at >= 4 && at < 20) || (at >= 508 && at < 512);
    expect(changed.filter((at) => !allowed(at))).toEqual([]);
  });
});

describe("a hive grows", () => {
  /** A hive in which no cell is free. */
  const full = () => {
    const bytes = buildHive(TREE);
    const surgery = new Surgery(bytes);
    for (const { cell, isFree } of cellsIn(bytes)) {
      if (isFree) surgery.header(cell).size = -surgery.header(cell).size;
    }
    return bytes;
  };

  test("by whole bins where no cell is free", () => {
    const before = full();
    const { edit, bytes } = editHive(before, (editor) => {
      editor.setValue("Setup", "New", 1, encodeString("text"));
      expect(editor.growthBytes).toBe(4096);
    });
    expect(edit).toMatchObject({
      growthBytes: 4096,
      sizeBytes: before.length + 4096,
      isSoundThroughout: true,
    });
    const bin = new BinHeader(new DataView(bytes.buffer, before.length));
    expect(bin).toMatchObject({
      signature: "hbin",
      offset: before.length - BASE_BLOCK_SIZE,
      sizeBytes: 4096,
    });
    expect(new DataView(bytes.buffer).getUint32(40, true)).toBe(bytes.length - BASE_BLOCK_SIZE);
    expect(faultsOf(bytes).filter((fault) => !fault.startsWith("REGF_CELL_UNREACHABLE"))).toEqual([]);
  });

  test("by a bin as large as one cell needs it", () => {
    const { edit } = editHive(buildHive(TREE, { minor: 3 }), (editor) =>
      editor.setValue("Setup", "New", 3, bytesOf(100_000)),
    );
    expect(edit.growthBytes).toBe(
      Math.ceil((100_000 + CellHeader.sizeBytes + BinHeader.sizeBytes) / 4096) * 4096,
    );
  });

  test("into what the file has behind its last bin", () => {
    const before = buildHive(TREE, { slackBytes: 5000 });
    before.fill(0xee, before.length - 5000);
    const { edit, bytes } = editHive(before, (editor) => editor.setValue("Setup", "New", 3, bytesOf(12_000)));
    expect(edit).toMatchObject({ growthBytes: 12_288, sizeBytes: before.length - 5000 + 12_288 });
    expect(faultsOf(bytes)).toEqual([]);
    const small = editHive(before, (editor) => editor.setValue("Setup", "New", 3, bytesOf(4000)));
    expect(small.edit).toMatchObject({ growthBytes: 4096, sizeBytes: before.length });
  });

  test("not where data can only be put over the old, which is not safe to cut off", () => {
    const { edit, bytes } = editHive(full(), (editor) => editor.setValue("Data", "Small", 3, bytesOf(90)));
    expect(edit).toMatchObject({ growthBytes: 0, isSoundThroughout: false });
    expect(openBytes(bytes).require("Data").value("Small")?.data()).toEqual(bytesOf(90));
  });

  test("not where a command line and its number are set in a hive with some room", () => {
    const { edit } = editHive(buildHive(TREE), (editor) => {
      editor.setValue(
        "Setup",
        "CmdLine",
        1,
        encodeString(`C:\\Windows\\System32\\cmd.exe ${"x".repeat(200)}`),
      );
      editor.setValue("Setup", "SetupType", 4, encodeDword(2));
    });
    expect(edit).toMatchObject({ growthBytes: 0, isSoundThroughout: true });
  });
});

describe("a value or key whose cell lies across two pages", () => {
  /** Keys and values in a bin of several pages, where a value of 30,000 bytes was. */
  const spread = (first = 8) => {
    const { bytes } = editHive(buildHive({ Key: { Blob: bytesOf(30_000) } }, { minor: 3 }), (editor) =>
      editor.deleteValue("Key", "Blob"),
    );
    return editHive(bytes, (editor) => {
      editor.setValue("Key", "First", 3, bytesOf(first));
      for (let index = 0; index < 90; index++) {
        editor.createKey(`Key\\Sub${"x".repeat(index)}`);
        for (let value = 0; value < 5; value++) {
          editor.setValue(`Key\\Sub${"x".repeat(index)}`, `V${"y".repeat(value)}`, 4, encodeDword(index));
        }
      }
    }).bytes;
  };
  const crosses = (cell: number, at: number, length: number) =>
    Math.floor((cell + 4 + at) / 4096) !== Math.floor((cell + 4 + at + length - 1) / 4096);

  test("is changed all the same, a value in a new cell", () => {
    const before = spread();
    expect(before.length).toBeLessThan(BASE_BLOCK_SIZE + 45_000);
    const keys = [...openBytes(before).require("Key").subkeys()];
    const values = keys.flatMap((key) =>
      [...key.values()].map(({ name, offset }) => ({ key, name, offset })),
    );
    const { key, name } = values.find(
      ({ key, offset }) =>
        crosses(offset - BASE_BLOCK_SIZE, 4, 12) && !crosses(key.offset - BASE_BLOCK_SIZE, 4, 40),
    )!;
    const { edit, bytes } = editHive(before, (editor) => editor.setValue(key.path, name, 4, encodeDword(77)));
    expect(edit.isSoundThroughout).toBe(true);
    expect(openBytes(bytes).require(key.path).value(name)?.number()).toBe(77);
    expect(faultsOf(bytes)).toEqual([]);
  });

  test("is changed all the same, a key in place, which is not safe to cut off", () => {
    const [{ before, key }] = [8, 40, 80, 120, 160, 200].flatMap((first) => {
      const before = spread(first);
      const keys = [...openBytes(before).require("Key").subkeys()];
      const crossing = keys.filter(({ offset }) => crosses(offset - BASE_BLOCK_SIZE, 4, 40));
      return crossing.map((key) => ({ before, key }));
    }) as [{ before: Uint8Array; key: Key }];
    const { edit, bytes } = editHive(before, (editor) => editor.setValue(key.path, "New", 4, encodeDword(1)));
    expect(edit.isSoundThroughout).toBe(false);
    expect(openBytes(bytes).require(key.path).value("New")?.number()).toBe(1);
    expect(faultsOf(bytes)).toEqual([]);
  });
});

describe("values are encoded as Windows stores them", () => {
  test.each([
    { what: "REG_SZ", data: encodeString("aé"), hex: "6100e9000000" },
    { what: "an empty REG_SZ", data: encodeString(""), hex: "0000" },
    { what: "REG_MULTI_SZ", data: encodeMultiString(["a", "b"]), hex: "61000000620000000000" },
    { what: "an empty REG_MULTI_SZ", data: encodeMultiString([]), hex: "0000" },
    { what: "REG_DWORD", data: encodeDword(0xfffffffe), hex: "feffffff" },
    { what: "REG_QWORD", data: encodeQword(2n ** 64n - 2n), hex: "feffffffffffffff" },
  ])("$what", ({ data, hex }) => {
    expect(Buffer.from(data).toString("hex")).toBe(hex);
  });

  test("and read back as what they were", () => {
    const { bytes } = editHive(buildHive({ Key: {} }), (editor) => {
      editor.setValue("Key", "Text", VALUE_TYPES.string, encodeString("text"));
      editor.setValue("Key", "Expand", VALUE_TYPES.expandString, encodeString("%x%"));
      editor.setValue("Key", "List", VALUE_TYPES.multiString, encodeMultiString(["a", "b"]));
      editor.setValue("Key", "Number", VALUE_TYPES.dword, encodeDword(7));
      editor.setValue("Key", "Large", VALUE_TYPES.qword, encodeQword(7n));
      editor.setValue("Key", "Bytes", VALUE_TYPES.binary, Uint8Array.of(1));
    });
    const key = openBytes(bytes).require("Key");
    expect(key.value("Text")?.text()).toBe("text");
    expect(key.value("Expand")).toMatchObject({ typeName: "REG_EXPAND_SZ" });
    expect(key.value("List")?.texts()).toEqual(["a", "b"]);
    expect(key.value("Number")?.number()).toBe(7);
    expect(key.value("Large")?.bigint()).toBe(7n);
    expect(key.value("Bytes")?.typeName).toBe("REG_BINARY");
  });

  test.each([
    { what: "a NUL in a string", encode: () => encodeString("a\0b") },
    { what: "a NUL in a list", encode: () => encodeMultiString(["a\0b"]) },
    { what: "an empty string in a list", encode: () => encodeMultiString(["a", ""]) },
    { what: "a negative number", encode: () => encodeDword(-1) },
    { what: "a number of 33 bits", encode: () => encodeDword(2 ** 32) },
    { what: "a fraction", encode: () => encodeDword(0.5) },
    { what: "a number of 65 bits", encode: () => encodeQword(2n ** 64n) },
  ])("but not $what", ({ encode }) => {
    expect(encode).toThrow(expect.objectContaining({ code: "HIVE_EDIT_VALUE" }));
  });

  test("in the fields that the layout declares", () => {
    const { bytes } = editHive(buildHive({ Key: {} }), (editor) =>
      editor.setValue("Key", "N", 4, encodeDword(5)),
    );
    expect(new Surgery(bytes).value("Key", "N")).toMatchObject({
      signature: SIGNATURES.value,
      dataSize: 0x8000_0004,
      data: 5,
      type: 4,
    } satisfies Partial<ValueNode>);
  });
});
