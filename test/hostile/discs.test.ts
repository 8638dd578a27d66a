// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { type LabFolder, labFile, pattern } from "../lab/disc-tree.ts";
import { buildIcPackage, type LabIcPackage } from "../lab/ic-package.ts";
import { buildIso, isoRecord } from "../lab/iso9660.ts";
import { buildUdf } from "../lab/udf.ts";
import { withDescriptor, withRecord } from "../package/iso/iso-changes.ts";
import { withEntry } from "../package/iso/udf-changes.ts";
import { extract, ONE_COMPONENT, outcomesOf } from "./package-jobs.ts";

const PACKAGE: LabIcPackage = { components: ONE_COMPONENT };

/** Files that a disc has under names of every kind, one of them a package. */
const TREE: LabFolder = {
  "LAST.TXT": labFile("the end"),
  SUPPORT: { "A.CAB": labFile(buildIcPackage(PACKAGE)), X86: { "SETUP.EXE": labFile(pattern(5000)) } },
};
const iso = buildIso({ tree: TREE });
const udf = buildUdf({ tree: TREE });

describe("a disc of ISO 9660", () => {
  test.each<{ what: string; disc: () => Uint8Array; outcomes: readonly string[] }>([
    {
      what: "that ends in its directories",
      disc: () => iso.bytes.subarray(0, iso.bytes.length - 4096),
      outcomes: ["3 DISC_TRUNCATED", "3 DISC_TRUNCATED", "3 DISC_TRUNCATED"],
    },
    {
      what: "that ends in its descriptors",
      disc: () => iso.bytes.subarray(0, 17 * 2048),
      outcomes: ["3 DISC_TRUNCATED", "3 DISC_TRUNCATED", "3 DISC_TRUNCATED"],
    },
    {
      what: "with a directory in itself",
      disc: () => withRecord("SUPPORT/X86", { block: (iso.bytes.length - 2048) / 2048 }, iso),
      outcomes: ["0 DISC_LOOP", "0 DISC_LOOP", "0 DISC_LOOP"],
    },
    {
      what: "with a package behind its end",
      disc: () => withRecord("SUPPORT/A.CAB", { block: 0xffff_ffff }, iso),
      outcomes: ["0", "3 DISC_TRUNCATED", "1 DISC_TRUNCATED"],
    },
    {
      what: "with a package of 4 GiB",
      disc: () => withRecord("SUPPORT/A.CAB", { dataSizeBytes: 0xffff_ffff }, iso),
      outcomes: ["0", "3 DISC_TRUNCATED", "1 DISC_TRUNCATED"],
    },
    {
      what: "with a directory of 4 GiB",
      disc: () => withRecord("SUPPORT", { dataSizeBytes: 0xffff_f800 }, iso),
      outcomes: ["3 LIMIT_EXCEEDED", "3 LIMIT_EXCEEDED OFFER_NONE", "1 LIMIT_EXCEEDED"],
    },
    {
      what: "with a directory behind its end",
      disc: () => withRecord("SUPPORT", { block: 0xffff_ffff }, iso),
      outcomes: ["3 DISC_TRUNCATED", "3 DISC_TRUNCATED OFFER_NONE", "1 DISC_TRUNCATED"],
    },
    {
      what: "with a file that goes on for ever",
      disc: () => withRecord("SUPPORT/A.CAB", { flags: 0x80 }, iso),
      outcomes: ["3 ISO_DIRECTORY", "3 ISO_DIRECTORY OFFER_NONE", "1 ISO_DIRECTORY"],
    },
    {
      what: "with blocks of no bytes",
      disc: () => withDescriptor({ blockSizeBytes: 0 }, iso),
      outcomes: ["3 ISO_DESCRIPTOR", "3 ISO_DESCRIPTOR", "3 ISO_DESCRIPTOR"],
    },
    {
      what: "with blocks of 2^15 bytes",
      disc: () => withDescriptor({ blockSizeBytes: 0x8000 }, iso),
      outcomes: ["3 ISO_DESCRIPTOR", "3 ISO_DESCRIPTOR", "3 ISO_DESCRIPTOR"],
    },
    {
      what: "with a volume of 2^32 blocks",
      disc: () => withDescriptor({ spaceBlocks: 0xffff_ffff }, iso),
      outcomes: ["3 DISC_TRUNCATED", "3 DISC_TRUNCATED", "1 DISC_TRUNCATED"],
    },
  ])("$what", async ({ what, disc, outcomes }) => {
    expect(Object.values(await outcomesOf(disc(), ["list", "show", "verify"])), what).toEqual(outcomes);
  });
});

describe("a directory of a disc that", () => {
  /** The disc with one more directory, of so many files that share their bytes with each other. */
  function crowded(count: number, nameOf: (index: number) => string): Uint8Array {
    const file = isoRecord({ name: Buffer.from(nameOf(0)), flags: 0, block: 20, sizeBytes: 100 });
    const perSector = Math.floor(2048 / file.length);
    const directory = Buffer.alloc((1 + Math.ceil(count / perSector)) * 2048);
    directory.set(isoRecord({ name: Uint8Array.of(0), flags: 2, block: 0, sizeBytes: 2048 }));
    for (let index = 0; index < count; index++) {
      const at = (1 + Math.floor(index / perSector)) * 2048 + (index % perSector) * file.length;
      directory.set(file, at);
      directory.write(nameOf(index), at + 33, "latin1");
    }
    const place = { block: iso.bytes.length / 2048, dataSizeBytes: directory.length };
    return Buffer.concat([withRecord("SUPPORT/X86", place, iso), directory]);
  }
  const numbered = (end: string) => (index: number) => `${index}`.padStart(6, "0") + end;

  test("holds more files than a listing is listed to the limit", async () => {
    const outcomes = await outcomesOf(crowded(70_000, numbered("")), ["list"]);
    expect(outcomes).toEqual({ list: "3 LIMIT_EXCEEDED" });
  });

  test("holds ten thousand files of one name gives each a name of its own", async () => {
    const { outcome, files } = await extract(
      crowded(10_000, () => "SAME.TXT"),
      ["*~999?.TXT"],
    );
    expect({ outcome, count: Object.keys(files).length }).toEqual({ outcome: "0 DISC_NAME", count: 10 });
  });
});

describe("a disc of UDF", () => {
  const entry = (path: string, change: Parameters<typeof withEntry>[1]) => () => withEntry(path, change, udf);

  test.each<{ what: string; disc: () => Uint8Array; outcomes: readonly string[] }>([
    {
      what: "that ends in its files",
      disc: () => udf.bytes.subarray(0, 260 * 2048),
      outcomes: ["3 DISC_TRUNCATED", "3 DISC_TRUNCATED", "3 DISC_TRUNCATED"],
    },
    {
      what: "with a package of 2^53 bytes",
      disc: entry("SUPPORT/A.CAB", (fields) => (fields.sizeBytes = 2 ** 53 - 1)),
      outcomes: ["0", "3 UDF_ALLOCATION", "1 UDF_ALLOCATION"],
    },
    {
      what: "with a package that says no places",
      disc: entry("SUPPORT/A.CAB", (fields) => (fields.allocationSizeBytes = 0)),
      outcomes: ["0", "3 UDF_ALLOCATION", "1 UDF_ALLOCATION"],
    },
    {
      what: "with a package whose places have 4 GiB",
      disc: entry("SUPPORT/A.CAB", (fields) => (fields.allocationSizeBytes = 0xffff_ffff)),
      outcomes: ["3 UDF_FILE_ENTRY", "3 OFFER_NONE UDF_FILE_ENTRY", "1 UDF_FILE_ENTRY"],
    },
    {
      what: "with a directory of 4 GiB",
      disc: entry("SUPPORT", (fields) => (fields.sizeBytes = 0xffff_ffff)),
      outcomes: ["3 LIMIT_EXCEEDED", "3 LIMIT_EXCEEDED OFFER_NONE", "1 LIMIT_EXCEEDED"],
    },
  ])("$what", async ({ what, disc, outcomes }) => {
    expect(Object.values(await outcomesOf(disc(), ["list", "show", "verify"])), what).toEqual(outcomes);
  });

  test("of more levels than a path has is listed to the limit", async () => {
    let tree: LabFolder = { "a.cab": labFile("x") };
    for (let level = 0; level < 200; level++) tree = { d: tree };
    expect(await outcomesOf(buildUdf({ tree }).bytes, ["list", "show"])).toEqual({
      list: "3 LIMIT_EXCEEDED",
      show: "3 LIMIT_EXCEEDED OFFER_NONE",
    });
  });
});

describe("what is extracted from a disc", () => {
  test("stays in the folder, whatever it is called", async () => {
    const tree: LabFolder = {
      "..": { "evil.txt": labFile("1") },
      "a/../../b": labFile("2"),
      "c:d": labFile("3"),
      nul: labFile("4"),
      "good.txt": labFile("good"),
    };
    for (const disc of [
      buildIso({ tree, joliet: true }),
      buildUdf({ tree }),
      buildIso({ tree, rockRidge: true }),
    ]) {
      const { outcome, files } = await extract(disc.bytes, ["--skip-unsafe"]);
      expect(outcome).toBe("4 DISC_NAME EXTRACT_NAME");
      expect(Object.keys(files)).toEqual(["__/evil.txt", "a_.._.._b", "good.txt"]);
    }
  });

  test.each([
    { what: "a symbolic link", fileType: 12 },
    { what: "a block device", fileType: 6 },
  ])("is not $what", async ({ fileType }) => {
    const { bytes } = buildUdf({
      tree: { evil: { ...labFile("/etc/passwd"), fileType }, good: labFile("good") },
    });
    expect(await extract(bytes)).toEqual({ outcome: "4 EXTRACT_NAME", files: {} });
    expect(await extract(bytes, ["--skip-unsafe"])).toEqual({
      outcome: "4 EXTRACT_NAME",
      files: { good: "good" },
    });
  });

  test("is what the disc has, where others lie behind its end", async () => {
    const disc = withRecord("SUPPORT/A.CAB", { block: 0xffff_ff00 }, iso);
    const { outcome, files } = await extract(disc);
    expect({ outcome, names: Object.keys(files) }).toEqual({
      outcome: "3 DISC_TRUNCATED",
      names: ["LAST.TXT", "SUPPORT/X86/SETUP.EXE"],
    });
  });
});
