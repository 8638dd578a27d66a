import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { readMsi } from "../../src/package/index.ts";
import { readCompoundFile } from "../../src/package/msi/compound-file.ts";
import { type Cell, Database } from "../../src/package/msi/database.ts";
import { FIXTURES, fixturesIn, readFixture } from "../support/fixtures.ts";

const NAME = "osslsigncode-unsigned.msi";
const FACTS = readFileSync(join(FIXTURES, `FACTS/msi/${NAME}.txt`), "utf8");
const source = () => new MemorySource(readFixture(`msi/${NAME}`));

/** Tables as msiinfo exports them: a row of names, one of types, one of keys, then the cells. */
function exportedTables(): { name: string; columns: string[]; rows: string[][] }[] {
  return FACTS.split(/^## table /m)
    .slice(1)
    .map((text) => {
      const [name = "", columns = "", , , ...rows] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
      return { name, columns: columns.split("\t"), rows: rows.map((row) => row.split("\t")) };
    })
    .filter(({ name }) => !name.startsWith("_"));
}

/** A cell as msiinfo prints it. */
const printed = (cell: Cell) => (cell === null ? "" : String(cell));

test("there is one MSI to compare with", () => {
  expect(fixturesIn("msi")).toEqual([`msi/${NAME}`]);
});

describe(NAME, () => {
  test("says of itself what msiinfo finds in it", () => {
    const line = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(FACTS)?.[1];
    const property = (name: string) => new RegExp(`^${name}\t(.*)$`, "m").exec(FACTS)?.[1];
    const facts = readMsi(source());
    expect(facts).toMatchObject({
      title: line("Title"),
      subject: line("Subject"),
      template: line("Template"),
      architecture: "x86",
      packageCode: line("Revision number \\(UUID\\)"),
      isSigned: false,
      findings: [],
      productName: property("ProductName"),
      productVersion: property("ProductVersion"),
      productCode: property("ProductCode"),
      upgradeCode: property("UpgradeCode"),
      manufacturer: property("Manufacturer"),
    });
  });

  test("has the rows that msiinfo exports, in all of its tables", () => {
    const database = new Database(readCompoundFile(source()));
    const tables = exportedTables();
    expect(tables.length).toBeGreaterThan(20);
    const read = tables.map(({ name, columns }) => ({
      name,
      columns,
      rows: (database.readTable(name, columns) ?? []).map((row) => row.map(printed)).toSorted(),
    }));
    expect(read).toEqual(tables.map((table) => ({ ...table, rows: table.rows.toSorted() })));
  });
});
