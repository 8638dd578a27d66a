import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { readCompoundFile } from "../../../src/package/msi/compound-file.ts";
import { Database } from "../../../src/package/msi/database.ts";
import { unpackStreamName } from "../../../src/package/msi/stream-names.ts";
import { buildMsi, type LabMsi, packStreamName, packTableName } from "../../lab/msi.ts";

const open = (lab: LabMsi = {}) => new Database(readCompoundFile(new MemorySource(buildMsi(lab))));

describe("the tables of an installation database", () => {
  test.each([false, true])("have cells of every type (references of three bytes: %s)", (isLong) => {
    expect(open({ isLong }).readTable("Mixed", ["Name", "Order", "Offset", "Data"])).toEqual([
      ["first", -5, 70_000, 1],
      ["second", null, null, null],
    ]);
  });

  test("give the columns that are asked for, in that order", () => {
    expect(open().readTable("Mixed", ["Offset", "Name"])).toEqual([
      [70_000, "first"],
      [null, "second"],
    ]);
  });

  test.each([
    { table: "Mixed", columns: ["Other"] },
    { table: "Other", columns: ["Name"] },
    { table: "mixed", columns: ["Name"] },
  ])("are undefined where there is no $table with $columns", ({ table, columns }) => {
    expect(open().readTable(table, columns)).toBeUndefined();
  });

  test("refuse a column of a type that does not exist", () => {
    const { streams } = readCompoundFile(new MemorySource(buildMsi()));
    const columns = Uint8Array.from(streams.get(packTableName("_Columns")) ?? []);
    // The last of the types is that of Data: a number of three bytes.
    new DataView(columns.buffer).setUint16(columns.length - 2, 0x8003, true);
    const database = open({ streams: { [packTableName("_Columns")]: columns } });
    expect(() => database.readTable("Mixed", ["Name"])).toThrow(
      expect.objectContaining({ code: "MSI_TABLE", message: "table Mixed has column Data of type 0x3" }),
    );
    expect(database.readTable("Property", ["Property"])).toHaveLength(6);
  });
});

describe("the names of streams", () => {
  test.each([
    { packed: "\u4840\u3f3f\u4577\u446c\u3e6a\u44b2\u482f", name: "!_StringPool" },
    { packed: "\u4840\u4559\u44f2\u4568\u4737", name: "!Property" },
    { packed: "\u411c\u44f0\u422f\u41be\u4164", name: "Sample.cab" },
    { packed: "\u0005SummaryInformation", name: "\u0005SummaryInformation" },
    { packed: "ü \u3800\u4800", name: "ü 000" },
  ])("are unpacked: $name", ({ packed, name }) => {
    expect(unpackStreamName(packed)).toBe(name);
  });

  test("are read back as they were packed", () => {
    const name = fc.string({ unit: "grapheme-ascii", maxLength: 40 });
    fc.assert(
      fc.property(name, (name) => {
        expect(unpackStreamName(packStreamName(name))).toBe(name);
        expect(unpackStreamName(packTableName(name))).toBe(`!${name}`);
      }),
    );
  });
});
