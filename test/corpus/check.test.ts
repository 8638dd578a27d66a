import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { checkImage } from "../../src/audit/check/index.ts";
import { checkContainer } from "../../src/disk/check/index.ts";
import { openDisk } from "../../src/disk/index.ts";
import type { Finding } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import { checkPartitions } from "../../src/volume/check/index.ts";
import { readFixture } from "../support/fixtures.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");

const folder = mkdtempSync(join(tmpdir(), "vmguest-corpus-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

const source = (name: string) => new MemorySource(readFixture(name));

const codesOf = (findings: Iterable<Finding>) =>
  [...new Set([...findings].map(({ code }) => code))].toSorted();

describe("a container that Windows made is sound", () => {
  test.each([
    { name: "vhdx/dfvfs-ntfs-dynamic.vhdx", codes: ["VHDX_LOG_STALE", "VHDX_SPACE_LEAKED"] },
    { name: "vhdx/discutils-vhdx-log-replay.vhdx", codes: ["VHDX_LOG_REPLAYED"] },
    { name: "vhdx/discutils-xfs5.vhdx", codes: ["VHDX_LOG_STALE"] },
    { name: "vhdx/dissect-dynamic.vhdx", codes: ["VHDX_LOG_STALE", "VHDX_SPACE_LEAKED"] },
    { name: "vhdx/dissect-differencing.avhdx", codes: ["VHDX_LOG_STALE"] },
    { name: "vhdx/iotest-dynamic-1G.vhdx", codes: ["VHDX_LOG_STALE"] },
    { name: "vhdx/ntfs-parent.vhdx", codes: ["VHDX_LOG_STALE"] },
    { name: "vhdx/ntfs-differential.vhdx", codes: ["VHDX_LOG_STALE"] },
    { name: "vhd/dfvfs-ntfs-dynamic.vhd", codes: [] },
    { name: "vhd/dissect-dynamic.vhd", codes: [] },
    { name: "vhd/hyperv2012r2-dynamic.vhd", codes: [] },
    { name: "vhd/ntfs-parent.vhd", codes: [] },
    { name: "vhd/ntfs-differential.vhd", codes: [] },
  ])("$name: $codes", ({ name, codes }) => {
    const findings = [...checkContainer(source(name))];
    expect(codesOf(findings)).toEqual(codes);
    expect(findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  });

  test.each(["vhd/image.vhd", "vhd/image-differential.vhd"])(
    "but %s, which was edited by hand, is not",
    (name) => {
      expect(codesOf(checkContainer(source(name)))).toEqual(["VHD_FOOTER_INVALID"]);
    },
  );
});

describe("a partition table of other tools is sound", () => {
  test.each([
    "part/dfvfs-gpt.raw",
    "part/dfvfs-mbr.raw",
    "part/gpt-512-3p.raw",
    "part/mbr-512-p1e2.bin",
    "vhd/hyperv2012r2-dynamic.vhd",
    "vhdx/dfvfs-ntfs-dynamic.vhdx",
    "vhdx/dissect-dynamic.vhdx",
  ])("%s", (name) => {
    expect([...checkPartitions(openDisk(source(name)))]).toEqual([]);
  });

  test("but not where the disk was cut off behind the table", () => {
    expect(codesOf(checkPartitions(openDisk(source("part/gpt.bin"))))).toEqual([
      "GPT_BACKUP_DAMAGED",
      "GPT_HYBRID",
      "GPT_PROTECTIVE_RANGE",
      "PARTITION_RANGE",
    ]);
  });
});

describe("a hive is sound, down to every hash, count and link", () => {
  test.each([
    "artemis-NTUSER.DAT",
    "dfwinreg-NTUSER.DAT",
    "dissect-SYSTEM",
    "ez-SAM",
    "ez-SAM_DUPENAME",
    "hivex-minimal",
    "hivex-rlenvalue_test_hive",
    "hivex-special",
    "plaso-100_sub_keys.hiv",
    "python-registry-UNICODE_TESTS",
    "regipy-BCD",
    "regipy-SYSTEM_win7",
    "yarp/BigDataHive",
    "yarp/ExtendedASCIIHive",
    "yarp/ManySubkeysHive",
    "yarp/NewFlagsHive",
    "yarp/RemnantsHive",
    "yarp/UnicodeHive",
    "yarp/UpcaseHive",
    "yarp-OldDirtyHive/RecoveredHive_Windows7",
  ])("%s", (name) => {
    expect([...checkHive(source(`hive/${name}`))]).toEqual([]);
  });

  test.each([
    { name: "regipy-SYSTEM_B", logs: ["regipy-SYSTEM_B.LOG1", "regipy-SYSTEM_B.LOG2"] },
    {
      name: "transactions_NTUSER.DAT",
      logs: ["transactions_ntuser.dat.log1", "transactions_ntuser.dat.log2"],
    },
    {
      name: "yarp-OldDirtyHive/OldDirtyHive",
      logs: ["yarp-OldDirtyHive/OldDirtyHive.LOG1", "yarp-OldDirtyHive/OldDirtyHive.LOG2"],
    },
  ])("$name with its logs", ({ name, logs }) => {
    const findings = [
      ...checkHive(source(`hive/${name}`), { logs: logs.map((log) => source(`hive/${log}`)) }),
    ];
    expect(codesOf(findings)).toContain("REGF_LOG_APPLIED");
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("the damage that a hive is known for is found", () => {
  test.each([
    { name: "artemis-NTUSER_Bad.DAT", code: "REGF_CELL_SHARED" },
    { name: "ez-NotAHive", code: "REGF_NOT" },
    { name: "ez-SAMBadHBinHeader", code: "REGF_BIN" },
    { name: "ez-SECURITYNoRoot", code: "REGF_FLAGS" },
    { name: "plaso-corrupt_sub_key_list.hiv", code: "REGF_REFERENCE" },
    { name: "win9x-SYSTEM.DAT", code: "REGF_NOT" },
    { name: "yarp/BadListHive", code: "REGF_CELL_SHARED" },
    { name: "yarp/BadSubkeyHive", code: "REGF_CELL_SHARED" },
    { name: "yarp/DuplicateSubkeysHive", code: "REGF_NAME_DUPLICATE" },
    { name: "yarp/TruncatedHive", code: "REGF_BIN" },
    { name: "yarp/TruncatedNameHive", code: "REGF_CELL" },
    { name: "yarp-BadBaseBlockHive/BadBaseBlockHive", code: "REGF_DIRTY" },
  ])("$name: $code", ({ name, code }) => {
    expect(codesOf(checkHive(source(`hive/${name}`)))).toContain(code);
  });
});

describe("a sample of the quick start is sound", () => {
  const names = readdirSync(SAMPLES).filter((name) => name.endsWith(".vhdx.br"));

  test.each(names)("%s", (name) => {
    const path = join(folder, name.replace(/\.br$/, ""));
    writeFileSync(path, brotliDecompressSync(readFileSync(join(SAMPLES, name))));
    const report = checkImage(path);
    expect(report).toMatchObject({ error: null, summary: { error: 0, warning: 0 } });
    expect(report.parts.map(({ layer }) => layer)).toEqual(
      expect.arrayContaining(["file-system", "registry"]),
    );
  });
});
