import { describe, expect, test } from "vitest";
import type { Code, Finding } from "../../src/errors.ts";
import { MemorySource } from "../../src/io/index.ts";
import { checkHive } from "../../src/registry/check/index.ts";
import {
  BASE_BLOCK_SIZE,
  BigData,
  HashedEntry,
  KEY_FLAGS,
  NO_OFFSET,
  SecurityNode,
} from "../../src/registry/layout.ts";
import {
  type BuildHiveOptions,
  baseBlockOf,
  buildHive,
  buildNewLog,
  crashed,
  entryOf,
  type HiveTree,
  Surgery,
  seal,
} from "../lab/hive.ts";

const LARGE = new Uint8Array(40_000).fill(7);

const TREE: HiveTree = {
  Alpha: { "@class": "Shell", Text: "a text of some length", Number: 3 },
  Beta: { Large: LARGE, Long: new Uint8Array(200), Other: new Uint8Array(300) },
  Gamma: { Below: { Deep: {} }, Zeta: {} },
};

const SECURITY = () => new Surgery(buildHive(TREE)).key("").security;

const check = (bytes: Uint8Array): Finding[] => [...checkHive(new MemorySource(bytes))];
const codesOf = (bytes: Uint8Array): Code[] => check(bytes).map(({ code }) => code);

describe("a sound hive has no findings", () => {
  test.each<{ what: string; tree: HiveTree; options: BuildHiveOptions }>([
    { what: "of version 1.5", tree: TREE, options: {} },
    { what: "of version 1.6", tree: TREE, options: { minor: 6 } },
    { what: "of version 1.3", tree: TREE, options: { minor: 3 } },
    { what: "of version 1.1", tree: { Alpha: { Text: "a text" } }, options: { minor: 1 } },
    { what: "with lists under an index root", tree: TREE, options: { leafCountMax: 2 } },
    { what: "with lists without hints", tree: TREE, options: { list: "li" } },
    { what: "with names beyond ASCII", tree: { Straße: {}, Ωmega: {}, 日本: { ключ: "x" } }, options: {} },
    { what: "with an empty root", tree: {}, options: {} },
    { what: "with bytes behind the last bin", tree: TREE, options: { slackBytes: 4096 } },
  ])("$what", ({ tree, options }) => {
    expect(check(buildHive(tree, options))).toEqual([]);
  });
});

/** Content of a cell that holds large data, to be read as what it is. */
function bigDataOf(hive: Surgery): BigData {
  return new BigData(hive.content(hive.value("Beta", "Large").data));
}

const securityOf = (hive: Surgery) => new SecurityNode(hive.content(SECURITY()));

const entriesOf = (hive: Surgery, path: string) => {
  const list = hive.subkeyList(path);
  return Array.from(
    { length: list.count },
    (_, index) => new HashedEntry(list.view, list.at + 4 + index * 8),
  );
};

function setText(view: DataView, at: number, text: string): void {
  for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index));
}

const NAME_AT = 76;
const LOST: Code = "REGF_CELL_UNREACHABLE";
const COUNTS: Code = "REGF_SECURITY_COUNT";

/** Faults of the sound hive, each with all the codes that it must give: where a key is lost, so is what it refers to. */
const FAULTS: readonly (readonly [
  fault: string,
  codes: readonly Code[],
  damage: (hive: Surgery) => unknown,
])[] = [
  ["no signature", ["REGF_DIRTY", "REGF_NOT"], ({ bytes }) => bytes.fill(0, 0, 4)],
  ["another version", ["REGF_VERSION"], ({ bytes }) => (baseBlockOf(bytes).minorVersion = 9)],
  ["bins of an impossible size", ["REGF_BASE_BLOCK"], ({ bytes }) => (baseBlockOf(bytes).binsSize = 5000)],
  ["a write that was cut off", ["REGF_DIRTY"], ({ bytes }) => (baseBlockOf(bytes).secondarySequence = 6)],
  [
    "a bin without signature",
    ["REGF_BIN", "REGF_REFERENCE", LOST],
    ({ bytes }) => bytes.fill(0, BASE_BLOCK_SIZE, BASE_BLOCK_SIZE + 4),
  ],
  [
    "a cell longer than its bin",
    ["REGF_CELL_TILING"],
    (hive) => (hive.header(lastCell(hive)).size = 1 << 20),
  ],
  ["a cell that nothing refers to", [LOST], (hive) => allocateLast(hive)],
  [
    "a key that is not allocated",
    ["REGF_REFERENCE", COUNTS],
    (hive) => free(hive, hive.cellOf("Gamma\\Zeta")),
  ],
  ["a cell that holds no key", ["REGF_KEY", COUNTS], (hive) => (hive.key("Gamma\\Zeta").signature = 0)],
  [
    "a name longer than its cell",
    ["REGF_CELL", COUNTS],
    (hive) => (hive.key("Gamma\\Zeta").nameLength = 500),
  ],
  [
    "a key that is listed twice",
    ["REGF_CELL_SHARED", COUNTS, LOST],
    (hive) => (entriesOf(hive, "Gamma")[1]!.key = hive.cellOf("Gamma\\Below")),
  ],
  [
    "a key that lists one above it",
    ["REGF_CELL_SHARED", COUNTS, LOST],
    (hive) => (entriesOf(hive, "Gamma")[1]!.key = hive.cellOf("")),
  ],
  [
    "a list that holds none",
    ["REGF_LIST", "REGF_COUNT", COUNTS, LOST],
    (hive) => (hive.subkeyList("Gamma").signature = 0),
  ],
  [
    "a list longer than its cell",
    ["REGF_LIST", "REGF_COUNT", COUNTS, LOST],
    (hive) => (hive.subkeyList("Gamma").count = 500),
  ],
  [
    "a list of another version",
    ["REGF_LIST_KIND", "REGF_LIST_KIND", "REGF_LIST_KIND"],
    ({ bytes }) => (baseBlockOf(bytes).minorVersion = 4),
  ],
  ["a key that counts too many subkeys", ["REGF_COUNT"], (hive) => (hive.key("Gamma").subkeyCount = 5)],
  ["a list out of order", ["REGF_ORDER"], (hive) => swapEntries(entriesOf(hive, "Gamma"))],
  ["a wrong hash", ["REGF_HASH"], (hive) => (entriesOf(hive, "Gamma")[1]!.hint = 1)],
  [
    "two keys of one name",
    ["REGF_HASH", "REGF_NAME_DUPLICATE", "REGF_HASH"],
    (hive) => renameTo(hive.key("Gamma\\Zeta"), "BELO", hive.key("Gamma\\Below")),
  ],
  [
    "two values of one name",
    ["REGF_NAME_DUPLICATE"],
    (hive) => setText(hive.value("Beta", "Other").view, hive.value("Beta", "Other").at + 20, "large"),
  ],
  [
    "a backslash in a name",
    ["REGF_HASH", "REGF_NAME"],
    (hive) => setText(hive.key("Gamma\\Zeta").view, hive.key("Gamma\\Zeta").at + NAME_AT, "Z\\ta"),
  ],
  [
    "subkey names longer than the key says",
    ["REGF_NAME_MAX"],
    (hive) => (hive.key("Gamma").subkeyNameMax = 2),
  ],
  ["value data longer than the key says", ["REGF_NAME_MAX"], (hive) => (hive.key("Beta").valueDataMax = 2)],
  ["another parent", ["REGF_PARENT"], (hive) => (hive.key("Gamma\\Zeta").parent = hive.cellOf("Alpha"))],
  [
    "a class name longer than its cell",
    ["REGF_CLASS", "REGF_NAME_MAX"],
    (hive) => (hive.key("Alpha").classNameLength = 500),
  ],
  [
    "a root that is not marked as one",
    ["REGF_FLAGS"],
    (hive) => (hive.key("").flags = KEY_FLAGS.compressedName),
  ],
  [
    "a mount point",
    ["REGF_FLAGS"],
    (hive) => (hive.key("Alpha").flags = KEY_FLAGS.compressedName + KEY_FLAGS.hiveExit),
  ],
  [
    "a volatile key",
    ["REGF_VOLATILE"],
    (hive) => (hive.key("Alpha").flags = KEY_FLAGS.compressedName + KEY_FLAGS.volatile),
  ],
  ["a descriptor that is none", ["REGF_SECURITY"], (hive) => (securityOf(hive).signature = 0)],
  ["a descriptor longer than its cell", ["REGF_SECURITY"], (hive) => (securityOf(hive).descriptorSize = 500)],
  [
    "a descriptor that names another before it",
    ["REGF_SECURITY_RING"],
    (hive) => (securityOf(hive).previous = 0x40),
  ],
  [
    "a ring that ends",
    ["REGF_REFERENCE", "REGF_SECURITY_RING"],
    (hive) => (securityOf(hive).next = NO_OFFSET),
  ],
  ["a wrong count of keys", [COUNTS], (hive) => (securityOf(hive).referenceCount = 99)],
  [
    "more values than their list has room for",
    ["REGF_LIST", LOST],
    (hive) => (hive.key("Alpha").valueCount = 99),
  ],
  ["a cell that holds no value", ["REGF_VALUE", LOST], (hive) => (hive.value("Alpha", "Text").signature = 0)],
  ["data longer than its cell", ["REGF_VALUE"], (hive) => (hive.value("Beta", "Long").dataSize = 1000)],
  [
    "five bytes in a field of four",
    ["REGF_VALUE"],
    (hive) => (hive.value("Alpha", "Number").dataSize = 0x8000_0005),
  ],
  ["a wrong number of segments", ["REGF_BIG_DATA", LOST], (hive) => (bigDataOf(hive).segmentCount = 2)],
  [
    "a segment that is named twice",
    ["REGF_CELL_SHARED", LOST],
    (hive) => {
      const list = hive.content(bigDataOf(hive).segmentList);
      list.setUint32(4, list.getUint32(0, true), true);
    },
  ],
  [
    "a segment that is too short",
    ["REGF_BIG_DATA"],
    (hive) => shorten(hive, hive.content(bigDataOf(hive).segmentList).getUint32(0, true)),
  ],
];

function lastCell({ bytes }: Surgery): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = BASE_BLOCK_SIZE + baseBlockOf(bytes).binsSize;
  let bin = BASE_BLOCK_SIZE;
  while (bin + view.getUint32(bin + 8, true) < end) bin += view.getUint32(bin + 8, true);
  let cell = bin + 32;
  while (cell + Math.abs(view.getInt32(cell, true)) < end) cell += Math.abs(view.getInt32(cell, true));
  return cell - BASE_BLOCK_SIZE;
}

function allocateLast(hive: Surgery): void {
  const header = hive.header(lastCell(hive));
  header.size = -header.size;
}

function free(hive: Surgery, cell: number): void {
  const header = hive.header(cell);
  header.size = -header.size;
}

/** Gives the last 16 bytes of a cell back. */
function shorten(hive: Surgery, cell: number): void {
  const header = hive.header(cell);
  const left = -header.size - 16;
  header.size = -left;
  hive.header(cell + left).size = 16;
}

function swapEntries([first, second]: HashedEntry[]): void {
  const { key, hint } = first!;
  Object.assign(first!, { key: second!.key, hint: second!.hint });
  Object.assign(second!, { key, hint });
}

/** Both keys get a name of four characters. */
function renameTo(
  key: Surgery["key"] extends (path: string) => infer K ? K : never,
  name: string,
  other: typeof key,
): void {
  setText(key.view, key.at + NAME_AT, name);
  setText(other.view, other.at + NAME_AT, name);
  other.nameLength = name.length;
}

describe("a fault gives the codes that name it, and no other", () => {
  test.each(FAULTS)("%s", (_, codes, damage) => {
    const hive = new Surgery(buildHive(TREE));
    damage(hive);
    const isBaseBlock = codes.includes("REGF_NOT");
    expect(codesOf(isBaseBlock ? hive.bytes : seal(hive.bytes))).toEqual(codes);
  });
});

describe("a hive that was not written completely", () => {
  const after = buildHive({
    ...TREE,
    Alpha: { "@class": "Shell", Text: "a text of some other length", Number: 4 },
  });
  const before = crashed(buildHive(TREE), 8);
  const log = buildNewLog(before, [entryOf(before, after, 8)]);

  test("is checked with its logs applied", () => {
    const logs = [new MemorySource(log)];
    expect([...checkHive(new MemorySource(before), { logs })].map(({ code }) => code)).toEqual([
      "REGF_LOG_APPLIED",
    ]);
  });

  test("is checked as it is where its log is damaged", () => {
    const logs = [new MemorySource(log.slice().fill(1, 600, 610))];
    const codes = [...checkHive(new MemorySource(before), { logs })].map(({ code }) => code);
    expect(codes).toEqual(["REGF_LOG", "REGF_DIRTY"]);
  });
});

test("a finding names the key it was met in", () => {
  const hive = new Surgery(buildHive(TREE));
  hive.value("Beta", "Long").dataSize = 0x8000_0005;
  expect(check(hive.bytes)[0]).toMatchObject({
    code: "REGF_VALUE",
    where: { path: "Beta", structure: "value" },
  });
});

test("a hive that leads back to itself everywhere is walked once", () => {
  const hive = new Surgery(buildHive({ Alpha: { A: {}, B: {} }, Beta: { C: {}, D: {} } }));
  const entries = ["", "Alpha", "Beta"].flatMap((path) => entriesOf(hive, path));
  const root = hive.cellOf("");
  for (const entry of entries) entry.key = root;
  expect(codesOf(hive.bytes).filter((code) => code === "REGF_CELL_SHARED")).toHaveLength(2);
});

test("a key deeper than Windows allows is a finding, and nothing below it is looked at", () => {
  const tree = Array.from({ length: 514 }).reduce<HiveTree>((below) => ({ K: below }), {});
  expect(codesOf(buildHive(tree))).toContain("REGF_LOOP");
});
