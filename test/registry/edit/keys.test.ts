import { describe, expect, test } from "vitest";
import {
  BASE_BLOCK_SIZE,
  type KeyNode,
  NO_OFFSET,
  SecurityNode,
  SIGNATURES,
  SubkeyListHeader,
} from "../../../src/registry/layout.ts";
import { buildHive, type HiveTree, Surgery } from "../../lab/hive.ts";
import {
  cellsIn,
  changedCells,
  EDIT_TIME,
  editHive,
  faultsOf,
  linesOf,
  ModelKey,
  openBytes,
} from "./edits.ts";

const TREE: HiveTree = {
  Microsoft: {
    Windows: { Version: 6, Run: { "": "x" } },
    _under: {},
    "[bracket]": {},
    ss1: {},
    SS3: {},
    ß2: {},
  },
  Empty: {},
};

const numbered = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`Key${index}`, {}]));

/** Signature and number of entries of each leaf of a key's list, and before them those of the index root. */
function listsOf(bytes: Uint8Array, path: string): { signature: number; count: number }[] {
  const surgery = new Surgery(bytes);
  const { signature, count, view, at } = surgery.subkeyList(path);
  if (signature !== SIGNATURES.indexRoot) return [{ signature, count }];
  const leaves = Array.from({ length: count }, (_, index) => {
    const leaf = new SubkeyListHeader(surgery.content(view.getUint32(at + 4 + index * 4, true)));
    return { signature: leaf.signature, count: leaf.count };
  });
  return [{ signature, count }, ...leaves];
}

describe("a key is created", () => {
  test.each([
    { what: "below the root", path: "New" },
    { what: "first of its list", path: "Microsoft\\0" },
    { what: "last of its list", path: "Microsoft\\ÿ" },
    { what: "in a key without subkeys", path: "Empty\\New" },
    { what: "with all parents that are missing", path: "Empty\\A\\B\\C\\D" },
    { what: "below parents in another spelling", path: "MICROSOFT\\wINDOWS\\New" },
    { what: "between names that other letters would sort differently", path: "Microsoft\\^" },
    { what: "with a letter that has no other case", path: "Microsoft\\ß1" },
    { what: "with a name in UTF-16", path: "Microsoft\\Ключ\\更新" },
    { what: "with the longest name", path: `Empty\\${"n".repeat(255)}` },
    { what: "with the longest name in UTF-16", path: `Empty\\${"更".repeat(255)}` },
    { what: "as deep as keys can be", path: `Empty${"\\a".repeat(511)}` },
    { what: "by a path with needless backslashes", path: "\\Empty\\\\New\\" },
  ])("$what", ({ path }) => {
    for (const options of [{}, { minor: 3 }, { list: "li" }, { leafCountMax: 2 }] as const) {
      const before = buildHive(TREE, options);
      const model = ModelKey.of(before);
      model.createKey(
        path
          .split("\\")
          .filter((name) => name !== "")
          .join("\\"),
      );
      const { edit, bytes } = editHive(before, (editor) => {
        expect(editor.createKey(path)).toBe(true);
        expect(editor.createKey(path)).toBe(false);
      });
      expect(linesOf(bytes)).toEqual(model.lines());
      expect(faultsOf(bytes)).toEqual([]);
      expect(edit.isSoundThroughout).toBe(true);
      expect(openBytes(bytes).find(path)?.lastWritten).toBe(EDIT_TIME);
    }
  });

  test("as Windows makes it: empty, with the security of its parent, which counts one key more", () => {
    const before = buildHive(TREE);
    const { bytes } = editHive(before, (editor) => editor.createKey("Microsoft\\New\\Deep"));
    const surgery = new Surgery(bytes);
    const { security } = surgery.key("Microsoft");
    expect(surgery.key("Microsoft\\New\\Deep")).toMatchObject({
      flags: 0x20,
      lastWritten: EDIT_TIME,
      parent: surgery.cellOf("Microsoft\\New"),
      subkeyCount: 0,
      volatileSubkeyCount: 0,
      subkeyList: NO_OFFSET,
      volatileSubkeyList: NO_OFFSET,
      valueCount: 0,
      valueList: NO_OFFSET,
      security,
      className: NO_OFFSET,
      classNameLength: 0,
    } satisfies Partial<KeyNode>);
    const countIn = (hive: Uint8Array) =>
      new SecurityNode(new Surgery(hive).content(security)).referenceCount;
    expect(countIn(bytes)).toBe(countIn(before) + 2);
    expect(surgery.key("Microsoft").lastWritten).toBe(EDIT_TIME);
  });

  test("and nothing else changes but its parent, its list and the count of the descriptor", () => {
    const before = buildHive(TREE);
    const surgery = new Surgery(before);
    const parent = surgery.key("Microsoft");
    const { bytes } = editHive(before, (editor) => editor.createKey("Microsoft\\New"));
    expect(changedCells(before, bytes)).toEqual(
      [surgery.cellOf("Microsoft"), parent.subkeyList, parent.security].toSorted((a, b) => a - b),
    );
  });

  test("and its parent keeps what it says of longer names, and of the user", () => {
    const before = buildHive({ Key: { LongerName: {} } });
    new Surgery(before).key("Key").userFlags = 0x21;
    const { bytes } = editHive(before, (editor) => editor.createKey("Key\\Short"));
    expect(new Surgery(bytes).key("Key")).toMatchObject({ subkeyNameMax: 20, userFlags: 0x21 });
  });

  test.each([
    { minor: 6, signature: SIGNATURES.hashLeaf },
    { minor: 5, signature: SIGNATURES.hashLeaf },
    { minor: 4, signature: SIGNATURES.fastLeaf },
    { minor: 3, signature: SIGNATURES.fastLeaf },
  ])("in version 1.$minor with the kind of list that the version has", ({ minor, signature }) => {
    const { bytes } = editHive(buildHive({}, { minor }), (editor) => {
      for (const name of ["abcdef", "x", "Größe", "更新", "ab更d"]) editor.createKey(name);
    });
    expect(listsOf(bytes, "")).toEqual([{ signature, count: 5 }]);
    expect(faultsOf(bytes)).toEqual([]);
  });
});

describe("a list of subkeys", () => {
  test.each([
    { count: 507, lists: 1 },
    { count: 508, lists: 3 },
  ])("of $count keys has $lists cells", ({ count, lists }) => {
    const { bytes } = editHive(buildHive({}), (editor) => {
      for (let index = 0; index < count; index++) editor.createKey(`Key${index}`);
    });
    expect(listsOf(bytes, "")).toHaveLength(lists);
    expect(faultsOf(bytes)).toEqual([]);
  });

  test.each([
    { kind: "lh", minor: 5, countMax: 507 },
    { kind: "lf", minor: 3, countMax: 507 },
    { kind: "li", minor: 5, countMax: 1014 },
  ] as const)(
    "of 2500 keys is an index root over leaves of at most $countMax $kind entries",
    ({ kind, minor, countMax }) => {
      const start = buildHive({ Key: { First: {} } }, { minor, list: kind });
      const { bytes } = editHive(start, (editor) => {
        for (let index = 0; index < 2499; index++) editor.createKey(`Key\\Sub${(index * 7919) % 2499}`);
      });
      const [root, ...leaves] = listsOf(bytes, "Key");
      expect(root?.signature).toBe(SIGNATURES.indexRoot);
      expect(leaves.every(({ count }) => count > 0 && count <= countMax)).toBe(true);
      expect(new Set(leaves.map(({ signature }) => signature)).size).toBe(1);
      expect(leaves.reduce((sum, { count }) => sum + count, 0)).toBe(2500);
      expect(faultsOf(bytes)).toEqual([]);
      expect(openBytes(bytes).find("KEY\\sub1250")?.name).toBe("Sub1250");
    },
  );

  test("that is longer than any of ours is split where a key is added, and left alone elsewhere", () => {
    const before = buildHive({ A: numbered(968), B: numbered(968) }, { leafCountMax: 1012 });
    const { bytes } = editHive(before, (editor) => editor.createKey("A\\Key500x"));
    expect(listsOf(bytes, "A").map(({ count }) => count)).toEqual([2, 485, 484]);
    expect(listsOf(bytes, "B").map(({ count }) => count)).toEqual([968]);
    expect(faultsOf(bytes)).toEqual([]);
  });

  test("under an index root loses the leaf whose last key is deleted, and in the end the root", () => {
    let bytes = buildHive({ Key: numbered(9) }, { leafCountMax: 3 });
    const counts: number[][] = [];
    for (let index = 0; index < 9; index++) {
      ({ bytes } = editHive(bytes, (editor) => expect(editor.deleteKey(`Key\\Key${index}`)).toBe(true)));
      expect(faultsOf(bytes)).toEqual([]);
      if (index < 8) counts.push(listsOf(bytes, "Key").map(({ count }) => count));
    }
    expect(counts.slice(1, 4)).toEqual([
      [3, 1, 3, 3],
      [2, 3, 3],
      [2, 2, 3],
    ]);
    expect(new Surgery(bytes).key("Key")).toMatchObject({ subkeyCount: 0, subkeyList: NO_OFFSET });
  });

  test("with empty leaves, as hivex leaves them, takes keys before, between and behind them", () => {
    const before = buildHive({ Key: numbered(9) }, { leafCountMax: 3 });
    const surgery = new Surgery(before);
    const root = surgery.subkeyList("Key");
    for (const leaf of [0, 2]) {
      const list = new SubkeyListHeader(surgery.content(root.view.getUint32(root.at + 4 + leaf * 4, true)));
      list.count = 0;
    }
    surgery.key("Key").subkeyCount = 3;
    // The keys that no list names any more would use the descriptor without being seen.
    new SecurityNode(surgery.content(surgery.key("Key").security)).referenceCount -= 6;
    expect(faultsOf(before).map((fault) => fault.split(":")[0])).toEqual(["REGF_CELL_UNREACHABLE"]);
    const { bytes } = editHive(before, (editor) => {
      for (const name of ["A", "Key35", "Z"]) editor.createKey(`Key\\${name}`);
    });
    expect([...openBytes(bytes).require("Key").subkeys()].map(({ name }) => name)).toEqual([
      "A",
      "Key3",
      "Key35",
      "Key4",
      "Key5",
      "Z",
    ]);
    expect(faultsOf(bytes).map((fault) => fault.split(":")[0])).toEqual(["REGF_CELL_UNREACHABLE"]);
  });
});

describe("a key is deleted", () => {
  test.each([
    { what: "without subkeys", path: "Microsoft\\Windows\\Run" },
    { what: "that is the last one of its parent", path: "Microsoft\\Windows\\RUN" },
    { what: "with all below it", path: "Microsoft" },
    { what: "whose name is in Latin-1", path: "Microsoft\\ß2" },
  ])("$what", ({ path }) => {
    const before = buildHive(TREE);
    const model = ModelKey.of(before);
    model.deleteKey(path);
    const { edit, bytes } = editHive(before, (editor) => {
      expect(editor.deleteKey(path, { recursive: true })).toBe(true);
      expect(editor.deleteKey(path, { recursive: true })).toBe(false);
    });
    expect(linesOf(bytes)).toEqual(model.lines());
    expect(faultsOf(bytes)).toEqual([]);
    expect(edit).toMatchObject({ growthBytes: 0, isSoundThroughout: true });
  });

  test("with its class name, its values and its large data, and nothing is lost", () => {
    const before = buildHive({
      Key: { "@class": "class name", Sub: { "@class": "another", Big: new Uint8Array(40_000), "": "x" } },
      Rest: {},
    });
    const { bytes } = editHive(before, (editor) => editor.deleteKey("Key", { recursive: true }));
    expect(faultsOf(bytes)).toEqual([]);
    // The root, its list, the other key and the descriptor.
    expect(cellsIn(bytes).filter(({ isFree }) => !isFree)).toHaveLength(4);
  });

  test("and one of the same name created again", () => {
    const { bytes } = editHive(buildHive(TREE), (editor) => {
      editor.deleteKey("Microsoft", { recursive: true });
      editor.createKey("Microsoft\\Again");
    });
    expect(linesOf(bytes)).toEqual([
      "K\t\\\t0",
      "K\t\\Empty\t0",
      "K\t\\Microsoft\t0",
      "K\t\\Microsoft\\Again\t0",
    ]);
    expect(faultsOf(bytes)).toEqual([]);
  });
});

describe("security descriptors", () => {
  /** A hive whose key `Own` has a descriptor that no other key has: what was the data of a value. */
  const withOwn = () => {
    const bytes = buildHive({ Own: { Sub: {} }, Shared: {}, Blob: new Uint8Array(40) });
    const surgery = new Surgery(bytes);
    const value = surgery.value("", "Blob");
    const cell = value.data;
    Object.assign(value, { dataSize: 0x8000_0000, data: 0 });
    const shared = new SecurityNode(surgery.content(surgery.key("").security));
    Object.assign(new SecurityNode(surgery.content(cell)), {
      signature: SIGNATURES.security,
      next: surgery.key("").security,
      previous: surgery.key("").security,
      referenceCount: 1,
      descriptorSize: 20,
    } satisfies Partial<SecurityNode>);
    Object.assign(shared, { next: cell, previous: cell, referenceCount: shared.referenceCount - 1 });
    surgery.key("Own").security = cell;
    return { bytes, cell, shared: surgery.key("").security };
  };
  const descriptorsOf = (bytes: Uint8Array) =>
    cellsIn(bytes).filter(
      ({ cell, isFree }) =>
        !isFree && new Surgery(bytes).content(cell).getUint16(0, true) === SIGNATURES.security,
    ).length;

  test("are shared with the parent, whichever it is", () => {
    const { bytes: before, cell } = withOwn();
    expect(faultsOf(before)).toEqual([]);
    const { bytes } = editHive(before, (editor) => editor.createKey("Own\\New\\Deep"));
    expect(new Surgery(bytes).key("Own\\New\\Deep").security).toBe(cell);
    expect(new SecurityNode(new Surgery(bytes).content(cell)).referenceCount).toBe(3);
    expect(faultsOf(bytes)).toEqual([]);
  });

  test("leave the ring with the last key that uses them, which is not safe to cut off", () => {
    const { bytes: before, shared } = withOwn();
    const { edit, bytes } = editHive(before, (editor) => {
      editor.createKey("Own\\New");
      editor.deleteKey("Own", { recursive: true });
    });
    expect(descriptorsOf(before)).toBe(2);
    expect(descriptorsOf(bytes)).toBe(1);
    expect(new SecurityNode(new Surgery(bytes).content(shared))).toMatchObject({
      next: shared,
      previous: shared,
    });
    expect(faultsOf(bytes)).toEqual([]);
    expect(edit.isSoundThroughout).toBe(false);
  });

  test("stay as long as one key uses them", () => {
    const { bytes: before } = withOwn();
    const { edit, bytes } = editHive(before, (editor) => editor.deleteKey("Own\\Sub"));
    expect(descriptorsOf(bytes)).toBe(2);
    expect(faultsOf(bytes)).toEqual([]);
    expect(edit.isSoundThroughout).toBe(true);
  });
});

test("fields that have a meaning in memory only are left as they are", () => {
  const before = buildHive({ Key: { Value: 1 } });
  Object.assign(new Surgery(before).key("Key"), {
    volatileSubkeyCount: 3,
    volatileSubkeyList: 0x8000_0020,
    workVariable: 77,
  });
  const { bytes } = editHive(before, (editor) => {
    editor.createKey("Key\\Sub");
    editor.deleteValue("Key", "Value");
  });
  expect(new Surgery(bytes).key("Key")).toMatchObject({
    volatileSubkeyCount: 3,
    volatileSubkeyList: 0x8000_0020,
    workVariable: 77,
  });
  expect(openBytes(bytes).require("Key").offset).toBeGreaterThan(BASE_BLOCK_SIZE);
});
