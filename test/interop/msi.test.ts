import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource } from "../../src/io/index.ts";
import { type MsiFacts, readMsi } from "../../src/package/index.ts";
import { buildMsi, LAB_PROPERTIES, type LabMsi } from "../lab/msi.ts";

// Real MSIs of integration services for Windows XP and Server 2003 are not to be had: msitools make such, and read ours.

const folder = mkdtempSync(join(tmpdir(), "vmguest-msi-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (tool: string, ...args: string[]) =>
  execFileSync(tool, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

function readFile(name: string): MsiFacts {
  using file = FileSource.open(join(folder, name));
  return readMsi(file);
}

const CREATE_PROPERTY =
  "CREATE TABLE Property (Property CHAR(72) NOT NULL, Value CHAR(0) NOT NULL LOCALIZABLE PRIMARY KEY Property)";

const PROPERTIES = {
  ProductName: "Hyper-V Integration Services (version 6.3.9600.18080)",
  ProductVersion: "6.3.9600.18080",
  Manufacturer: "Synthetic",
  ProductCode: "{11111111-2222-3333-4444-555555555555}",
};

/** An MSI by msibuild, in the shape of `Windows5.x-HyperVIntegrationServices-x86.msi`. */
function makeMsi(name: string, properties: Readonly<Record<string, string>>): void {
  const rows = Object.entries(properties).map(
    ([key, value]) => `INSERT INTO Property (Property, Value) VALUES ('${key}','${value}')`,
  );
  run("msibuild", name, ...[CREATE_PROPERTY, ...rows].flatMap((query) => ["-q", query]));
}

/** Adds properties from a table of text, the way Windows Installer's own tools exchange them. */
function importProperties(name: string, rows: readonly (readonly [key: string, value: string])[]): void {
  const lines = ["Property\tValue", "s72\tl0", "Property\tProperty", ...rows.map((row) => row.join("\t"))];
  writeFileSync(join(folder, "Property.idt"), lines.map((line) => `${line}\r\n`).join(""));
  run("msibuild", name, "-i", "Property.idt");
}

/** What msiinfo reads: rows of the table Property. */
function exportedProperties(name: string): Record<string, string> {
  const [, , , ...rows] = run("msiinfo", "export", name, "Property").split(/\r?\n/);
  return Object.fromEntries(rows.filter((row) => row !== "").map((row) => row.split("\t")));
}

/** What msiinfo reads: lines of the summary. */
function exportedSummary(name: string): Record<string, string> {
  const lines = run("msiinfo", "suminfo", name).split(/\r?\n/);
  return Object.fromEntries(lines.filter((line) => line !== "").map((line) => line.split(/: (.*)/s, 2)));
}

describe("an MSI that msibuild made", () => {
  test.each([
    { template: "Intel;1033", architecture: "x86" },
    { template: "x64;1033", architecture: "x64" },
    { template: "Intel64;1033", architecture: "ia64" },
  ])("for $template is read as msiinfo reads it", ({ template, architecture }) => {
    const name = `${architecture}.msi`;
    makeMsi(name, PROPERTIES);
    run("msibuild", name, "-s", "Integration Services", "Synthetic", template);
    const summary = exportedSummary(name);
    expect(exportedProperties(name)).toEqual(PROPERTIES);
    expect(readFile(name)).toEqual({
      productName: PROPERTIES.ProductName,
      productVersion: PROPERTIES.ProductVersion,
      productCode: PROPERTIES.ProductCode,
      upgradeCode: null,
      manufacturer: PROPERTIES.Manufacturer,
      architecture,
      template: summary["Template"],
      title: summary["Title"],
      subject: summary["Subject"],
      packageCode: summary["Revision number (UUID)"],
      isSigned: false,
      properties: new Map(Object.entries(PROPERTIES)),
      findings: [],
    });
  });

  test("without a processor has none", () => {
    makeMsi("neutral.msi", PROPERTIES);
    expect(exportedSummary("neutral.msi")["Template"]).toBe(";1033");
    expect(readFile("neutral.msi")).toMatchObject({ template: ";1033", architecture: "unknown" });
  });

  test("with a large file and many tables in it has the same properties", () => {
    makeMsi("large.msi", PROPERTIES);
    writeFileSync(join(folder, "ic.cab"), Buffer.alloc(9_000_000, "cabinet"));
    run("msibuild", "large.msi", "-a", "ic.cab", "ic.cab");
    const tables = Array.from(
      { length: 150 },
      (_, index) => `CREATE TABLE T${index} (A CHAR(72) NOT NULL PRIMARY KEY A)`,
    );
    const rows = tables.map((_, index) => `INSERT INTO T${index} (A) VALUES ('row ${index}')`);
    run("msibuild", "large.msi", ...[...tables, ...rows].flatMap((query) => ["-q", query]));
    expect(readFile("large.msi").properties).toEqual(
      new Map(Object.entries(exportedProperties("large.msi"))),
    );
    expect(readFile("large.msi").productVersion).toBe("6.3.9600.18080");
  });

  test("with strings of 64 KiB and more has them whole", () => {
    makeMsi("long.msi", {});
    const long = { Long: "x".repeat(140_000), Longer: "y".repeat(65_536), ProductVersion: "1.2.3" };
    importProperties("long.msi", Object.entries(long));
    expect(readFile("long.msi").properties).toEqual(new Map(Object.entries(long)));
  });

  test("with more than 65,535 strings has references of three bytes", () => {
    makeMsi("many.msi", {});
    const rows = Array.from(
      { length: 40_000 },
      (_, index) => [`Property${index}`, `Value ${index}`] as const,
    );
    const all = [...rows, ["ProductVersion", "1.2.3"] as const];
    importProperties("many.msi", all);
    expect(readFile("many.msi").properties).toEqual(new Map(all));
  });
});

describe("an MSI of the lab", () => {
  test.each<{ what: string; lab: LabMsi }>([
    { what: "as it is", lab: {} },
    { what: "with references of three bytes", lab: { isLong: true } },
    { what: "with sectors of 4096 bytes", lab: { sectorSize: 4096 } },
    { what: "whose sectors run backwards", lab: { arrange: (sectors) => sectors.toReversed() } },
  ])("is read by msiinfo and by 7-Zip $what", ({ lab }) => {
    writeFileSync(join(folder, "lab.msi"), buildMsi(lab));
    expect(exportedProperties("lab.msi")).toEqual(LAB_PROPERTIES);
    expect(exportedSummary("lab.msi")).toMatchObject({
      Template: "Intel;1033",
      Title: "Installation Database",
    });
    expect(run("7z", "t", "lab.msi")).toContain("Everything is Ok");
    expect(run("msiinfo", "export", "lab.msi", "Mixed")).toContain("first\t-5\t70000\t");
  });
});
