import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Backing, MemorySource, PageCache, readBytes } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { BASE_BLOCK_SIZE } from "../../src/registry/layout.ts";
import { upcase, upcaseUnit } from "../../src/registry/upcase.ts";
import { baseBlockOf, listHive } from "../lab/hive.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

const FACTS = join(FIXTURES, "FACTS/hive");

const source = (name: string) => new MemorySource(readFixture(`hive/${name}`));
const open = (name: string, logs: readonly string[] = []) =>
  Hive.open(source(name), { logs: logs.map(source) });
const codes = (hive: Hive) => hive.findings.map(({ code }) => code);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What other tools said of a fixture. */
interface Fact {
  readonly base_block: { readonly dirty: boolean; readonly checksum_ok: boolean; readonly version: string };
  readonly hivex?: {
    readonly mode: string;
    readonly keys: number;
    readonly values: number;
    readonly listing_sha256: string;
    readonly errors: number;
  };
}

const factOf = (name: string): Fact => JSON.parse(readFileSync(join(FACTS, `${name}.json`), "utf8"));

/** Every hive that hivex reads without an error. */
const readable = readdirSync(FACTS, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".json") && path !== "RECOVERY.json")
  .map((path) => path.replace(/\.json$/, ""))
  .filter((name) => {
    const { hivex } = factOf(name);
    return hivex?.mode === "normal" && hivex.errors === 0;
  })
  .toSorted();

describe("every key and value is as hivex has it", () => {
  test("in 40 hives", () => {
    expect(readable).toHaveLength(40);
  });

  test.each(readable)("in %s", (name) => {
    const { base_block: block, hivex } = factOf(name);
    const hive = open(name);
    const listing = listHive(hive);
    expect(listing.errors).toEqual([]);
    expect(listing).toMatchObject({
      keyCount: hivex?.keys,
      valueCount: hivex?.values,
      sha256: hivex?.listing_sha256,
    });
    expect(`${hive.version.major}.${hive.version.minor}`).toBe(block.version);
    expect(hive.recovery).toBe(block.dirty ? "unrecovered" : "clean");
    expect(codes(hive)).toEqual(block.dirty ? ["REGF_DIRTY"] : []);
  });
});

describe("a search finds every key that a list names", () => {
  const missed = (key: Key): string[] =>
    [...key.subkeys()].flatMap((subkey) => [
      ...(key.subkey(upcase(subkey.name))?.offset === subkey.offset ? [] : [subkey.path]),
      ...missed(subkey),
    ]);

  test.each([
    "dissect-SYSTEM",
    "regipy-SYSTEM_win7",
    "dfwinreg-NTUSER.DAT",
    "artemis-NTUSER.DAT",
    "nt-hive-testhive",
    "yarp/ManySubkeysHive",
    "yarp/UnicodeHive",
    "yarp/ExtendedASCIIHive",
    "yarp/UpcaseHive",
    "python-registry-UNICODE_TESTS",
    "hivex-special",
  ])("in %s", (name) => {
    expect(missed(open(name).root)).toEqual([]);
  });

  test("and by prefix in the SOFTWARE hive of a Windows 7", () => {
    const packages = open("plaso-SOFTWARE").require(
      "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages",
    );
    const names = [...packages.subkeys()].map(({ name }) => name);
    for (const prefix of ["Microsoft-Hyper-V-", "package_2", "PACKAGE_FOR_KB", "nothing", ""]) {
      const expected = names.filter((name) => upcase(name).startsWith(upcase(prefix)));
      expect([...packages.subkeysStartingWith(prefix)].map(({ name }) => name)).toEqual(expected);
    }
  });
});

describe("the logs", () => {
  const yarp = (folder: string, hive: string) => ({
    name: `yarp-${folder}/${hive}`,
    logs: [`yarp-${folder}/${hive}.LOG1`, `yarp-${folder}/${hive}.LOG2`],
  });
  const recovery = JSON.parse(readFileSync(join(FACTS, "RECOVERY.json"), "utf8"));
  const expectedOf = (hive: string) => recovery.find((entry: { hive: string }) => entry.hive === hive);

  test.each([
    {
      fact: "yarp/NewDirtyHive1/NewDirtyHive",
      ...yarp("NewDirtyHive1", "NewDirtyHive"),
      findings: ["REGF_LOG_APPLIED"],
    },
    {
      fact: "yarp/OldDirtyHive/OldDirtyHive",
      ...yarp("OldDirtyHive", "OldDirtyHive"),
      findings: ["REGF_LOG_APPLIED"],
    },
    {
      fact: "yarp/OldDirtyHive/OldDirtyHive",
      name: "yarp-OldDirtyHive/OldDirtyHive",
      logs: ["yarp/OldLogWithRemnantData"],
      findings: ["REGF_LOG_APPLIED"],
    },
    {
      fact: "yarp/BadBaseBlockHive/BadBaseBlockHive",
      ...yarp("BadBaseBlockHive", "BadBaseBlockHive"),
      findings: ["REGF_LOG_APPLIED", "REGF_LOG_TIMESTAMP"],
    },
    {
      fact: "regipy/SYSTEM_B",
      name: "regipy-SYSTEM_B",
      logs: ["regipy-SYSTEM_B.LOG1", "regipy-SYSTEM_B.LOG2"],
      findings: ["REGF_LOG_APPLIED"],
    },
    {
      fact: "regipy/transactions_NTUSER.DAT",
      name: "transactions_NTUSER.DAT",
      logs: ["transactions_ntuser.dat.log1", "transactions_ntuser.dat.log2"],
      findings: ["REGF_LOG_APPLIED"],
    },
  ])("$logs bring $name to where yarp brings it", ({ fact, name, logs, findings }) => {
    const expected = expectedOf(fact);
    const hive = open(name, logs);
    expect(hive.recovery).toBe("recovered");
    expect(codes(hive)).toEqual(findings);
    const { binsSize } = baseBlockOf(readBytes(hive.image, 0, BASE_BLOCK_SIZE));
    expect(binsSize).toBe(expected.hbins_size_after);
    expect(sha256(readBytes(hive.image, BASE_BLOCK_SIZE, binsSize))).toBe(
      expected["sha256_of_hbins_4096_to_4096+hbins"],
    );
    expect(listHive(hive)).toMatchObject({
      keyCount: expected.hivex_after.keys,
      valueCount: expected.hivex_after.values,
      sha256: expected.hivex_after.listing_sha256,
    });
  });

  test("bring a hive to what Windows 10 itself made of it, byte for byte", () => {
    const { name, logs } = yarp("NewDirtyHive1", "NewDirtyHive");
    const { image } = open(name, logs);
    const recovered = readFixture("hive/yarp-NewDirtyHive1/RecoveredHive_Windows10");
    expect(Buffer.compare(readBytes(image, 0, image.sizeBytes), recovered)).toBe(0);
  });

  test("bring a hive to what Windows 7 itself made of it, key for key", () => {
    const { name, logs } = yarp("OldDirtyHive", "OldDirtyHive");
    const recovered = listHive(open("yarp-OldDirtyHive/RecoveredHive_Windows7"));
    expect(listHive(open(name, logs)).lines).toEqual(recovered.lines);
  });

  test("that are damaged are not applied", () => {
    const { name, logs } = yarp("BadLogHive1", "BadLogHive");
    const hive = open(name, logs);
    expect(hive.recovery).toBe("unrecovered");
    expect(codes(hive)).toEqual(["REGF_LOG", "REGF_DIRTY"]);
    expect(listHive(hive).sha256).toBe(factOf(name).hivex?.listing_sha256);
  });

  test.each([
    {
      name: "yarp-NewDirtyHive1/RecoveredHive_Windows10",
      logs: ["yarp-NewDirtyHive1/NewDirtyHive.LOG1", "yarp-NewDirtyHive1/NewDirtyHive.LOG2"],
    },
    { name: "dfwinreg-NTUSER.DAT", logs: ["dfwinreg-NTUSER.DAT.LOG"] },
  ])("of the clean $name are left alone", ({ name, logs }) => {
    const hive = open(name, logs);
    expect([hive.recovery, ...codes(hive)]).toEqual(["clean"]);
  });
});

describe("a file is refused", () => {
  test.each([
    { name: "ez-NotAHive", code: "REGF_NOT" },
    { name: "win9x-SYSTEM.DAT", code: "REGF_NOT" },
    { name: "yarp-OldDirtyHive/OldDirtyHive.LOG2", code: "REGF_NOT" },
    { name: "yarp-OldDirtyHive/OldDirtyHive.LOG1", code: "REGF_VERSION" },
    { name: "regipy-SYSTEM_B.LOG1", code: "REGF_VERSION" },
    { name: "yarp-BadBaseBlockHive/BadBaseBlockHive", code: "REGF_KEY" },
  ])("where it is $name: $code", ({ name, code }) => {
    expect(() => open(name)).toThrow(expect.objectContaining({ code }));
  });
});

describe("damage", () => {
  test.each([
    { name: "plaso-corrupt_sub_key_list.hiv", keys: 9, values: 8, errors: ["REGF_CELL"], findings: [] },
    { name: "yarp/TruncatedHive", keys: 2, values: 0, errors: ["REGF_CELL"], findings: ["REGF_BIN"] },
    { name: "yarp/TruncatedNameHive", keys: 1, values: 0, errors: ["REGF_CELL"], findings: [] },
    { name: "yarp/EffectiveSizeHive", keys: 2, values: 0, errors: ["REGF_CELL"], findings: ["REGF_DIRTY"] },
    { name: "yarp/GarbageHive", keys: 1, values: 0, errors: [], findings: ["REGF_DIRTY"] },
    { name: "yarp/BadListHive", keys: 6, values: 0, errors: [], findings: [] },
    { name: "yarp/BadSubkeyHive", keys: 6, values: 0, errors: [], findings: [] },
    { name: "artemis-NTUSER_Bad.DAT", keys: 665, values: 1079, errors: [], findings: [] },
  ])("in $name leaves $keys keys and $values values", ({ name, keys, values, errors, findings }) => {
    const hive = open(name);
    const listing = listHive(hive, { isEachKeyOnce: true });
    expect([listing.keyCount, listing.valueCount]).toEqual([keys, values]);
    expect(listing.errors.map(({ code }) => code)).toEqual(errors);
    expect(codes(hive)).toEqual(findings);
  });

  test("in the header of a bin does not hide the keys in it", () => {
    expect(listHive(open("ez-SAMBadHBinHeader")).lines).toEqual(listHive(open("ez-SAM")).lines);
  });

  test("that makes a key its own subkey ends a walk that does not look out for it", () => {
    const { errors } = listHive(open("artemis-NTUSER_Bad.DAT"));
    expect(errors.map(({ code }) => code)).toEqual(["REGF_LOOP"]);
  });
});

describe("what the makers of the fixtures know of them", () => {
  test("UpcaseHive: ss1, SS3, ß2 in this order", () => {
    expect([...open("yarp/UpcaseHive").root.subkeys()].map(({ name }) => name)).toEqual(["ss1", "SS3", "ß2"]);
  });

  test("UnicodeHive and ExtendedASCIIHive: names in any letter case", () => {
    expect(open("yarp/UnicodeHive").find("ПРИВЕТ\\ключ")?.path).toBe("Привет\\Ключ");
    expect(open("yarp/ExtendedASCIIHive").find("ËIGENAARDIG")?.value("Ëigenaardig")?.name).toBe(
      "ëigenaardig",
    );
  });

  test("BigDataHive: 16,345 and 81,725 bytes in segments", () => {
    const key = open("yarp/BigDataHive").require("key_with_bigdata");
    const bytes = (name: string) => Buffer.from(key.value(name)?.data() ?? []).toString("latin1");
    expect(bytes("")).toBe("1".repeat(16_345));
    expect(bytes("v")).toBe("2".repeat(81_725));
  });

  test("ManySubkeysHive: 5,000 subkeys under an index root", () => {
    const hive = open("yarp/ManySubkeysHive");
    expect(hive.require("Key_With_Many_Subkeys").subkeyCount).toBe(5000);
    expect(hive.find("key_with_many_subkeys\\2119\\FIND_ME")?.name).toBe("find_me");
  });

  test("MultiSzHive and StringValuesHive", () => {
    const lists = open("yarp/MultiSzHive").require("key");
    expect(lists.value("1")?.texts()).toEqual([]);
    expect(lists.value("2")?.texts()).toEqual(["привет", "как дела?"]);
    const strings = open("yarp/StringValuesHive").require("key");
    expect(["", "2", "3"].map((name) => strings.value(name)?.text())).toEqual([
      "test тест",
      "test тест",
      "test тест ",
    ]);
    expect(Buffer.from(strings.value("1")?.data() ?? []).toString()).toBe("test");
  });

  test("NewDirtyHive1 before and after its logs", () => {
    const [name, log1, log2] = ["", ".LOG1", ".LOG2"].map(
      (end) => `yarp-NewDirtyHive1/NewDirtyHive${end}`,
    ) as [string, string, string];
    const before = open(name);
    expect(before.find("Key2\\Key2_2")).toBeDefined();
    expect(before.find("Key1")?.value("")?.text()).toBe("1".repeat(6000));
    const after = open(name, [log1, log2]);
    expect(after.find("Key1")).toBeUndefined();
    expect(after.find("Key3\\Key3_3")).toBeDefined();
    expect(after.find("Key3")?.value("")?.text()).toHaveLength(1440);
  });

  test("OldDirtyHive after its log", () => {
    const many = open("yarp-OldDirtyHive/OldDirtyHive", ["yarp-OldDirtyHive/OldDirtyHive.LOG1"]).require(
      "key_with_many_subkeys",
    );
    expect(many.subkey("1")).toBeUndefined();
    expect(many.find("5000\\find_me_in_log")).toBeDefined();
    expect(many.find("4500")?.value("v")?.texts()).toEqual(["a", "bb", "ccc"]);
  });

  test("nt-hive's test hive, which offreg.dll wrote", () => {
    const hive = open("nt-hive-testhive");
    const data = hive.require("data-test");
    const value = (name: string) => data.value(name);
    expect(
      ["reg-sz", "reg-sz-with-terminating-nul", "reg-expand-sz"].map((name) => value(name)?.text()),
    ).toEqual(Array(3).fill("sz-test"));
    expect(value("reg-multi-sz")?.texts()).toEqual(["multi-sz-test", "line2"]);
    expect(value("reg-multi-sz-big")?.texts()).toEqual(["0123456789".repeat(820), "0123456789"]);
    expect(value("dword")?.number()).toBe(42);
    expect(value("dword-big-endian")?.number()).toBe(0x2a00_0000);
    expect(value("qword")?.bigint()).toBe(2n ** 64n - 1n);
    expect([..."ABC"].map((name) => hive.require("big-data-test").value(name)?.data().length)).toEqual([
      16_343, 16_344, 16_345,
    ]);
    expect(hive.require("subkey-test").subkeyCount).toBe(512);
    expect(hive.find("subkey-test\\KEY511")).toBeDefined();
    expect(hive.find("subpath-test\\with-two-levels-of-subkeys\\subkey1\\subkey2")).toBeDefined();
    const encodings = hive.require("character-encoding-test");
    for (const name of ["ÄÖÜ", "\uff21", "\uff41", "\u{10410}", "\u{10438}"]) {
      expect(encodings.subkey(name)).toBeDefined();
    }
  });
});

test("names are upper-cased as in the table that Windows wrote into a volume", () => {
  const volume = readFixture("ntfs/dissect-ntfs.bin");
  // $UpCase maps every unit, in order, so it begins with the units up to the first lower-case letter as they are.
  const beginning = Buffer.from(Uint16Array.from({ length: 0x61 }, (_, unit) => unit).buffer);
  const at = volume.indexOf(beginning);
  expect(at).toBeGreaterThan(0);
  const different = Array.from({ length: 0x10000 }, (_, unit) => unit).filter(
    (unit) => volume.readUInt16LE(at + unit * 2) !== upcaseUnit(unit),
  );
  expect(different).toEqual([]);
});

test("what an audit asks of a SOFTWARE hive of 37 MB costs less than 32 pages", () => {
  const bytes = readFixture("hive/plaso-SOFTWARE");
  let pages = 0;
  const backing: Backing = {
    sizeBytes: bytes.length,
    readInto: (target, offset) => {
      pages += Math.ceil(target.length / 4096);
      target.set(bytes.subarray(offset, offset + target.length));
    },
  };
  const hive = Hive.open(new PageCache(backing));
  expect(hive.find("Microsoft\\Windows NT\\CurrentVersion")?.value("CurrentBuild")?.text()).toBe("7601");
  expect(hive.find("Microsoft\\Virtual Machine\\Auto")).toBeUndefined();
  expect(hive.find("Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update")).toBeDefined();
  const packages = "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages";
  const drivers = "Microsoft-Hyper-V-Guest-Integration-Drivers-Package~31bf3856ad364e35~x86~~6.1";
  expect(
    [...hive.require(packages).subkeysStartingWith("microsoft-hyper-v-guest-")].map(({ name }) => name),
  ).toEqual([`${drivers}.7600.16385`, `${drivers}.7601.17514`]);
  console.log(pages);
  expect(pages).toBeLessThan(60);
});
