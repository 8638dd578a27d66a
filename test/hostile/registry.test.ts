// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { encodeUtf16 } from "../../src/bytes/index.ts";
import { type Code, VmguestError } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { NO_OFFSET, SIGNATURES } from "../../src/registry/layout.ts";
import { auditBytes, findingsOf, onlyGuest } from "../audit/audits.ts";
import { CONTAINERS, layGpt, windowsVolume } from "../lab/guest-image.ts";
import { buildHive, buildHiveOf, buildNewLog, crashed, entryOf, link, raw, Surgery } from "../lab/hive.ts";
import type { TreeChange, WindowsOptions } from "../lab/windows.ts";

const open = (bytes: Uint8Array) => Hive.open(new MemorySource(bytes));

const audit = (windows: Partial<WindowsOptions>) =>
  auditBytes(CONTAINERS.raw(layGpt([windowsVolume({ release: "ws2012r2", ...windows })])));

/** Codes that a walk over everything meets; what is damaged is passed over. */
function walkAll(key: Key, codes = new Set<string>()): Set<string> {
  const collect = (work: () => void) => {
    try {
      work();
    } catch (error) {
      codes.add(error instanceof VmguestError ? error.code : String(error));
    }
  };
  collect(() => key.className);
  collect(() => {
    for (const value of key.values()) collect(() => value.data());
  });
  collect(() => {
    for (const subkey of key.subkeys()) walkAll(subkey, codes);
  });
  return codes;
}

// H34
describe("a hive in which every key claims", () => {
  const PATHS = ["", "A", "A\\B", "A\\B\\C", "D"];

  test.each<{ what: string; edit: Parameters<typeof Object.assign>[1]; codes: Code[] }>([
    { what: "2^32-1 subkeys", edit: { subkeyCount: 0xffff_ffff }, codes: ["REGF_CELL"] },
    { what: "2^32-1 values", edit: { valueCount: 0xffff_ffff }, codes: ["LIMIT_EXCEEDED", "REGF_CELL"] },
    { what: "a million values", edit: { valueCount: 1_000_000 }, codes: ["REGF_CELL", "REGF_LIST"] },
    {
      what: "a list outside the hive",
      edit: { subkeyCount: 1, subkeyList: 0x7fff_fff8 },
      codes: ["REGF_CELL"],
    },
    { what: "subkeys and no list", edit: { subkeyCount: 1, subkeyList: NO_OFFSET }, codes: ["REGF_CELL"] },
    {
      what: "the longest class name",
      edit: { classNameLength: 0xffff, className: 0x20 },
      codes: ["REGF_CELL"],
    },
  ])("$what", ({ edit, codes }) => {
    const surgery = new Surgery(buildHive({ A: { B: { C: { v: 1 } } }, D: { v: 1 } }));
    for (const path of PATHS.map((one) => surgery.key(one))) Object.assign(path, edit);
    const hive = open(surgery.bytes);
    expect([...walkAll(hive.root)].sort()).toEqual(codes);
    expect([...checkHive(new MemorySource(surgery.bytes))].length).toBeLessThan(100);
  });
});

// H35
describe("an index root in index roots without end", () => {
  const nested = () => {
    const surgery = new Surgery(buildHive({ Wide: { A: {}, B: {} }, Blob: new Uint8Array(16_000) }));
    const blob = surgery.value("", "Blob").data;
    const view = surgery.content(blob);
    // All of them are one that names itself: a reader without a limit would never come out of it.
    view.setUint16(0, SIGNATURES.indexRoot, true);
    view.setUint16(2, 1, true);
    view.setUint32(4, blob, true);
    surgery.key("Wide").subkeyList = blob;
    surgery.key("Wide").subkeyCount = 10_000;
    return surgery.bytes;
  };

  test("is REGF_LIST at the second one", () => {
    const wide = open(nested()).require("Wide");
    const error = expect.objectContaining({ code: "REGF_LIST" });
    expect(() => [...wide.subkeys()]).toThrow(error);
    expect(() => wide.subkey("A")).toThrow(error);
  });
});

// H38
describe("a log of another hive", () => {
  const before = buildHive({ State: 1 });
  const after = buildHive({ State: 2 });
  const other = buildHive({ Other: { Key: { State: 3 } }, Blob: new Uint8Array(9000) });

  test("whose sequence numbers fit is applied, which a finding tells, and what it makes is read like any hive", () => {
    const log = buildNewLog(other, [entryOf(new Uint8Array(other.length), other, 7)]);
    const hive = Hive.open(new MemorySource(crashed(before, 8)), { logs: [new MemorySource(log)] });
    expect(hive.findings.map(({ code }) => code)).toEqual(["REGF_LOG_APPLIED"]);
    expect([...walkAll(hive.root)]).toEqual([]);
  });

  test("behind the right one changes nothing", () => {
    const right = buildNewLog(before, [entryOf(before, after, 7)]);
    const wrong = buildNewLog(other, [entryOf(before, other, 900)]);
    const logs = [right, wrong].map((log) => new MemorySource(log));
    const hive = Hive.open(new MemorySource(crashed(before, 8)), { logs });
    expect(hive.root.value("State")?.number()).toBe(2);
  });
});

// H39
describe("a Windows whose control sets are", () => {
  test.each<{ what: string; system: TreeChange; outcome: string; codes: string[] }>([
    {
      what: "none: Select is empty",
      system: { Select: { Current: null } },
      outcome: "ws2012r2",
      codes: ["CONTROL_SET_GUESSED"],
    },
    {
      what: "chosen by 0",
      system: { Select: { Current: 0 } },
      outcome: "ws2012r2",
      codes: ["CONTROL_SET_GUESSED"],
    },
    {
      what: "chosen by 99",
      system: { Select: { Current: 99 } },
      outcome: "ws2012r2",
      codes: ["CONTROL_SET_GUESSED"],
    },
    {
      what: "chosen by 2^32-1",
      system: { Select: { Current: 0xffff_ffff } },
      outcome: "ws2012r2",
      codes: ["CONTROL_SET_GUESSED"],
    },
    {
      what: "chosen by a text",
      system: { Select: { Current: "1" } },
      outcome: "ws2012r2",
      codes: ["CONTROL_SET_GUESSED"],
    },
    {
      what: "gone",
      system: { ControlSet001: null },
      outcome: "GUEST_UNREADABLE",
      codes: ["GUEST_UNREADABLE"],
    },
    {
      what: "a link to itself",
      system: {
        ControlSet001: null,
        CurrentControlSet: { SymbolicLinkValue: link("\\Registry\\Machine\\System\\CurrentControlSet") },
      },
      outcome: "GUEST_UNREADABLE",
      codes: ["GUEST_UNREADABLE"],
    },
  ])("$what", ({ system, outcome, codes }) => {
    const report = audit({ system });
    expect(report.error?.code ?? onlyGuest(report).os.id).toBe(outcome);
    expect(findingsOf(report).map(([code]) => code)).toEqual(codes);
  });
});

// H40
describe("strings that are not what their type says", () => {
  const units = (text: string) => encodeUtf16(text);
  const value = (type: number, data: Uint8Array) =>
    open(buildHive({ v: raw(type, data) })).root.value("v") ?? expect.fail();

  test.each([
    { what: "no terminator", data: units("abc"), text: "abc" },
    { what: "an odd number of bytes", data: units("abc").subarray(0, 5), text: "ab" },
    { what: "one byte", data: Uint8Array.of(0x41), text: "" },
    { what: "nothing", data: new Uint8Array(0), text: "" },
    { what: "a text behind its terminator", data: units("abc\0def"), text: "abc" },
    { what: "half a surrogate pair", data: units("a\ud800"), text: "a\ud800" },
  ])("$what", ({ data, text }) => {
    expect(value(1, data).text()).toBe(text);
  });

  test("a list of a million strings is a million strings", () => {
    const data = units("x\0".repeat(1_000_000));
    expect(value(7, data).texts()).toHaveLength(1_000_000);
  });

  test("a list that is all terminators is empty, however long", () => {
    expect(value(7, new Uint8Array(4_000_000)).texts()).toEqual([]);
  });
});

// H48
describe("names that mean something in JavaScript", () => {
  const NAMES = ["__proto__", "constructor", "hasOwnProperty", "prototype", "toString", "then"];

  test("are keys and values like others", () => {
    const bytes = buildHiveOf({
      name: "ROOT",
      values: NAMES.map((name) => [name, name] as const),
      subkeys: NAMES.toSorted((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1)).map((name) => ({
        name,
        values: [["isPolluted", 1]],
        subkeys: [],
      })),
    });
    const hive = open(bytes);
    for (const name of NAMES) {
      expect(hive.require(name).name).toBe(name);
      expect(hive.root.value(name)?.text()).toBe(name);
    }
    expect([...checkHive(new MemorySource(bytes))]).toEqual([]);
    expect(open(buildHive({})).find("__proto__")).toBeUndefined();
    expect(open(buildHive({})).root.value("constructor")).toBeUndefined();
    expect({}).not.toHaveProperty("isPolluted");
  });

  test("are no edition, service, device or start type that is known", () => {
    for (const name of NAMES.filter((one) => one !== "__proto__")) {
      const report = audit({
        software: { Microsoft: { "Windows NT": { CurrentVersion: { EditionID: name, ProductName: name } } } },
        control: { Services: { [name]: { Start: 2, ImagePath: name } } },
        devices: { [`VMBUS\\${name}`]: name },
        files: { [`System32/drivers/${name}`]: Uint8Array.of(1) },
      });
      expect(report.error).toBeNull();
      expect(onlyGuest(report).os).toMatchObject({ name });
      expect(onlyGuest(report).integrationServices.services.map(({ name: one }) => one)).not.toContain(name);
    }
  });
});
