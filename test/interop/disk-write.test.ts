// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { checkContainer } from "../../src/disk/check/index.ts";
import { type OpenDiskOptions, openDisk, type ResolveParent } from "../../src/disk/index.ts";
import { planChild, planDiskWrites } from "../../src/disk/write/index.ts";
import { copyImage, createImage } from "../../src/io/commit/index.ts";
import {
  type ByteSource,
  type Change,
  FileSource,
  MemorySource,
  Overlay,
  ParentFolders,
  PHASES,
  readBytes,
} from "../../src/io/index.ts";
import { countingGuids, generator } from "../disk/write/cuts.ts";
import { unpackFixture } from "../support/fixtures.ts";

const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-disk-write-"));
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
const newPath = (extension: string) => join(folder, `${++fileCount}.${extension}`);
const run = (tool: string, ...parameters: string[]) =>
  execFileSync(tool, parameters, { encoding: "utf8", stdio: "pipe" });

/** Writes the steps to a file as a commit does. */
function commit(path: string, steps: readonly (readonly Change[])[]): void {
  const file = openSync(path, "r+");
  for (const step of steps) {
    for (const { offset, bytes } of step)
      expect(writeSync(file, bytes, 0, bytes.length, offset)).toBe(bytes.length);
    fsyncSync(file);
  }
  closeSync(file);
}

interface PatternWrite {
  readonly offset: number;
  readonly length: number;
  readonly byte: number;
}

function randomWrites(sizeBytes: number, count: number, seed: number): PatternWrite[] {
  const random = generator(seed);
  return Array.from({ length: count }, () => {
    const length = Math.min((1 + random(64)) * 512, sizeBytes);
    return { offset: random((sizeBytes - length) / 512 + 1) * 512, length, byte: 1 + random(255) };
  });
}

/** Does the writes to a disk in memory, in phases that follow each other, and plans what that means for its file. */
function plan(file: ByteSource, writes: readonly PatternWrite[], disk = openDisk(file)) {
  const overlay = new Overlay(disk);
  for (const [index, { offset, length, byte }] of writes.entries()) {
    const phase = PHASES[Math.floor((index * PHASES.length) / writes.length)] ?? "arming";
    overlay.write(offset, new Uint8Array(length).fill(byte), phase);
  }
  return planDiskWrites(file, disk, overlay.changes(), { newGuid: countingGuids() });
}

/**
 * A raw disk on which QEMU did the writes, made from an image. The image itself is no measure: in a VHD, QEMU 7.2 puts a
 * new block over the old footer and leaves that to be seen in it.
 */
function rawOfQemu(path: string, format: string, writes: readonly PatternWrite[]): string {
  const raw = newPath("raw");
  run("qemu-img", "convert", "-f", format, "-O", "raw", path, raw);
  const commands = writes.map(({ offset, length, byte }) => ["-c", `write -P ${byte} ${offset} ${length}`]);
  run("qemu-io", "-f", "raw", ...commands.flat(), raw);
  return raw;
}

function expectSameDisk(ours: string, format: string, raw: string): void {
  expect(run("qemu-img", "compare", "-f", format, "-F", "raw", ours, raw)).toMatch(/identical/);
}

/** Does the writes with our own code; gives what the check of the file found before. */
function writeWithOurs(path: string, writes: readonly PatternWrite[]): Set<string> {
  const { steps, known } = (() => {
    using file = FileSource.open(path);
    const codes = new Set<string>([...checkContainer(file)].map(({ code }) => code));
    return { known: codes, ...plan(file, writes) };
  })();
  commit(path, steps);
  return known;
}

/** The file with the first `count` steps done to it. */
function copyAfter(path: string, steps: readonly (readonly Change[])[], count: number): string {
  const copy = newPath("vhdx");
  copyFileSync(path, copy);
  commit(copy, steps.slice(0, count));
  return copy;
}

describe("an image that QEMU made has, after our writes, what QEMU writes to a copy:", () => {
  const vhdx = [1, 2, 32, 256].flatMap((block) =>
    ["dynamic", "fixed"].map((subformat) => ({
      format: "vhdx",
      name: `VHDX in blocks of ${block} MiB`,
      subformat,
      options: `block_size=${block}M`,
    })),
  );
  const vhd = ["dynamic", "fixed"].map((subformat) => ({
    format: "vpc",
    name: "VHD",
    subformat,
    options: "force_size=on",
  }));

  test.each([...vhdx, ...vhd])("a $subformat $name", ({ format, subformat, options }) => {
    const sizeBytes = 150 * MIB + (format === "vhdx" ? 512 : 0);
    const ours = newPath(format);
    run(
      "qemu-img",
      "create",
      "-f",
      format,
      "-o",
      `subformat=${subformat},${options}`,
      ours,
      String(sizeBytes),
    );
    const earlier = randomWrites(sizeBytes, 6, 1).map(
      ({ offset, length, byte }) => `write -P ${byte} ${offset} ${length}`,
    );
    run("qemu-io", "-f", format, ...earlier.flatMap((command) => ["-c", command]), ours);
    const writes = randomWrites(sizeBytes, 40, 2);
    const theirs = rawOfQemu(ours, format, writes);
    writeWithOurs(ours, writes);
    expectSameDisk(ours, format, theirs);
    // QEMU has no check for VHD.
    if (format === "vhdx") expect(run("qemu-img", "check", "-f", format, ours)).toMatch(/No errors/);
    for (const path of [ours, theirs]) rmSync(path);
  });
});

test("a log that was written, but not applied, is replayed by QEMU and by us to the same disk", () => {
  const path = newPath("vhdx");
  run("qemu-img", "create", "-f", "vhdx", "-o", "subformat=dynamic,block_size=1M", path, "12M");
  const writes = randomWrites(12 * MIB, 12, 3);
  const { steps } = (() => {
    using file = FileSource.open(path);
    return plan(file, writes);
  })();
  let replayedCount = 0;
  for (let count = 0; count <= steps.length; count++) {
    const [copy, repaired] = [copyAfter(path, steps, count), newPath("vhdx")];
    copyFileSync(copy, repaired);
    using file = FileSource.open(copy);
    const disk = openDisk(file);
    if (disk.logState === "replayed") replayedCount++;
    run("qemu-img", "check", "-r", "all", "-f", "vhdx", repaired);
    const raw = newPath("raw");
    run("qemu-img", "convert", "-f", "vhdx", "-O", "raw", repaired, raw);
    using expected = FileSource.open(raw);
    expect(
      Buffer.compare(readBytes(disk, 0, 12 * MIB), readBytes(expected, 0, 12 * MIB)),
      `step ${count}`,
    ).toBe(0);
    for (const made of [copy, repaired, raw]) rmSync(made);
  }
  expect(replayedCount).toBeGreaterThan(1);
});

describe("a real image has, after our writes, what QEMU writes to a copy:", () => {
  const vhdx = [
    "dfvfs-ntfs-dynamic",
    "discutils-vhdx-log-replay",
    "dissect-dynamic",
    "iotest-dynamic-1G",
    "ntfs-parent",
  ].map((name) => ({ name: `vhdx/${name}.vhdx`, format: "vhdx" }));
  const vhd = ["dfvfs-ntfs-dynamic", "dissect-dynamic", "hyperv2012r2-dynamic", "ntfs-parent"].map(
    (name) => ({
      name: `vhd/${name}.vhd`,
      format: "vpc",
    }),
  );

  test.each([...vhdx, ...vhd])("$name", async ({ name, format }) => {
    const [ours, repaired] = [newPath(format), newPath(format)];
    await unpackFixture(name, ours);
    chmodSync(ours, 0o600);
    const sizeBytes = (() => {
      using file = FileSource.open(ours);
      return openDisk(file).sizeBytes;
    })();
    const writes = randomWrites(sizeBytes, 20, 4);
    copyFileSync(ours, repaired);
    if (format === "vhdx") run("qemu-img", "check", "-r", "all", "-f", format, repaired);
    const theirs = rawOfQemu(repaired, format, writes);
    const known = writeWithOurs(ours, writes);
    expectSameDisk(ours, format, theirs);
    if (format === "vhdx") expect(run("qemu-img", "check", "-f", format, ours)).toMatch(/No errors/);
    using file = FileSource.open(ours);
    expect([...checkContainer(file)].filter(({ code }) => !known.has(code))).toEqual([]);
    for (const path of [ours, repaired, theirs]) rmSync(path);
  });
});

test("a changed copy of a real image has what QEMU writes to it, and the image is as it was", async () => {
  const [path, copy] = [newPath("vhdx"), newPath("vhdx")];
  await unpackFixture("vhdx/dfvfs-ntfs-dynamic.vhdx", path);
  const before = readFileSync(path);
  using file = FileSource.open(path);
  const writes = randomWrites(openDisk(file).sizeBytes, 20, 6);
  copyImage(file, copy, { changes: plan(file, writes) });
  expectSameDisk(copy, "vhdx", rawOfQemu(path, "vhdx", writes));
  expect(run("qemu-img", "check", "-f", "vhdx", copy)).toMatch(/No errors/);
  expect(readFileSync(path).equals(before)).toBe(true);
});

/** The disk of a chain as libvhdi mounts it: it finds the parents by itself and shows the base first, the image last. */
function expectSameAsMounted(image: string, fileCount: number, expected: ByteSource): void {
  const mount = mkdtempSync(join(folder, "mount-"));
  run("vhdimount", image, mount);
  try {
    using disk = FileSource.open(join(mount, `vhdi${fileCount}`));
    expect(disk.sizeBytes).toBe(expected.sizeBytes);
    for (let offset = 0; offset < disk.sizeBytes; offset += MIB) {
      const length = Math.min(MIB, disk.sizeBytes - offset);
      const isSame =
        Buffer.compare(readBytes(disk, offset, length), readBytes(expected, offset, length)) === 0;
      expect(isSame, `at ${offset}`).toBe(true);
    }
  } finally {
    run("umount", mount);
  }
}

describe("a differencing disk that we wrote to is read by libvhdi as it was in memory:", () => {
  test.each([
    { child: "vhdx/ntfs-differential.vhdx", parent: "vhdx/ntfs-parent.vhdx" },
    { child: "vhd/ntfs-differential.vhd", parent: "vhd/ntfs-parent.vhd" },
  ])("$child", async ({ child, parent }) => {
    const place = mkdtempSync(join(folder, "chain-"));
    const [image = "", base = ""] = [child, parent].map((name) => join(place, basename(name)));
    await Promise.all([unpackFixture(child, image), unpackFixture(parent, base)]);
    chmodSync(image, 0o600);
    const before = readFileSync(base);
    const { steps, expected } = (() => {
      using file = FileSource.open(image);
      using parents = new ParentFolders(file);
      return planOver(file, { resolveParent: (names, link) => parents.find(names, link) });
    })();
    commit(image, steps);
    expectSameAsMounted(image, 2, new MemorySource(expected));
    expect(Buffer.compare(readFileSync(base), before)).toBe(0);
  });

  test.each([
    { format: "vhdx", base: "vhdx/dfvfs-ntfs-dynamic.vhdx", child: "child.avhdx" },
    { format: "vhdx", base: "vhdx/ntfs-parent.vhdx", child: "child.avhdx" },
    { format: "vhd", base: "vhd/dfvfs-ntfs-dynamic.vhd", child: "child.avhd" },
    { format: "vhd", base: "vhd/ntfs-parent.vhd", child: "child.avhd" },
  ])("a new child of $base", async ({ base, child }) => {
    const place = mkdtempSync(join(folder, "child-"));
    const [image, parent] = [join(place, child), join(place, basename(base))];
    await unpackFixture(base, parent);
    using source = FileSource.open(parent);
    const made = planChild(source, {
      newGuid: countingGuids(),
      now: 1e12,
      // Half an hour off: libvhdi does not look at it.
      parentModifiedMs: source.modifiedMs + 1_800_000,
      relativePath: `.\\${basename(base)}`,
      // Of a VHDX, libvhdi 20210425 finds the parent by this one alone, in the folder of the child.
      absolutePath: `C:\\VMs\\${basename(base)}`,
    });
    const resolveParent: ResolveParent = () => [{ name: parent, isGuess: false, source }];
    const { steps, sizeBytes, expected } = planOver(made.file, { resolveParent });
    createImage(image, { steps: [...made.steps, ...steps], sizeBytes });
    const [{ identity = "" } = expect.fail("no disk")] = openDisk(source).chain;
    expect(run("vhdiinfo", image)).toMatch(new RegExp(`Parent identifier\\s*: ${identity}`));
    expectSameAsMounted(image, 2, new MemorySource(expected));
    using file = FileSource.open(image);
    expect([...checkContainer(file)].filter(({ code }) => code !== "VHD_GEOMETRY")).toEqual([]);
  });

  /** A plan for writes at random, and the disk with them. */
  function planOver(file: ByteSource, options: OpenDiskOptions) {
    const disk = openDisk(file, options);
    const writes = randomWrites(disk.sizeBytes, 30, 5);
    const expected = readBytes(disk, 0, disk.sizeBytes).slice();
    for (const { offset, length, byte } of writes) expected.fill(byte, offset, offset + length);
    return { expected, ...plan(file, writes, disk) };
  }
});

test("a file of 700 KiB into blocks that are not there costs little more than itself", () => {
  const path = newPath("vhdx");
  run("qemu-img", "create", "-f", "vhdx", "-o", "subformat=dynamic,block_size=32M", path, "127G");
  using file = FileSource.open(path);
  const writes = [{ offset: 60 * 1024 * MIB, length: 700 * 1024, byte: 7 }];
  const { steps, sizeBytes } = plan(file, writes);
  const written = steps.flat().reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(written).toBeLessThan(MIB);
  commit(path, steps);
  expect(statSync(path).size).toBe(sizeBytes);
  // What was never written takes no room on the host.
  expect(statSync(path).blocks * 512).toBeLessThan(8 * MIB);
});
