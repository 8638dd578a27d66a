import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { ATTRIBUTE } from "../../../src/fs/ntfs/layout.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { inRecord, value } from "../../lab/ntfs/damage.ts";
import { junction, symbolicLink } from "../../lab/ntfs/links.ts";
import { buildNtfs, layNtfs, type NtfsOptions } from "../../lab/ntfs.ts";

type Files = NonNullable<NtfsOptions["files"]>;
const open = (files: Files, names: string[] = []) =>
  openNtfs(new MemorySource(buildNtfs({ files })), { names });
const VOLUME = "Volume{f6adea8a-0000-0000-0000-100000000000}";
const error = (code: string, says: RegExp, path: string) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(says),
    where: expect.objectContaining({ path }),
  });

const FILES: Files = {
  "Users/ann/report.txt": "report",
  "Users/default/x": "x",
  "Windows/win.ini": "ini",
  "Documents and Settings": junction("\\??\\C:\\Users"),
  Mount: junction(`\\??\\${VOLUME}\\`),
  Other: junction("\\??\\D:\\data"),
  "Users/All": symbolicLink("default", true),
  "Users/up": symbolicLink("..\\Windows", true),
  "Users/rooted": symbolicLink("\\Windows\\win.ini"),
  "Users/file": symbolicLink(".\\ann\\.\\report.txt"),
  "Users/chain": symbolicLink("file"),
  "Users/absolute": symbolicLink("\\??\\c:\\windows\\WIN.INI"),
  "Users/dangling": symbolicLink("nowhere\\at\\all"),
  "Users/escape": symbolicLink("..\\..\\etc\\passwd"),
  "Users/share": symbolicLink("\\??\\UNC\\server\\share"),
  "loop/a": symbolicLink("b"),
  "loop/b": symbolicLink("a"),
  "loop/self": symbolicLink("self\\x", true),
};

describe("a path leads", () => {
  test.each([
    { by: "a link to a directory", path: "Users/All/x", to: "Users/default/x" },
    { by: "a link that goes up", path: "users/UP/Win.ini", to: "Windows/win.ini" },
    { by: "a link from the root", path: "Users/rooted", to: "Windows/win.ini" },
    { by: "a link to a file", path: "Users/file", to: "Users/ann/report.txt" },
    { by: "a link to a link", path: "Users/chain", to: "Users/ann/report.txt" },
    { by: "a link at its end", path: "Users/up", to: "Windows" },
    { by: "links one after the other", path: "Users/up/../win.ini", to: undefined },
    { by: "a link to nothing", path: "Users/dangling", to: undefined },
    { by: "a link to a file, and on from there", path: "Users/file/more", to: undefined },
  ])("through $by", ({ path, to }) => {
    expect(open(FILES).find(path)?.path).toBe(to);
  });

  test.each([
    { path: "Documents and Settings/ann/report.txt", to: "Users/ann/report.txt" },
    { path: "Documents and Settings/up/win.ini", to: "Windows/win.ini" },
    { path: "Users/absolute", to: "Windows/win.ini" },
    { path: "Mount/Mount/Windows", to: "Windows" },
    { path: "Mount", to: "" },
  ])("through absolute links where it is known how the guest calls the volume: $path", ({ path, to }) => {
    expect(open(FILES, ["C:", VOLUME.toUpperCase()]).require(path).path).toBe(to);
  });
});

describe("a path does not lead", () => {
  test.each([
    { path: "Documents and Settings/ann", says: /leads to \\\?\?\\C:\\Users/, at: "Documents and Settings" },
    { path: "Other", says: /D:\\data/, at: "Other" },
    { path: "Mount/Windows", says: /Volume\{f6adea8a/, at: "Mount" },
    { path: "Users/escape", says: /up from the root/, at: "" },
    { path: "Users/share", says: /UNC\\server/, at: "Users/share" },
  ])("out of the volume, which $path does: NTFS_LINK_OUTSIDE", ({ path, says, at }) => {
    expect(() => open(FILES).find(path)).toThrow(error("NTFS_LINK_OUTSIDE", says, at));
  });

  test("to another drive, though one is known", () => {
    const found = error("NTFS_LINK_OUTSIDE", /D:\\data/, "Other");
    expect(() => open(FILES, ["C:"]).find("Other/x")).toThrow(found);
  });

  test.each(["loop/a", "loop/b", "loop/a/x", "loop/self/x"])(
    "round in circles: %s is NTFS_LINK_LOOP",
    (path) => {
      expect(() => open(FILES).find(path)).toThrow(
        expect.objectContaining({
          code: "NTFS_LINK_LOOP",
          message: expect.stringMatching(/more than 16 links/),
        }),
      );
    },
  );

  test("through more than 16 links, but through so many", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 17 }, (_, index) => [
        `l${index}`,
        symbolicLink(index === 0 ? "end" : `l${index - 1}`),
      ]),
    );
    const volume = open({ end: "the end", ...chain });
    expect(volume.require("l15").path).toBe("end");
    expect(() => volume.find("l16")).toThrow(expect.objectContaining({ code: "NTFS_LINK_LOOP" }));
  });

  test("through a link of another kind: NTFS_REPARSE, but to it", () => {
    const volume = open({ wsl: { isDirectory: true, reparse: { tag: 0xa000001d } } });
    expect(volume.require("wsl").path).toBe("wsl");
    expect(() => volume.find("wsl/x")).toThrow(error("NTFS_REPARSE", /WSL symbolic link/, "wsl"));
  });

  test("astray where a folder of a cloud service stands in the way", () => {
    const files: Files = { cloud: { isDirectory: true, reparse: { tag: 0x9000601a } }, "cloud/f": "f" };
    expect(open(files).require("cloud/f").path).toBe("cloud/f");
  });
});

describe("a link itself", () => {
  test("is found where links at the end are not followed", () => {
    const link = open(FILES).require("Users/chain", { followsLast: false });
    expect(link.linkTarget).toEqual({
      kind: "symbolic-link",
      target: "file",
      printName: "file",
      isRelative: true,
    });
    expect(() => link.open()).toThrow(error("NTFS_REPARSE", /symbolic link/, "Users/chain"));
  });

  test("is what a listing opens", () => {
    const [entry] = [...open(FILES).root.list()].filter(({ name }) => name === "Documents and Settings");
    expect(entry?.open()).toMatchObject({
      path: "Documents and Settings",
      linkTarget: { kind: "junction", target: "\\??\\C:\\Users", isRelative: false },
    });
  });

  test("is not what an ordinary file is", () => {
    expect(open(FILES).require("Windows/win.ini").linkTarget).toBeUndefined();
  });

  const link = (tag: number, ...data: number[]) => ({ f: { reparse: { tag, data: Uint8Array.from(data) } } });
  const SYMLINK = 0xa000000c;
  test.each([
    { what: "nothing behind its tag", files: link(SYMLINK), says: /too few for a link/ },
    { what: "no flags", files: link(SYMLINK, 0, 0, 0, 0, 0, 0, 0, 0, 1), says: /too few for a link/ },
    {
      what: "a target past its end",
      files: link(SYMLINK, 0, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65, 0),
      says: /4 bytes at 0x14/,
    },
    {
      what: "a target of half a unit",
      files: link(0xa0000003, 0, 0, 1, 0, 0, 0, 0, 0, 65, 0),
      says: /1 bytes at 0x10/,
    },
    {
      what: "a name for people past its end",
      files: link(0xa0000003, 0, 0, 2, 0, 9, 0, 2, 0, 65, 0),
      says: /at 0x19/,
    },
  ])("with $what is NTFS_LINK", ({ files, says }) => {
    expect(() => open(files).find("f")).toThrow(error("NTFS_LINK", says, "f"));
  });

  test("with any bytes leads somewhere inside, nowhere, or to a typed error", () => {
    fc.assert(
      fc.property(fc.constantFrom(0xa0000003, SYMLINK), fc.uint8Array({ maxLength: 60 }), (tag, data) => {
        try {
          open({ f: { reparse: { tag, data } } }).find("f");
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: expect.stringMatching(/^NTFS_LINK/) });
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("a directory that distinguishes case", () => {
  const volume = open({
    cs: { isDirectory: true, isCaseSensitive: true, fanOut: 2 },
    "cs/Makefile": "upper",
    "cs/makefile": "lower",
    "cs/README": "readme",
    "ci/Makefile": "upper",
  });

  test.each([
    ["cs/Makefile", "cs/Makefile"],
    ["cs/makefile", "cs/makefile"],
    ["cs/MAKEFILE", undefined],
    ["cs/readme", undefined],
    ["CS/README", "cs/README"],
    ["ci/MAKEFILE", "ci/Makefile"],
  ])("finds %s as %s", (path, found) => {
    expect(volume.find(path)?.path).toBe(found);
  });

  test("says so", () => {
    expect(["cs", "ci", "cs/README"].map((path) => volume.require(path).isCaseSensitive)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the paths of a file", () => {
  test("are its names in all folders, without DOS names", () => {
    const volume = open({
      "Windows/System32/drivers/vmbus.sys": {
        content: "driver",
        links: ["Windows/WinSxS/amd64_wvmbus/vmbus.sys", "vmbus.sys"],
      },
      "Program Files/Long name.txt": { content: "x", shortName: "LONGNA~1.TXT" },
    });
    expect(volume.require("vmbus.sys").paths).toEqual([
      "Windows/System32/drivers/vmbus.sys",
      "Windows/WinSxS/amd64_wvmbus/vmbus.sys",
      "vmbus.sys",
    ]);
    expect(volume.require("program files/longna~1.txt").paths).toEqual(["Program Files/Long name.txt"]);
    expect(volume.require("Windows/WinSxS").paths).toEqual(["Windows/WinSxS"]);
  });

  test("are not longer than Windows takes them: LIMIT_EXCEEDED", () => {
    const folders = Array.from({ length: 130 }, () => "x".repeat(255)).join("/");
    const volume = open({ [`${folders}/f`]: { content: "f", bareLinks: ["f"] } });
    expect(() => volume.require("f").paths).toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED", message: expect.stringContaining("32767 letters") }),
    );
  });

  test("end where a folder lies in itself: NTFS_RECORD", () => {
    const lab = layNtfs({ files: { "a/b/f": { content: "f", bareLinks: ["f"] } } });
    const b = lab.recordNumber("a/b");
    inRecord(
      "a",
      value(ATTRIBUTE.fileName, (name) => {
        name.setUint32(0, b, true);
        name.setUint16(6, 0, true);
      }),
    )(lab);
    const volume = openNtfs(new MemorySource(lab.bytes));
    expect(() => volume.require("f").paths).toThrow(
      expect.objectContaining({ code: "NTFS_RECORD", message: expect.stringContaining("lie in each other") }),
    );
  });

  test("are not told where a folder is gone: NTFS_STALE_ENTRY", () => {
    const lab = layNtfs({ files: { "a/f": { content: "f", bareLinks: ["f"] } } });
    inRecord(
      "a/f",
      value(ATTRIBUTE.fileName, (name) => name.setUint16(6, 77, true)),
    )(lab);
    const volume = openNtfs(new MemorySource(lab.bytes));
    expect(() => volume.require("f").paths).toThrow(expect.objectContaining({ code: "NTFS_STALE_ENTRY" }));
  });
});
