import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { copyImage, createImage, NodeStorage } from "../../../src/io/commit/index.ts";
import { FileSource, MemorySource } from "../../../src/io/index.ts";
import { diskOf, finalOf, growingCase, IMAGE } from "../../faults/change-lab.ts";
import type { FaultyDisk } from "../../faults/index.ts";

const MIB = 1024 * 1024;
const all = growingCase();
const NEW = "/images/new.vhdx";
const DRAFT = `${NEW}.vmguest-new`;
const changes = { steps: all.steps, sizeBytes: all.sizeBytes };
const failure = (code: string) => expect.objectContaining({ code });
const imageIn = (disk: FaultyDisk) => ({ ...disk.planned(IMAGE), path: IMAGE });
const create = (storage: FaultyDisk, more = {}) => createImage(NEW, changes, { storage, ...more });
const copy = (storage: FaultyDisk, more = {}) => copyImage(imageIn(storage), NEW, { storage, ...more });
const without = (disk: FaultyDisk) => Object.assign(disk, { clones: false });

const folder = mkdtempSync(join(tmpdir(), "vmguest-new-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  { what: "a new image", make: create },
  { what: "a copy", make: copy },
])("$what", ({ make }) => {
  test.each([
    { what: "a file of that name", path: NEW, code: "OUTPUT_EXISTS" },
    { what: "what a run that was cut off left", path: DRAFT, code: "OUTPUT_EXISTS" },
    { what: "an undo file of that name", path: `${NEW}.vmguest-undo`, code: "UNDO_PRESENT" },
  ])("leaves $what alone", ({ path, code }) => {
    const disk = diskOf(all);
    disk.put(path, new MemorySource(Buffer.from("mine")));
    const before = disk.fingerprint();
    expect(() => make(disk)).toThrow(failure(code));
    expect(disk.fingerprint()).toBe(before);
  });

  test("does not take a name that somebody else takes meanwhile", () => {
    const disk = diskOf(all);
    const check = () => disk.put(NEW, new MemorySource(Buffer.from("mine")));
    expect(() => make(disk, { check })).toThrow(failure("OUTPUT_EXISTS"));
    expect(disk.bytesOf(NEW)?.toString()).toBe("mine");
    expect(disk.bytesOf(DRAFT)).toBeUndefined();
  });

  test("gets its name when it was looked at, and never where that finds something", () => {
    const disk = diskOf(all);
    const seen: unknown[] = [];
    const check = (path: string) => {
      seen.push(path, disk.bytesOf(path)?.length, disk.bytesOf(NEW));
      throw new Error("not like that");
    };
    const before = disk.fingerprint();
    expect(() => make(disk, { check })).toThrow("not like that");
    expect(seen).toEqual([DRAFT, make === create ? all.sizeBytes : all.original.length, undefined]);
    expect(disk.fingerprint()).toBe(before);
  });

  test.each([0, 1, 2])("that is cancelled after asking %i times is not there", (after) => {
    const disk = without(diskOf(all));
    const before = disk.fingerprint();
    let askedCount = 0;
    // Even where the question is answered otherwise later.
    const isCancelled = () => askedCount++ === after;
    expect(make(disk, { isCancelled })).toMatchObject({ outcome: "rolled-back" });
    expect(askedCount).toBe(after + 1);
    expect(disk.fingerprint()).toBe(before);
  });
});

describe("a copy", () => {
  test.each([
    { what: "shares the bytes", disk: diskOf(all), more: {}, expected: all.original, writtenBytes: 0 },
    {
      what: "has the bytes, but writes no zeros",
      disk: without(diskOf(all)),
      more: {},
      expected: all.original,
      writtenBytes: all.original.length - 4096,
    },
    {
      what: "has the changes",
      disk: without(diskOf(all)),
      more: { changes },
      expected: finalOf(all),
      writtenBytes: expect.any(Number),
    },
  ])("$what", ({ disk, more, expected, writtenBytes }) => {
    expect(copy(disk, more)).toEqual({ outcome: "committed", writtenBytes });
    expect(disk.bytesOf(NEW)?.equals(expected)).toBe(true);
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    expect(disk.bytesOf(DRAFT)).toBeUndefined();
  });

  test.each([
    { what: "was written to since it was opened", at: 0 },
    { what: "is written to while it is copied", at: 1 },
  ])("is not made of an image that $what", ({ at }) => {
    const disk = without(diskOf(all));
    const image = imageIn(disk);
    const write = () => disk.overwrite(IMAGE, 0, Uint8Array.of(1));
    if (at === 0) write();
    const isCancelled = () => {
      if (at === 1) write();
      return false;
    };
    expect(() => copyImage(image, NEW, { storage: disk, isCancelled })).toThrow(failure("IO_CHANGED"));
    expect(disk.bytesOf(NEW)).toBeUndefined();
    expect(disk.bytesOf(DRAFT)).toBeUndefined();
  });

  test("is not made of another file than the one that was opened", () => {
    const disk = diskOf(all);
    disk.put("/images/other.vhdx", new MemorySource(all.original));
    const image = { ...disk.planned(IMAGE), path: "/images/other.vhdx" };
    expect(() => copyImage(image, NEW, { storage: disk })).toThrow(failure("IO_CHANGED"));
  });
});

describe("on the files of the host", () => {
  /** Shares no bytes, wherever the test runs. */
  class PlainStorage extends NodeStorage {
    override clone(): boolean {
      return false;
    }
  }

  test("a copy of a sparse image takes as little room, belongs to its owner, and has one name", () => {
    const [path, target] = [join(folder, "sparse.vhdx"), join(folder, "copy.vhdx")];
    const filled = new Uint8Array(8192).fill(7);
    createImage(path, { sizeBytes: 64 * MIB + 512, steps: [[{ offset: 40 * MIB + 4096, bytes: filled }]] });
    using image = FileSource.open(path);
    const { writtenBytes } = copyImage(image, target, { storage: new PlainStorage() });
    expect(writtenBytes).toBe(8192);
    for (const made of [path, target]) {
      const { mode, nlink, size, blocks } = statSync(made);
      expect({ mode: mode & 0o777, nlink, size }).toEqual({ mode: 0o600, nlink: 1, size: 64 * MIB + 512 });
      expect(blocks * 512).toBeLessThan(MIB);
    }
    expect(readFileSync(target).equals(readFileSync(path))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["copy.vhdx", "sparse.vhdx"]);
  });

  test("bytes are shared or not, as the file system can, and nothing is left where not", () => {
    const [path, target] = [join(folder, "plain.vhdx"), join(folder, "shared.vhdx")];
    writeFileSync(path, "some bytes", { mode: 0o644 });
    const isCloned = new NodeStorage().clone(path, target);
    expect(readdirSync(folder).includes("shared.vhdx")).toBe(isCloned);
    using image = FileSource.open(path);
    if (isCloned) rmSync(target);
    copyImage(image, target);
    expect(readFileSync(target, "utf8")).toBe("some bytes");
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  test("no name is taken from a file that has it", () => {
    const [path, target] = [join(folder, "one"), join(folder, "two")];
    writeFileSync(path, "one");
    writeFileSync(target, "two");
    const storage = new NodeStorage();
    for (const work of [() => storage.giveName(path, target), () => storage.clone(path, target)]) {
      expect(work).toThrow(failure("EEXIST"));
    }
    expect(readFileSync(target, "utf8")).toBe("two");
  });
});
