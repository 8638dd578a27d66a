// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import { NO_OFFSET, SecurityNode } from "../../src/registry/layout.ts";
import { auditBytes, onlyGuest } from "../audit/audits.ts";
import { CONTAINERS, layGpt, ntfsFiles, windowsVolume } from "../lab/guest-image.ts";
import { Surgery } from "../lab/hive.ts";

const PATH = "Windows/System32/config/SYSTEM";
const WINDOWS = { release: "ws2012r2" } as const;

// H37
describe("a hive whose security descriptor", () => {
  test.each<{ what: string; edit: (node: SecurityNode, hive: Surgery) => unknown; codes: string }>([
    { what: "counts no key", edit: (node) => (node.referenceCount = 0), codes: "REGF_SECURITY_COUNT" },
    {
      what: "counts 2^32-1 keys",
      edit: (node) => (node.referenceCount = 0xffff_ffff),
      codes: "REGF_SECURITY_COUNT",
    },
    { what: "has 2^32-1 bytes", edit: (node) => (node.descriptorSize = 0xffff_ffff), codes: "REGF_SECURITY" },
    {
      what: "is followed by none",
      edit: (node) => (node.next = NO_OFFSET),
      codes: "REGF_REFERENCE REGF_SECURITY_RING",
    },
    {
      what: "is followed by one outside the hive",
      edit: (node) => (node.next = 0x7fff_fff8),
      codes: "REGF_REFERENCE REGF_SECURITY_RING",
    },
    {
      what: "is followed by a key",
      edit: (node, hive) => (node.next = hive.cellOf("")),
      codes: "REGF_CELL_SHARED REGF_SECURITY_RING",
    },
    {
      what: "follows a key",
      edit: (node, hive) => (node.previous = hive.cellOf("")),
      codes: "REGF_SECURITY_RING",
    },
    { what: "is none", edit: (node) => (node.signature = 0), codes: "REGF_SECURITY" },
  ])("$what is $codes for a check, and is audited: nothing depends on it", ({ edit, codes }) => {
    const hive = new Surgery((ntfsFiles(WINDOWS)[PATH] as Uint8Array).slice());
    edit(new SecurityNode(hive.content(hive.key("").security)), hive);
    const found = [...checkHive(new MemorySource(hive.bytes))].map(({ code }) => code);
    expect([...new Set(found)].sort().join(" ")).toBe(codes);
    const report = auditBytes(
      CONTAINERS.raw(layGpt([windowsVolume(WINDOWS, { files: { [PATH]: hive.bytes } })])),
    );
    expect(report.error?.code ?? onlyGuest(report).os.id).toBe("ws2012r2");
  });
});
