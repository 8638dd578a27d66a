import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileSource, ReadStats } from "../../src/io/index.ts";
import { type PeVersion, readPeVersion } from "../../src/package/index.ts";
import { FIXTURES } from "../support/fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-pe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CABINETS = [
  { cabinet: "6.3.9600.18692/windows6.2-hypervintegrationservices-x64.cab", version: "6.3.9600.18692" },
  { cabinet: "6.3.9600.18692/windows6.2-hypervintegrationservices-x86.cab", version: "6.3.9600.18692" },
  { cabinet: "6.3.9600.18692/windows6.x-hypervintegrationservices-x64.cab", version: "6.3.9600.18692" },
  { cabinet: "6.3.9600.18692/windows6.x-hypervintegrationservices-x86.cab", version: "6.3.9600.18692" },
  { cabinet: "6.3.9600.19456/Windows6.2-HyperVIntegrationServices-x64.cab", version: "6.3.9600.19456" },
  { cabinet: "other/Windows8.1-KB2938772-x64.cab", version: "6.3.9600.17039" },
];

const MACHINES: Record<string, string> = { "0x14c": "x86", "0x8664": "x64" };

/** What pefile found in a member of a cabinet. */
interface Fact {
  readonly machine: string;
  readonly FileVersion: string;
  readonly ProductVersion: string;
}

interface ReadFile {
  readonly version: PeVersion;
  readonly stats: ReadStats;
}

function readFile(path: string): ReadFile {
  const stats = new ReadStats();
  using file = FileSource.open(path, { stats });
  return { version: readPeVersion(file), stats };
}

describe.each(CABINETS)("the images in $cabinet", ({ cabinet, version }) => {
  const target = join(folder, cabinet);
  const facts = JSON.parse(
    readFileSync(join(FIXTURES, "FACTS/ic-cab", `${cabinet}.package.json`), "utf8"),
  ) as { pe_versions: Record<string, Fact> };
  const expected = Object.entries(facts.pe_versions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  let read: [string, ReadFile][];

  beforeAll(() => {
    const args = ["--quiet", "--directory", target, join(FIXTURES, "ic-cab", cabinet)];
    execFileSync("cabextract", args, { stdio: ["ignore", "pipe", "pipe"] });
    read = expected.map(([name]) => [name, readFile(join(target, name))]);
  });

  test("have the versions and machines that pefile reads", () => {
    expect(
      read.map(([name, { version }]) => [name, version.fileVersion, version.productVersion, version.machine]),
    ).toEqual(
      expected.map(([name, fact]) => [name, fact.FileVersion, fact.ProductVersion, MACHINES[fact.machine]]),
    );
    expect(read.length).toBeGreaterThan(0);
  });

  test("are all the images there are", () => {
    const images = readdirSync(target, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(sys|dll|exe)$/i.test(name))
      .toSorted();
    expect(expected.map(([name]) => name)).toEqual(images);
  });

  test("are drivers where they end with .sys, and DLLs where they end with .dll", () => {
    for (const [name, { version }] of read) {
      const isDriver = name.toLowerCase().endsWith(".sys");
      expect(version.isDll, name).toBe(name.toLowerCase().endsWith(".dll"));
      if (isDriver) expect(version.fileType, name).toBe("driver");
    }
  });

  test("have a text that begins with the numbers", () => {
    for (const [name, { version }] of read) {
      expect(version.fileVersionText, name).toMatch(/^\d+\.\d+\.\d+\.\d+ \(\w+\.\d{6}-\d{4}\)$/);
      expect(version.fileVersionText?.split(" ")[0], name).toBe(version.fileVersion);
    }
  });

  test("are of the version of their package", () => {
    const versions = new Set(read.map(([, { version }]) => version.fileVersion));
    expect([...versions]).toEqual([version]);
  });

  test("are read in at most four pages each", () => {
    for (const [name, { stats }] of read) expect(stats.bytesRead, name).toBeLessThanOrEqual(4 * 4096);
  });
});
