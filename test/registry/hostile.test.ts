import { describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { Hive, type Key } from "../../src/registry/index.ts";
import { SIGNATURES } from "../../src/registry/layout.ts";
import { buildHive, Surgery } from "../lab/hive.ts";

const open = (bytes: Uint8Array) => Hive.open(new MemorySource(bytes));

function readAll(key: Key): void {
  for (const value of key.values()) value.data();
  for (const subkey of key.subkeys()) readAll(subkey);
}

describe("a key that lists itself", () => {
  const looping = () => {
    const surgery = new Surgery(buildHive({ Loop: { Loop: {} } }));
    surgery.key("Loop\\Loop").subkeyList = surgery.key("Loop").subkeyList;
    surgery.key("Loop\\Loop").subkeyCount = 1;
    return open(surgery.bytes);
  };

  test("ends at the depth that Windows allows", () => {
    const depths: number[] = [];
    const descend = (key: Key | undefined): void => {
      depths.push(key?.depth ?? -1);
      descend(key?.subkey("loop"));
    };
    expect(() => descend(looping().root)).toThrow(expect.objectContaining({ code: "REGF_LOOP" }));
    expect(depths.at(-1)).toBe(512);
  });

  test("does not hang a walk, nor a search for a long path", () => {
    expect(() => readAll(looping().root)).toThrow(expect.objectContaining({ code: "REGF_LOOP" }));
    const path = Array(100_000).fill("Loop").join("\\");
    expect(() => looping().find(path)).toThrow(expect.objectContaining({ code: "REGF_LOOP" }));
  });
});

test("a list that names more keys than the hive has room for ends there", () => {
  // An index root of 1,000 times the same leaf of 50 keys, put where a value keeps its data.
  const root = new Uint8Array(4 + 1000 * 4);
  const names = Array.from({ length: 50 }, (_, index) => [`Key${index}`, {}] as const);
  const surgery = new Surgery(buildHive({ Wide: Object.fromEntries(names), Blob: root }));
  const wide = surgery.key("Wide");
  const view = surgery.content(surgery.value("", "Blob").data);
  view.setUint16(0, SIGNATURES.indexRoot, true);
  view.setUint16(2, 1000, true);
  for (let entry = 0; entry < 1000; entry++) view.setUint32(4 + entry * 4, wide.subkeyList, true);
  wide.subkeyList = surgery.value("", "Blob").data;

  const key = open(surgery.bytes).require("Wide");
  let count = 0;
  const countAll = () => {
    for (const _ of key.subkeys()) count++;
  };
  expect(countAll).toThrow(expect.objectContaining({ code: "REGF_LIST" }));
  expect(count).toBeLessThanOrEqual(surgery.bytes.length / 80);
  expect(key.subkey("KEY49")?.name).toBe("Key49");
  expect(key.subkey("Key50")).toBeUndefined();
});

test("a wrong byte anywhere gives the same data, other data or a typed error, and nothing else", () => {
  const bytes = buildHive(
    {
      Key: { Value: "some text", Big: new Uint8Array(20_000), "@class": "class", Subkey: {} },
      Many: { A: {}, B: {} },
    },
    { leafCountMax: 1 },
  );
  const used = [...bytes.keys()].filter((at) => at < 512 || (at >= 4096 && bytes[at] !== 0));
  for (const at of used) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const copy = bytes.slice();
      copy[at] = (copy[at] ?? 0) ^ mask;
      expect(codeOf(() => readAll(open(copy).root))).toMatch(/^(fine|REGF_\w+|LIMIT_EXCEEDED)$/);
    }
  }
});

/** `fine`, the code of a typed error, or what was thrown instead of one. */
function codeOf(work: () => void): string {
  try {
    work();
    return "fine";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
