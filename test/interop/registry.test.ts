import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { upcase } from "../../src/registry/upcase.ts";
import { buildHive, buildHiveOf, expand, type HiveTree, type LabKey, listHive, raw } from "../lab/hive.ts";
import { hivex, hivexListing } from "./registry-edit-tools.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-registry-"));
const closing: FileSource[] = [];
afterAll(() => {
  for (const file of closing) file.close();
  rmSync(folder, { recursive: true });
});

let count = 0;

function write(bytes: Uint8Array): string {
  const path = join(folder, `${count++}.hive`);
  writeFileSync(path, bytes);
  return path;
}

function open(path: string): Hive {
  const file = FileSource.open(path);
  closing.push(file);
  return Hive.open(file);
}

/** Keys and values as reglookup counts them. */
function reglookupCounts(path: string): { keys: number; values: number } {
  const output = execFileSync("reglookup", ["-H", path], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 1 << 28,
  });
  const types = output
    .trimEnd()
    .split("\n")
    .map((line) => line.split(",")[1]);
  const keys = types.filter((type) => type === "KEY").length;
  return { keys, values: types.length - keys };
}

/** What a search by name does not lead back to. */
const missed = (key: Key): string[] =>
  [...key.subkeys()].flatMap((subkey) => [
    ...(key.subkey(upcase(subkey.name))?.offset === subkey.offset ? [] : [subkey.path]),
    ...missed(subkey),
  ]);

const everything = {
  Microsoft: {
    "": "default",
    Text: "text",
    Expand: expand("%SystemRoot%"),
    Number: 5,
    Large: 123n,
    List: ["a", "b"],
    Empty: raw(3, []),
    Short: raw(3, [1, 2, 3]),
    Größe: 1,
    Имя: "значение",
    Sub: { Deep: { Deeper: {} } },
    Grün: {},
    更新: { プログラム: "x" },
  },
  Many: Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`Key${index}`, { Value: index }])),
} satisfies HiveTree;

describe("the hives that our tests build", () => {
  test.each([
    { what: "as Windows 10 writes them", options: {} },
    { what: "of version 1.3", options: { minor: 3 } },
    { what: "of version 1.4", options: { minor: 4 } },
    { what: "with li leaves", options: { list: "li" } },
    { what: "with short leaves under an index root", options: { leafCountMax: 500 } },
  ] as const)("are what hivex and reglookup take them for, $what", ({ options }) => {
    const path = write(buildHive({ ...everything, Big: new Uint8Array(40_000).fill(7) }, options));
    const listing = listHive(open(path));
    expect(hivexListing(path)).toBe(listing.sha256);
    expect(reglookupCounts(path)).toEqual({ keys: listing.keyCount, values: listing.valueCount });
  });

  test("are so with any names and data", () => {
    const name = fc.string({
      unit: fc.constantFrom("a", "B", "_", "é", "ж", "更", "~"),
      minLength: 1,
      maxLength: 8,
    });
    const tree = (depth: number): fc.Arbitrary<LabKey> =>
      fc.record({
        name,
        values: fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 30 })), {
          selector: ([text]) => upcase(text),
        }),
        subkeys:
          depth === 0
            ? fc.constant([])
            : fc.uniqueArray(tree(depth - 1), { maxLength: 5, selector: (subkey) => upcase(subkey.name) }),
      });
    fc.assert(
      fc.property(tree(3), (root) => {
        const path = write(buildHiveOf(root));
        expect(hivexListing(path)).toBe(listHive(open(path)).sha256);
      }),
      { numRuns: 15 },
    );
  });
});

describe("a hive that hivex wrote", () => {
  test("is read as hivex reads it, and every key in it is found by name", () => {
    const path = write(buildHive(everything));
    hivex(
      path,
      `
root = h.root()
node = h.node_get_child(root, "Microsoft")
for name in ["Virtual Machine", "zz_a", "ZZB", "zzc", "größe", "Über", "ÿx", "更新2", "ключ"]:
    child = h.node_add_child(node, name)
    h.node_set_value(child, {"key": "Größe", "t": 1, "value": name.encode("utf-16-le") + b"\\0\\0"})
    h.node_set_values(child, [
        {"key": "Big", "t": 3, "value": b"z" * 40000},
        {"key": "", "t": 4, "value": b"\\1\\0\\0\\0"},
        {"key": "Имя", "t": 7, "value": b"\\0\\0"}])
    h.node_add_child(child, "Auto")
many = h.node_get_child(root, "Many")
for index in range(0, 3000, 7):
    h.node_delete_child(h.node_get_child(many, "Key%d" % index))
for index in range(300):
    h.node_add_child(many, "key_%d" % index)
h.commit(None)
`,
    );
    const hive = open(path);
    const listing = listHive(hive);
    expect(listing.errors).toEqual([]);
    expect(hivexListing(path)).toBe(listing.sha256);
    expect(missed(hive.root)).toEqual([]);
    const added = hive.require("MICROSOFT\\ÜBER");
    expect(added.value("big")?.data()).toHaveLength(40_000);
    expect(added.value("")?.number()).toBe(1);
    expect(added.value("имя")?.texts()).toEqual([]);
    expect([...hive.require("Many").subkeysStartingWith("KEY_")]).toHaveLength(300);
  });

  test("may have empty leaves where it deleted all keys", () => {
    const path = write(buildHive(everything, { leafCountMax: 100 }));
    hivex(
      path,
      `
many = h.node_get_child(h.root(), "Many")
for child in h.node_children(many)[100:400]:
    h.node_delete_child(child)
h.commit(None)
`,
    );
    const hive = open(path);
    expect(hivexListing(path)).toBe(listHive(hive).sha256);
    expect(hive.require("Many").subkeyCount).toBe(2700);
    expect(missed(hive.root)).toEqual([]);
  });
});

test("a hive of 12 MB is what hivex and reglookup take it for", () => {
  const components = Array.from({ length: 40_000 }, (_, index) => {
    const hex = ((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0");
    return [
      `{${hex}-0000-4000-8000-000000000000}`,
      { "": `Component ${index}`, Server: { "": expand(`%x%\\${hex}.dll`) } },
    ];
  });
  const bytes = buildHive({ Classes: { CLSID: Object.fromEntries(components) } });
  expect(bytes.length).toBeGreaterThan(12e6);
  const path = write(bytes);
  const listing = listHive(open(path));
  expect(hivexListing(path)).toBe(listing.sha256);
  expect(reglookupCounts(path)).toEqual({ keys: listing.keyCount, values: listing.valueCount });
});
