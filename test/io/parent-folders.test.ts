// SPDX-License-Identifier: MIT
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource, ParentFolders, ReadStats } from "../../src/io/index.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "vmguest-parents-")));
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes files with their own path as content; `link ->` makes a symbolic link to what follows. */
function lay(...names: string[]): void {
  for (const name of names) {
    const [path = "", target] = name.split(" -> ");
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    if (target === undefined) writeFileSync(full, path);
    else symlinkSync(target, full);
  }
}

lay(
  "vm/leaf.avhdx",
  "vm/base.vhdx",
  "vm/sub/base.vhdx",
  "vm/sub/deep/only.vhdx",
  "vm/link.vhdx -> base.vhdx",
  "vm/out.vhdx -> ../secret/base.vhdx",
  "vm/away -> ../secret",
  "vm/loop.vhdx -> loop.vhdx",
  "vm/null.vhdx -> /dev/null",
  "vm/self.vhdx -> leaf.avhdx",
  "vm/dangling.vhdx -> nothing",
  "secret/base.vhdx",
  "vmware/base.vhdx",
  "store/VMs/web/base.vhdx",
  "store/base.vhdx",
  "entry -> vm",
);
linkSync(join(folder, "vm/leaf.avhdx"), join(folder, "vm/hard.vhdx"));
mkdirSync(join(folder, "vm/folder.vhdx"));

interface SearchOptions {
  readonly image?: string;
  readonly roots?: readonly string[];
  readonly child?: string;
}

/** What is found, file by file: its path from the test's folder (`?` behind a guess), or a code. */
function found(
  names: string | readonly string[],
  { image = "vm/leaf.avhdx", roots, child }: SearchOptions = {},
) {
  using file = FileSource.open(join(folder, image));
  using parents = new ParentFolders(file, { roots: roots?.map((root) => join(folder, root)) });
  const results = parents.find([names].flat(), child === undefined ? undefined : join(folder, child));
  return [...results].map((each) => {
    if ("refusal" in each) return each.refusal.code;
    return `${relative(folder, each.name)}${each.isGuess ? "?" : ""}`;
  });
}

describe("a relative name leads", () => {
  test.each([
    { what: "to a file beside the image", name: ".\\base.vhdx", first: "vm/base.vhdx" },
    { what: "below it", name: "sub\\base.vhdx", first: "vm/sub/base.vhdx" },
    { what: "down and up again", name: ".\\sub\\..\\base.vhdx", first: "vm/base.vhdx" },
    { what: "over a link that stays inside", name: "link.vhdx", first: "vm/base.vhdx" },
    { what: "out of the folder: refused", name: "..\\secret\\base.vhdx", first: "DISK_PARENT_OUTSIDE" },
    {
      what: "out to where the name only begins alike: refused",
      name: "..\\vmware\\base.vhdx",
      first: "DISK_PARENT_OUTSIDE",
    },
    { what: "out and in again: no way out", name: "..\\vm\\base.vhdx", first: "vm/base.vhdx" },
    {
      what: "out to what does not exist: refused alike",
      name: "..\\secret\\gone",
      first: "DISK_PARENT_OUTSIDE",
    },
    {
      what: "up past the root: refused",
      name: `${"..\\".repeat(99)}etc\\shadow`,
      first: "DISK_PARENT_OUTSIDE",
    },
    { what: "over a link out: refused", name: "out.vhdx", first: "DISK_PARENT_OUTSIDE" },
    {
      what: "through a folder that is a link out: refused",
      name: "away\\base.vhdx",
      first: "DISK_PARENT_OUTSIDE",
    },
    { what: "over a link to a device: refused", name: "null.vhdx", first: "DISK_PARENT_OUTSIDE" },
    { what: "to a link to itself: refused", name: "loop.vhdx", first: "IO_OPEN" },
    { what: "to a folder: refused", name: "folder.vhdx", first: "DISK_PARENT_NO_FILE" },
    { what: "to the image itself: refused", name: "leaf.avhdx", first: "DISK_PARENT_CYCLE" },
    { what: "to a link to the image: refused", name: "self.vhdx", first: "DISK_PARENT_CYCLE" },
    { what: "to the image under another name: refused", name: "hard.vhdx", first: "DISK_PARENT_CYCLE" },
    { what: "to nothing", name: "gone.vhdx", first: undefined },
    { what: "to a link to nothing", name: "dangling.vhdx", first: undefined },
    { what: "to a file used as a folder", name: "base.vhdx\\x", first: undefined },
    { what: "to a name longer than a host knows", name: "x".repeat(5000), first: undefined },
  ])("$what", ({ name, first }) => {
    expect(found(name)[0]).toBe(first);
  });

  test("to a device in an allowed folder: refused, and not opened", () => {
    using file = FileSource.open(join(folder, "vm/leaf.avhdx"));
    using parents = new ParentFolders(file, { roots: ["/dev", folder] });
    const [first] = parents.find(["..\\".repeat(99).concat("dev\\zero")]);
    expect(first).toMatchObject({ refusal: { code: "DISK_PARENT_NO_FILE" } });
    expect(parents.files).toEqual([]);
  });

  test("from the folder of the child that has it, be it a parent itself", () => {
    expect(found("..\\base.vhdx", { child: "vm/sub/base.vhdx" })[0]).toBe("vm/base.vhdx");
    expect(found("deep\\only.vhdx", { child: "vm/sub/base.vhdx" })[0]).toBe("vm/sub/deep/only.vhdx");
  });
});

describe("the folders that are named", () => {
  test("take the place of the image's own", () => {
    expect(found(".\\base.vhdx", { roots: ["store"] })).toEqual(["DISK_PARENT_OUTSIDE", "store/base.vhdx?"]);
    expect(found("..\\secret\\base.vhdx", { roots: ["vm", "secret"] })[0]).toBe("secret/base.vhdx");
  });

  test("may be links themselves, as the image's may be", () => {
    expect(found(".\\base.vhdx", { image: "entry/leaf.avhdx" })[0]).toBe("entry/base.vhdx");
    expect(found(".\\base.vhdx", { roots: ["entry"] })[0]).toBe("vm/base.vhdx");
  });

  test("must exist", () => {
    expect(() => found("base.vhdx", { roots: ["gone"] })).toThrow(
      expect.objectContaining({ code: "IO_OPEN", where: { image: join(folder, "gone") } }),
    );
  });
});

describe("an absolute name of another machine", () => {
  test.each([
    "C:\\VMs\\web\\base.vhdx",
    "\\\\?\\Volume{9cdf8dfa-0000-0000-0000-501f00000000}\\VMs\\web\\base.vhdx",
    "/srv/VMs/web/base.vhdx",
  ])("%s is looked for by its last parts, the most of them first", (name) => {
    expect(found(name, { roots: ["store"] })).toEqual(["store/VMs/web/base.vhdx?", "store/base.vhdx?"]);
  });

  test("is looked for beside the image first", () => {
    expect(found("D:\\sub\\base.vhdx")).toEqual(["vm/base.vhdx?", "vm/sub/base.vhdx?"]);
  });

  test("never leads out, nor to the image, nor to a folder", () => {
    expect(found("D:\\out.vhdx")).toEqual(["DISK_PARENT_OUTSIDE"]);
    expect(found("D:\\leaf.avhdx")).toEqual([]);
    expect(found("D:\\folder.vhdx")).toEqual([]);
    expect(found("/etc/shadow")).toEqual([]);
  });

  test("of a share or a device is no name of a file here", () => {
    expect(found("\\\\server\\share\\base.vhdx")).toEqual(["DISK_PARENT_OUTSIDE"]);
    expect(found("\\\\.\\PhysicalDrive0")).toEqual(["DISK_PARENT_OUTSIDE"]);
    expect(found(["\\\\server\\share\\base.vhdx", ".\\base.vhdx"])[0]).toBe("vm/base.vhdx");
  });

  test("comes behind relative ones, and no place is looked at twice", () => {
    expect(found(["D:\\sub\\base.vhdx", ".\\base.vhdx", ".\\.\\base.vhdx"])).toEqual([
      "vm/base.vhdx",
      "vm/sub/base.vhdx?",
    ]);
  });

  test("is not looked for at more than 256 places", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `.\\gone${index}`);
    expect(found([...names, ".\\base.vhdx"])).toEqual([]);
  });
});

describe("a file that was opened", () => {
  const openFiles = () => readdirSync("/proc/self/fd").length;

  test("stays open where the search ends at it, and is closed with the folders", () => {
    using file = FileSource.open(join(folder, "vm/leaf.avhdx"));
    const before = openFiles();
    const parents = new ParentFolders(file);
    for (const each of parents.find(["sub\\base.vhdx", "base.vhdx"])) {
      if ("source" in each && each.name.endsWith("vm/base.vhdx")) break;
    }
    expect(parents.files.map(({ path }) => relative(folder, path))).toEqual(["vm/base.vhdx"]);
    expect(openFiles()).toBe(before + 1);
    // From now on it is a file of the chain.
    const [again] = parents.find(["base.vhdx"]);
    expect(again).toMatchObject({ refusal: { code: "DISK_PARENT_CYCLE" } });
    parents.close();
    expect(openFiles()).toBe(before);
  });

  test("is closed where the search goes on", () => {
    using file = FileSource.open(join(folder, "vm/leaf.avhdx"));
    using parents = new ParentFolders(file);
    const before = openFiles();
    expect([...parents.find(["base.vhdx", "sub\\base.vhdx"])].length).toBe(2);
    expect(openFiles()).toBe(before);
    expect(parents.files).toEqual([]);
  });

  test("counts its reads, and must not change either", () => {
    lay("changing/leaf", "changing/base");
    const stats = new ReadStats();
    using file = FileSource.open(join(folder, "changing/leaf"));
    using parents = new ParentFolders(file, { stats });
    for (const each of parents.find(["base"])) {
      if ("source" in each) {
        each.source.read(0, 4);
        break;
      }
    }
    expect(stats.reads).toBe(1);
    parents.checkUnchanged();
    writeFileSync(join(folder, "changing/base"), "longer than it was");
    expect(() => parents.checkUnchanged()).toThrow(
      expect.objectContaining({ code: "IO_CHANGED", where: { image: join(folder, "changing/base") } }),
    );
  });
});
