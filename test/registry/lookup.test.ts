import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Backing, MemorySource, PageCache } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { HashedEntry, SubkeyListHeader } from "../../src/registry/layout.ts";
import { upcase, upcaseUnit } from "../../src/registry/upcase.ts";
import {
  type BuildHiveOptions,
  buildHive,
  buildHiveOf,
  type HiveTree,
  openHive,
  Surgery,
} from "../lab/hive.ts";

/** Names that collide in their first letters, differ in case alone, and are beyond ASCII or Latin-1. */
const name = fc
  .array(
    fc.constantFrom(
      "a",
      "A",
      "b",
      "Z",
      "_",
      "~",
      "1",
      "ab",
      "abcd",
      "ß",
      "ë",
      "Ë",
      "ÿ",
      "ж",
      "更",
      "\u{10428}",
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(""));

const names = fc.uniqueArray(name, { maxLength: 60, selector: upcase });

const options: fc.Arbitrary<BuildHiveOptions> = fc.record({
  list: fc.constantFrom("lf", "lh", "li"),
  leafCountMax: fc.constantFrom(1, 2, 3, 7, 1012),
  minor: fc.constantFrom(1, 2, 3, 5),
});

const flat = (subkeys: readonly string[], buildOptions: BuildHiveOptions) =>
  buildHiveOf(
    {
      name: "ROOT",
      values: [],
      subkeys: subkeys.map((subkey) => ({ name: subkey, values: [], subkeys: [] })),
    },
    buildOptions,
  );

/** Another spelling that Windows takes for the same name. */
const respell = (spelled: string, seed: number) =>
  Array.from({ length: spelled.length }, (_, index) => {
    const unit = spelled.charCodeAt(index);
    const lower = String.fromCharCode(unit).toLowerCase();
    if ((seed >> (index % 30)) & 1) return String.fromCharCode(upcaseUnit(unit));
    return lower.length === 1 && upcaseUnit(lower.charCodeAt(0)) === upcaseUnit(unit)
      ? lower
      : spelled[index];
  }).join("");

const namesOf = (keys: Iterable<Key>) => [...keys].map((key) => key.name);

describe("in any kind of subkey list", () => {
  test("every key is found in any letter case, and no other", () => {
    fc.assert(
      fc.property(names, names, options, fc.nat(), (present, asked, buildOptions, seed) => {
        const root = Hive.open(new MemorySource(flat(present, buildOptions))).root;
        for (const subkey of present) expect(root.subkey(respell(subkey, seed))?.name).toBe(subkey);
        const uppers = new Set(present.map(upcase));
        for (const subkey of asked) {
          expect(root.subkey(subkey) === undefined).toBe(!uppers.has(upcase(subkey)));
        }
      }),
    );
  });

  test("subkeys come in the order of their upper-cased names", () => {
    fc.assert(
      fc.property(names, options, (present, buildOptions) => {
        const root = Hive.open(new MemorySource(flat(present, buildOptions))).root;
        const sorted = present.toSorted((a, b) => (upcase(a) < upcase(b) ? -1 : 1));
        expect(namesOf(root.subkeys())).toEqual(sorted);
        expect(root.subkeyCount).toBe(present.length);
      }),
    );
  });

  test("a search by prefix gives what a look at every name gives", () => {
    fc.assert(
      fc.property(names, fc.oneof(name, fc.constant("")), options, (present, prefix, buildOptions) => {
        const root = Hive.open(new MemorySource(flat(present, buildOptions))).root;
        const expected = namesOf(root.subkeys()).filter((subkey) =>
          upcase(subkey).startsWith(upcase(prefix)),
        );
        expect(namesOf(root.subkeysStartingWith(prefix))).toEqual(expected);
      }),
    );
  });
});

const Path = { Microsoft: { "Windows NT": { CurrentVersion: { CurrentBuild: "9600" } } } } satisfies HiveTree;

describe("a path", () => {
  const hive = openHive(Path);

  test("leads to a key in any letter case, and the key tells it as it is spelled", () => {
    const key = hive.find("MICROSOFT\\windows nt\\currentversion");
    expect(key?.path).toBe("Microsoft\\Windows NT\\CurrentVersion");
    expect(key?.value("currentbuild")?.text()).toBe("9600");
    expect(hive.find("Microsoft")?.find("Windows NT")?.path).toBe("Microsoft\\Windows NT");
  });

  test.each([{ path: "" }, { path: "\\" }])("of '$path' is the root", ({ path }) => {
    expect(hive.find(path)?.offset).toBe(hive.root.offset);
    expect(hive.root.path).toBe("");
  });

  test("that leads nowhere is undefined, or NOT_FOUND where the key is required", () => {
    expect(hive.find("Microsoft\\Windows\\CurrentVersion")).toBeUndefined();
    expect(() => hive.require("Microsoft\\Windows")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});

describe("a hash that is not that of the name", () => {
  const damage = (names: string[]) => {
    const surgery = new Surgery(flat(names, { list: "lh" }));
    const list = surgery.subkeyList("");
    for (let entry = 0; entry < list.count; entry++) {
      const at = SubkeyListHeader.sizeBytes + entry * HashedEntry.sizeBytes;
      new HashedEntry(list.view, list.at + at).hint = 0xdead;
    }
    return Hive.open(new MemorySource(surgery.bytes)).root;
  };

  test("hides a key from a search, as it does in Windows", () => {
    const root = damage(["Alpha", "Beta"]);
    expect(root.subkey("Beta")).toBeUndefined();
    expect(namesOf(root.subkeys())).toEqual(["Alpha", "Beta"]);
  });

  test("hides no key with a name beyond ASCII, which hivex hashes differently", () => {
    expect(damage(["Größe", "Имя"]).subkey("ИМЯ")?.name).toBe("Имя");
  });
});

test("an empty leaf, as hivex leaves behind, is passed over", () => {
  const subkeys = Array.from({ length: 40 }, (_, index) => `Key${index}`);
  const surgery = new Surgery(flat(subkeys, { leafCountMax: 8 }));
  const roots = surgery.subkeyList("");
  for (const leaf of [0, 2, 4]) {
    const offset = roots.view.getUint32(roots.at + SubkeyListHeader.sizeBytes + leaf * 4, true);
    new SubkeyListHeader(surgery.content(offset)).count = 0;
  }
  const root = Hive.open(new MemorySource(surgery.bytes)).root;
  const left = namesOf(root.subkeys());
  expect(left).toHaveLength(16);
  for (const subkey of subkeys) expect(root.subkey(subkey)?.name).toBe(left.find((name) => name === subkey));
  expect(namesOf(root.subkeysStartingWith("Key2"))).toEqual(left.filter((name) => name.startsWith("Key2")));
});

describe("of a key with 10,000 subkeys", () => {
  const subkeys = Array.from(
    { length: 10_000 },
    (_, index) => `Package_for_KB${index * 7919}~31bf3856ad364e35~amd64`,
  );

  test.each([
    { list: "lh", pages: 20 },
    { list: "lf", pages: 30 },
    { list: "li", pages: 30 },
  ] as const)("one is found through $list leaves in at most $pages pages", ({ list, pages }) => {
    const hive = flat(subkeys, { list, leafCountMax: 1012 });
    let pagesRead = 0;
    const backing: Backing = {
      sizeBytes: hive.length,
      readInto: (target, offset) => {
        pagesRead += Math.ceil(target.length / 4096);
        target.set(hive.subarray(offset, offset + target.length));
      },
    };
    const wanted = subkeys[4711] ?? "";
    expect(Hive.open(new PageCache(backing)).find(wanted.toUpperCase())?.name).toBe(wanted);
    expect(pagesRead).toBeLessThanOrEqual(pages);
  });
});

test("opening a hive reads its base block and the page of the root alone", () => {
  const hive = buildHive({ Many: Object.fromEntries(subkeyEntries(5000)) });
  const offsets: number[] = [];
  const backing: Backing = {
    sizeBytes: hive.length,
    readInto: (target, offset) => {
      offsets.push(offset);
      target.set(hive.subarray(offset, offset + target.length));
    },
  };
  expect(Hive.open(new PageCache(backing)).root.name).toBe("ROOT");
  expect(offsets).toEqual([0, 4096]);
});

const subkeyEntries = (count: number): [string, HiveTree][] =>
  Array.from({ length: count }, (_, index) => [`Key${index}`, {}]);
