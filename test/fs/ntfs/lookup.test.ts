import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type NtfsVolume, openNtfs } from "../../../src/fs/index.ts";
import { FileNameCollation } from "../../../src/fs/ntfs/collation.ts";
import { FileRecordHeader, NAMESPACE } from "../../../src/fs/ntfs/layout.ts";
import { UpcaseTable } from "../../../src/fs/ntfs/upcase.ts";
import { type ByteSource, MemorySource } from "../../../src/io/index.ts";
import { editRecord } from "../../lab/ntfs/edit.ts";
import { buildNtfs, compareNames, layNtfs, type NtfsOptions, UPCASE } from "../../lab/ntfs.ts";

const open = (options: NtfsOptions) => openNtfs(new MemorySource(buildNtfs(options)));
const upcaseBytes = () => new Uint8Array(UPCASE.buffer.slice(0));

/** A directory `d` with these names, all of one file, as the property tests want them: cheap and many. */
function directoryOf(names: readonly string[], options: NtfsOptions & { fanOut?: number } = {}): NtfsVolume {
  const { fanOut, ...format } = options;
  const [first = "x", ...others] = names;
  return open({
    ...format,
    files: {
      d: { isDirectory: true, ...(fanOut === undefined ? {} : { fanOut }) },
      [`d/${first}`]: {
        namespace: NAMESPACE.posix,
        bareLinks: others.map((name) => `d/${name}`),
        content: "it",
      },
    },
  });
}

describe("the order of names", () => {
  const collation = new FileNameCollation(new UpcaseTable(() => new MemorySource(upcaseBytes())));
  const compare = (one: string, other: string) => {
    const view = new DataView(new ArrayBuffer(other.length * 2));
    for (let unit = 0; unit < other.length; unit++) view.setUint16(unit * 2, other.charCodeAt(unit), true);
    const target = collation.fold(one);
    return collation.compareFolded(target, view, 0, other.length) || collation.compareRaw(target, view, 0);
  };

  test.each([
    ["a", "B"],
    ["B", "b0"],
    ["README", "readme"],
    ["a", "aa"],
    ["File 10", "File 2"],
    ["Z", "_"],
    ["z", "ä"],
    ["ÿ", "Ж"],
  ])("puts %j before %j", (one, other) => {
    expect(Math.sign(compare(one, other))).toBe(-1);
    expect(Math.sign(compare(other, one))).toBe(1);
  });

  test("is that of the simplest comparison one can write", () => {
    const name = fc.string({
      unit: fc.constantFrom("a", "A", "b", "ß", "ä", "Ä", "ｚ", "\ud800", "1"),
      maxLength: 4,
    });
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(Math.sign(compare(one, other))).toBe(Math.sign(compareNames(one, other)));
      }),
    );
  });

  test("reads one page of $UpCase for names in ASCII, and is NTFS_UPCASE where the table is short", () => {
    const reads: number[] = [];
    const table = new MemorySource(upcaseBytes());
    const counting: ByteSource = {
      sizeBytes: table.sizeBytes,
      read: (offset, length) => {
        reads.push(offset);
        return table.read(offset, length);
      },
    };
    const upcase = new UpcaseTable(() => counting);
    for (const name of ["Windows", "SYSTEM32", "config~1.$$$"]) new FileNameCollation(upcase).fold(name);
    expect(reads).toEqual([0]);
    upcase.of("Ж".charCodeAt(0));
    upcase.of(0xffff);
    expect(reads).toEqual([0, 0x1f000]);
    expect(() => open({ upcase: new Uint8Array(1000), files: { a: "" } }).find("a")).toThrow(
      expect.objectContaining({ code: "NTFS_UPCASE" }),
    );
  });

  test("is the volume's own: what another table says does not matter", () => {
    const table = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
    const volume = open({ upcase: new Uint8Array(table.buffer), files: { a: "lower", A: "upper" } });
    expect(volume.find("a")?.path).toBe("a");
    expect(open({ upcase: new Uint8Array(table.buffer), files: { a: "" } }).find("A")).toBeUndefined();
  });
});

describe("finding a name", () => {
  const someName = fc
    .string({
      unit: fc.constantFrom(..."abcdefghijABCXYZ019 ._-äÄßжЖ文\u{1f4be}\ud83d"),
      minLength: 1,
      maxLength: 12,
    })
    // A path may say `.` for the folder itself, so that it is no name to look for.
    .filter((name) => name !== ".");
  const format = fc.constantFrom<NtfsOptions & { fanOut?: number }>(
    { fanOut: 2 },
    { fanOut: 3, clusterSizeBytes: 512 },
    { indexBlockSizeBytes: 512, clusterSizeBytes: 512 },
    { clusterSizeBytes: 8192, fanOut: 4 },
    { clusterSizeBytes: 131_072, fanOut: 5 },
    { indexBlockSizeBytes: 8192, clusterSizeBytes: 1024 },
  );

  test("finds every name of a directory and no other, whatever the tree looks like", () => {
    const names = fc.uniqueArray(someName, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(names, fc.array(someName), format, (present, others, options) => {
        const volume = directoryOf(present, options);
        const directory = volume.require("d");
        const listed = [...directory.list()].map(({ name }) => name);
        expect(listed).toEqual(present.toSorted(compareNames));
        for (const name of present) expect(volume.find(`d/${name}`)?.path).toBe(`d/${name}`);
        for (const name of others) {
          const variants = listed.filter((one) => isVariant(one, name));
          const expected = variants.includes(name) ? name : variants[0];
          expect(volume.find(`d/${name}`)?.path).toBe(expected === undefined ? undefined : `d/${expected}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("prefers the exact spelling, and else takes the first variant in the directory's order", () => {
    const names = ["Name", "NAME", "nAme", "naMe", "name", "nam", "names", "other"];
    for (const fanOut of [1, 2, 3, 100]) {
      const volume = directoryOf(names, { fanOut });
      for (const name of names) expect(volume.find(`d/${name}`)?.path).toBe(`d/${name}`);
      expect(volume.find("d/NaMe")?.path).toBe("d/NAME");
      expect(volume.find("d/OTHER")?.path).toBe("d/other");
    }
  });

  test("goes through folders, with either separator, and spells the path as the disk does", () => {
    const volume = open({ files: { "Windows/System32/config/SOFTWARE": "hive" } });
    for (const path of [
      "Windows/System32/config/SOFTWARE",
      "windows\\SYSTEM32\\Config\\software",
      "/Windows//system32/./config/Software/",
    ]) {
      expect(volume.find(path)?.path).toBe("Windows/System32/config/SOFTWARE");
    }
    expect(volume.find("")?.path).toBe("");
    expect(volume.find("/")).toBe(volume.root);
  });

  test.each([
    { path: "absent", why: "there is no such name" },
    { path: "folder/absent", why: "there is no such name in the folder" },
    { path: "file/child", why: "a file has no children" },
    { path: "x".repeat(256), why: "no name is so long" },
    { path: "..", why: "nothing is above the root" },
    { path: "folder/..", why: "NTFS has no such entry" },
    { path: "fil", why: "it is only the beginning of a name" },
    { path: "file ", why: "it is longer than the name" },
  ])("$path is not found: $why", ({ path }) => {
    const volume = open({ files: { "folder/a": "", file: "" } });
    expect(volume.find(path)).toBeUndefined();
    expect(() => volume.require(path)).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", where: { path } }),
    );
  });

  test("takes the DOS name as well, and gives the long one", () => {
    const volume = open({
      files: {
        "Program Files (x86)": { isDirectory: true, shortName: "PROGRA~2" },
        "Program Files (x86)/Common Files/a long name.text": { content: "it", shortName: "ALONGN~1.TEX" },
      },
    });
    const path = "Program Files (x86)/Common Files/a long name.text";
    expect(volume.find("progra~2/Common Files/alongn~1.tex")?.path).toBe(path);
    const entries = [...volume.require("progra~2/common files").list()];
    expect(entries.map(({ name, shortName }) => [name, shortName])).toEqual([
      ["a long name.text", "ALONGN~1.TEX"],
    ]);
  });
});

describe("a listing", () => {
  test("says what is a directory, opens its entries, and leaves the root's own entry out", () => {
    const volume = open({ files: { "folder/file.txt": "text", "b.txt": "b" } });
    const rows = [...volume.root.list()].filter(({ name }) => !name.startsWith("$"));
    expect(rows.map(({ name, shortName, isDirectory }) => ({ name, shortName, isDirectory }))).toEqual([
      { name: "b.txt", shortName: undefined, isDirectory: false },
      { name: "folder", shortName: undefined, isDirectory: true },
    ]);
    expect(rows.map((entry) => entry.open().path)).toEqual(["b.txt", "folder"]);
    expect([...volume.require("folder").list()].map((entry) => entry.open().path)).toEqual([
      "folder/file.txt",
    ]);
  });

  test("of a file is NTFS_NOT_A_DIRECTORY, at once", () => {
    const file = open({ files: { "a.txt": "" } }).require("a.txt");
    expect(() => file.list()).toThrow(
      expect.objectContaining({ code: "NTFS_NOT_A_DIRECTORY", where: { path: "a.txt" } }),
    );
  });

  test("keeps unpaired surrogates and every other unit", () => {
    const names = ["\ud83d", "a\u0000b", "\ufffe\uffff"];
    expect([...directoryOf(names).require("d").list()].map(({ name }) => name).sort()).toEqual(names.sort());
  });
});

describe("an entry whose record", () => {
  const lay = () => {
    const volume = layNtfs({ files: { "gone.txt": "old", "kept.txt": "new" } });
    return { volume, number: volume.recordNumber("gone.txt") };
  };

  test("belongs to another file by now counts as none, with a finding", () => {
    const { volume, number } = lay();
    editRecord(volume, number, (record) => {
      new FileRecordHeader(record).sequence += 1;
    });
    const opened = openNtfs(new MemorySource(volume.bytes));
    expect(opened.find("gone.txt")).toBeUndefined();
    expect(opened.find("GONE.TXT")).toBeUndefined();
    expect(opened.findings).toEqual([
      expect.objectContaining({
        code: "NTFS_STALE_ENTRY",
        severity: "warning",
        where: expect.objectContaining({ path: "gone.txt" }),
      }),
    ]);
    const entry = [...opened.root.list()].find(({ name }) => name === "gone.txt");
    expect(() => entry?.open()).toThrow(expect.objectContaining({ code: "NTFS_STALE_ENTRY" }));
  });

  test("is not in use is NTFS_RECORD_NOT_IN_USE", () => {
    const { volume, number } = lay();
    editRecord(volume, number, (record) => {
      new FileRecordHeader(record).flags = 0;
    });
    expect(() => openNtfs(new MemorySource(volume.bytes)).find("gone.txt")).toThrow(
      expect.objectContaining({
        code: "NTFS_RECORD_NOT_IN_USE",
        message: expect.stringContaining("gone.txt"),
      }),
    );
  });

  test("only extends another is NTFS_RECORD", () => {
    const { volume, number } = lay();
    editRecord(volume, number, (record) => {
      new FileRecordHeader(record).baseRecord = 40;
    });
    expect(() => openNtfs(new MemorySource(volume.bytes)).find("gone.txt")).toThrow(
      expect.objectContaining({ code: "NTFS_RECORD" }),
    );
  });
});

/** Whether two names differ in case only, by the lab's table. */
function isVariant(one: string, other: string): boolean {
  const up = (name: string) =>
    [...Array(name.length).keys()].map((unit) => UPCASE[name.charCodeAt(unit)]).join();
  return up(one) === up(other);
}
