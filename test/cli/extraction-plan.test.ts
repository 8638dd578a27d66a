import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planExtraction } from "../../src/cli/verbs/packages/extraction-plan.ts";
import type { PackageEntry } from "../../src/report/index.ts";

function entry(path: string, changes: Partial<PackageEntry> = {}): PackageEntry {
  const base = {
    path,
    isDirectory: false,
    sizeBytes: 100,
    modified: null,
    attributes: [],
    compression: null,
  };
  return { ...base, unsafe: null, ...changes };
}

const folder = (path: string) => entry(path, { isDirectory: true, sizeBytes: 0 });

function plan(entries: readonly PackageEntry[], wanted: readonly string[] = [], limitBytes = 1e9) {
  const { entries: planned, refused } = planExtraction(entries, { package: "a.cab", wanted, limitBytes });
  return {
    planned: planned.map(({ path }) => path),
    refused: refused.map(({ code, where, message }) => [code, where.path, message]),
  };
}

describe("what is wanted of a package", () => {
  const ENTRIES = ["update.mum", "update.cat", "amd64_x/vmbus.sys", "amd64_x/deep/a.inf", "x86_x/vmbus.sys"];

  test.each([
    { what: "nothing in particular is all", wanted: [], planned: ENTRIES },
    { what: "a file", wanted: ["update.mum"], planned: ["update.mum"] },
    { what: "a file in other letters", wanted: ["UPDATE.Mum"], planned: ["update.mum"] },
    { what: "a path as Windows writes it", wanted: ["amd64_x\\vmbus.sys"], planned: ["amd64_x/vmbus.sys"] },
    {
      what: "a folder with all below it",
      wanted: ["amd64_x/"],
      planned: ["amd64_x/vmbus.sys", "amd64_x/deep/a.inf"],
    },
    { what: "a pattern", wanted: ["update.*"], planned: ["update.mum", "update.cat"] },
    {
      what: "a pattern that goes through folders",
      wanted: ["*.sys"],
      planned: ["amd64_x/vmbus.sys", "x86_x/vmbus.sys"],
    },
    { what: "a pattern for one letter", wanted: ["update.?at"], planned: ["update.cat"] },
    {
      what: "several, in the order of the package",
      wanted: ["x86_x", "update.cat"],
      planned: ["update.cat", "x86_x/vmbus.sys"],
    },
  ])("$what", ({ wanted, planned }) => {
    expect(
      plan(
        ENTRIES.map((path) => entry(path)),
        wanted,
      ),
    ).toEqual({ planned, refused: [] });
  });

  test.each(["update", "updateXmum", "vmbus.sys", "amd64_", "", "."])("%j is not there", (wanted) => {
    const entries = ENTRIES.map((path) => entry(path));
    expect(() => plan(entries, ["update.mum", wanted])).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", where: { image: "a.cab" } }),
    );
  });
});

describe("what is refused", () => {
  test("is a name that must not become a path", () => {
    const bad = entry("../etc/passwd", { unsafe: "it has a component .." });
    expect(plan([entry("a"), bad])).toEqual({
      planned: ["a"],
      refused: [["EXTRACT_NAME", "../etc/passwd", "it has a component .."]],
    });
    expect(plan([entry("a"), bad], ["a"]).refused).toEqual([]);
  });

  test.each([
    { what: "the same name twice", paths: ["a", "a"] },
    { what: "names that differ in case", paths: ["Readme.TXT", "README.txt"] },
    { what: "names that differ in the case of a folder", paths: ["Support/a", "support/A"] },
    { what: "names that differ in how an accent is written", paths: ["caf\u00e9", "cafe\u0301"] },
    { what: "names of which only the upper case is the same", paths: ["stra\u00dfe", "STRASSE"] },
    { what: "a file where a folder leads on", paths: ["a/b", "A"] },
    { what: "a folder leading on through a file", paths: ["A", "a/b/c"] },
  ])("is the second of $what", ({ paths: [first = "", second = ""] }) => {
    const { planned, refused } = plan([entry(first), entry(second)]);
    expect(planned).toEqual([first]);
    expect(refused).toEqual([
      ["EXTRACT_COLLISION", second, expect.stringContaining(first.split("/")[0] ?? "")],
    ]);
  });

  test.each([
    { what: "files of one folder", entries: [entry("a/b"), entry("a/c"), entry("A/d")] },
    { what: "a folder before and behind its files", entries: [folder("a"), entry("a/b"), folder("a")] },
    { what: "names that only begin alike", entries: [entry("a"), entry("ab"), entry("a.b/c")] },
  ])("are not $what", ({ entries }) => {
    expect(plan(entries).refused).toEqual([]);
  });

  test("is a package that says it holds more than the limit, as a whole", () => {
    expect(plan([entry("a"), entry("b")], [], 200).planned).toEqual(["a", "b"]);
    expect(() => plan([entry("a"), entry("b")], [], 199)).toThrow(
      expect.objectContaining({ code: "EXTRACT_LIMIT", kind: "unsafe" }),
    );
    expect(plan([entry("a"), entry("b")], ["a"], 100).planned).toEqual(["a"]);
  });
});

test("no two planned files are one on a file system that ignores case, and none is another's folder", () => {
  const name = fc.constantFrom("a", "A", "b", "B", "a.b");
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  fc.assert(
    fc.property(fc.array(path, { maxLength: 12 }), (paths) => {
      const { planned, refused } = plan(paths.map((path) => entry(path)));
      expect(planned.length + refused.length).toBe(paths.length);
      const folded = planned.map((path) => path.toLowerCase());
      expect(new Set(folded).size).toBe(folded.length);
      for (const one of folded) expect(folded.some((other) => other.startsWith(`${one}/`))).toBe(false);
    }),
  );
});
