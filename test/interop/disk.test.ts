// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { type ByteSource, FileSource, readBytes } from "../../src/io/index.ts";
import { vhdOf } from "../lab/vhd.ts";
import { type LogChange, VhdxImage, VhdxLog, vhdxOf } from "../lab/vhdx.ts";

const MIB = 1024 * 1024;
const SECTOR = 4096;
const CHUNK = MIB;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-disk-"));
afterAll(() => rmSync(folder, { recursive: true }));

let fileCount = 0;
const newPath = (extension: string) => join(folder, `${++fileCount}.${extension}`);

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, { encoding: "utf8" });
}

/** The same pseudo-random numbers at every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Commands for qemu-io that write patterns and zeros of any length to any place. */
function randomWrites(sizeBytes: number, seed: number): string[] {
  const random = generator(seed);
  return Array.from({ length: 24 }, (_, index) => {
    const length = (1 + random(4096)) * 512;
    const offset = random((sizeBytes - length) / 512) * 512;
    const command = index % 6 === 5 ? "write -z" : `write -P ${1 + random(255)}`;
    return `${command} ${offset} ${length}`;
  });
}

function qemuIo(path: string, format: string, commands: readonly string[]): void {
  run("qemu-io", "-f", format, ...commands.flatMap((command) => ["-c", command]), path);
}

/** What QEMU makes of an image: its content as a raw file. */
function convert(path: string, format: string): string {
  const raw = newPath("raw");
  run("qemu-img", "convert", "-f", format, "-O", "raw", path, raw);
  return raw;
}

/** First byte at which two disks differ, or undefined. */
function firstDifference(left: ByteSource, right: ByteSource): number | undefined {
  if (left.sizeBytes !== right.sizeBytes) return Math.min(left.sizeBytes, right.sizeBytes);
  for (let offset = 0; offset < left.sizeBytes; offset += CHUNK) {
    const length = Math.min(CHUNK, left.sizeBytes - offset);
    const [ours, theirs] = [readBytes(left, offset, length), readBytes(right, offset, length)];
    if (Buffer.compare(ours, theirs) !== 0) return offset + ours.findIndex((byte, at) => byte !== theirs[at]);
  }
  return undefined;
}

/** Holds our reading of an image against QEMU's raw copy of it, and of another image where that one is given. */
function expectSameAsQemu(path: string, format: string, repaired = path): void {
  const raw = convert(repaired, format);
  {
    using image = FileSource.open(path);
    using expected = FileSource.open(raw);
    expect(firstDifference(openDisk(image), expected)).toBeUndefined();
  }
  rmSync(raw);
}

describe("an image that QEMU made and wrote to is read as QEMU reads it:", () => {
  const sizes = [
    { blockMib: 1, sizeBytes: 70 * MIB },
    { blockMib: 2, sizeBytes: 71_680_512 },
    { blockMib: 8, sizeBytes: 100 * MIB + 512 },
    { blockMib: 32, sizeBytes: 150 * MIB + 4096 },
    { blockMib: 64, sizeBytes: 129 * MIB },
    { blockMib: 256, sizeBytes: 600 * MIB },
  ];
  const images = sizes.flatMap((size) => [
    { ...size, subformat: "dynamic" },
    { ...size, subformat: "fixed" },
  ]);

  test.each(images)("a $subformat VHDX of $sizeBytes bytes in blocks of $blockMib MiB", (image) => {
    const path = newPath("vhdx");
    const options = `subformat=${image.subformat},block_size=${image.blockMib}M`;
    run("qemu-img", "create", "-f", "vhdx", "-o", options, path, String(image.sizeBytes));
    qemuIo(path, "vhdx", randomWrites(image.sizeBytes, image.blockMib));
    expectSameAsQemu(path, "vhdx");
    using file = FileSource.open(path);
    expect(openDisk(file)).toMatchObject({ format: "vhdx", sizeBytes: image.sizeBytes, findings: [] });
    rmSync(path);
  });

  test.each([
    { subformat: "dynamic", force: "on" },
    { subformat: "dynamic", force: "off" },
    { subformat: "fixed", force: "on" },
    { subformat: "fixed", force: "off" },
  ])("a $subformat VHD, force_size $force", ({ subformat, force }) => {
    const path = newPath("vhd");
    const options = `subformat=${subformat},force_size=${force}`;
    run("qemu-img", "create", "-f", "vpc", "-o", options, path, String(60 * MIB));
    qemuIo(path, "vpc", randomWrites(60 * MIB, 7));
    expectSameAsQemu(path, "vpc");
    using file = FileSource.open(path);
    expect(openDisk(file)).toMatchObject({ format: "vhd", kind: subformat, findings: [] });
    rmSync(path);
  });
});

test("a VHDX that QEMU could not close is read as QEMU reads it after its repair", () => {
  const path = newPath("vhdx");
  run("qemu-img", "create", "-f", "vhdx", "-o", "subformat=dynamic,block_size=1M", path, "70M");
  qemuIo(path, "vhdx", ["write -P 0x11 0 3M"]);
  // The log is written, then the write to the BAT itself fails: QEMU puts it at 2 MiB.
  const failing = {
    driver: "vhdx",
    file: {
      driver: "blkdebug",
      image: { driver: "file", filename: path },
      "inject-error": [{ event: "none", iotype: "write", sector: (2 * MIB) / 512, errno: 5 }],
    },
  };
  const commands = ["-c", "write -P 0xab 3M 100k", "-c", "abort"];
  expect(spawnSync("qemu-io", [...commands, `json:${JSON.stringify(failing)}`]).signal).toBe("SIGABRT");

  const repaired = newPath("vhdx");
  copyFileSync(path, repaired);
  run("qemu-img", "check", "-r", "all", "-f", "vhdx", repaired);
  expectSameAsQemu(path, "vhdx", repaired);
  using file = FileSource.open(path);
  const disk = openDisk(file);
  expect(disk.logState).toBe("replayed");
  expect(disk.read(3 * MIB, 1).getUint8(0)).toBe(0xab);
});

describe("a log of ours is replayed by QEMU to the same disk:", () => {
  const plain = () => {
    const blocks = new Map([1, 0, 2].map((block) => [block, new Uint8Array(MIB).fill(block + 1)]));
    return new VhdxImage({ virtualSizeBytes: 3 * MIB + 512, blocks });
  };
  const { sizeBytes } = plain();
  const payloadOffset = sizeBytes - 3 * MIB;

  /** Entries that write and zero sectors anywhere in the blocks. */
  function appendRandom(log: VhdxLog, entryCount: number, seed: number): void {
    const random = generator(seed);
    const tail = log.position;
    for (let entry = 0; entry < entryCount; entry++) {
      const changes = Array.from({ length: 4 + random(6) }, (): LogChange => {
        const at = payloadOffset + random(700) * SECTOR;
        if (random(3) === 0) return { at, zeros: (1 + random(20)) * SECTOR };
        return { at, data: Uint8Array.from({ length: SECTOR }, () => random(256)) };
      });
      log.append(changes, { tail });
    }
  }

  // QEMU 7.2 passes over the tail and loses the begin of a sequence of several entries that wraps, or that follows
  // right behind an older one; these logs are made so that both readings come to the same.
  const logs: { name: string; make: () => VhdxLog }[] = [
    {
      name: "one entry around the end of the log",
      make: () => {
        const log = new VhdxLog(sizeBytes, { position: MIB - 2 * SECTOR });
        appendRandom(log, 1, 5);
        expect(log.position).toBeLessThan(8 * SECTOR);
        return log;
      },
    },
    {
      name: "many entries",
      make: () => {
        const log = new VhdxLog(sizeBytes, { position: MIB / 2 });
        appendRandom(log, 12, 6);
        return log;
      },
    },
    {
      name: "an older sequence, the newer one, and its torn end",
      make: () => {
        const log = new VhdxLog(sizeBytes, { sequence: 100n });
        appendRandom(log, 4, 7);
        log.sequence = 400n;
        log.position += SECTOR;
        appendRandom(log, 5, 8);
        const torn = log.append([{ at: payloadOffset, data: new Uint8Array(SECTOR).fill(0xee) }]);
        log.bytes[torn + SECTOR + 100] = 1;
        return log;
      },
    },
  ];
  test.each(logs)("$name", ({ make }) => {
    const path = newPath("vhdx");
    writeFileSync(path, plain().setLog(make()).toBytes());
    const repaired = newPath("vhdx");
    copyFileSync(path, repaired);
    run("qemu-img", "check", "-r", "all", "-f", "vhdx", repaired);
    expectSameAsQemu(path, "vhdx", repaired);
  });
});

describe("what the lab builds, other programs read:", () => {
  const content = new Uint8Array(5 * MIB + 2048);
  const random = generator(11);
  for (let at = MIB; at < 3 * MIB; at++) content[at] = random(256);
  content.fill(0x77, content.length - 600);

  test.each([
    { format: "vhdx", bytes: vhdxOf(content).toBytes() },
    { format: "vpc", bytes: vhdOf(content).bytes },
    { format: "vpc", bytes: vhdOf(content, { diskType: 2 }).bytes },
  ])("QEMU a $format", ({ format, bytes }) => {
    const path = newPath(format);
    writeFileSync(path, bytes);
    const raw = convert(path, format);
    expect(statSync(raw).size).toBe(content.length);
    using file = FileSource.open(raw);
    expect(Buffer.compare(readBytes(file, 0, content.length), content)).toBe(0);
    expectSameAsQemu(path, format);
  });

  test("libvhdi a VHDX with sectors of 4096 bytes", () => {
    const path = newPath("vhdx");
    writeFileSync(path, vhdxOf(content.subarray(0, 4 * MIB), { logicalSectorSizeBytes: 4096 }).toBytes());
    expect(run("vhdiinfo", path)).toMatch(/Bytes per sector\s*: 4096 bytes/);
    using file = FileSource.open(path);
    expect(openDisk(file).logicalSectorSizeBytes).toBe(4096);
  });
});
