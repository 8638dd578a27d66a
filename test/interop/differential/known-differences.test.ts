// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDisk } from "../../../src/disk/index.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import { FileSource, readBytes } from "../../../src/io/index.ts";
import { Hive } from "../../../src/registry/index.ts";
import { layNtfs } from "../../lab/ntfs.ts";
import { VhdxImage, VhdxLog } from "../../lab/vhdx.ts";
import { readFixture } from "../../support/fixtures.ts";
import { DISK_PEERS, firstDifference } from "./disk-peers.ts";
import { writeWithHivex } from "./hive-peers.ts";
import { readRows } from "./rows.ts";
import { MIB, makeSparseFile, run, runForBytes, withNtfs3g } from "./tools.ts";

// What docs/peers-disagree.md says of other programs, as long as it is so.

const folder = mkdtempSync(join(tmpdir(), "vmguest-differences-"));
afterAll(() => rmSync(folder, { recursive: true }));

function volumeOf(name: string, sizeBytes: number, clusterSizeBytes: number, fill: (mount: string) => void) {
  const volume = join(folder, name);
  makeSparseFile(volume, sizeBytes);
  run("mkntfs", "-F", "-Q", "-q", "-c", `${clusterSizeBytes}`, volume);
  withNtfs3g(volume, "streams_interface=windows", fill);
  return volume;
}

function pathsOf(volume: string): string[] {
  using file = FileSource.open(volume);
  return readRows(file).rows.map(({ path }) => path);
}

test("libvhdi passes over the log of a VHDX, which QEMU replays as we do", () => {
  const image = join(folder, "log.vhdx");
  writeFileSync(image, readFixture("vhdx/discutils-vhdx-log-replay.vhdx"));
  using file = FileSource.open(image);
  const disk = openDisk(file);
  expect(disk.logState).toBe("replayed");
  const differenceOf = (peer: keyof typeof DISK_PEERS) =>
    DISK_PEERS[peer]({ image, format: "vhdx" }, (raw) => {
      using theirs = FileSource.open(raw);
      return firstDifference(disk, theirs);
    });
  expect(differenceOf("libvhdi")).toBeTypeOf("number");
  // QEMU replays into the file, so it comes last.
  run("qemu-img", "check", "-r", "all", "-f", "vhdx", image);
  expect(differenceOf("QEMU")).toBeUndefined();
});

test("QEMU reads a differencing VHD as if it had no parent", () => {
  const image = join(folder, "child.vhd");
  writeFileSync(image, readFixture("vhd/ntfs-differential.vhd"));
  const firstSector = DISK_PEERS.QEMU({ image, format: "vpc" }, (raw) => {
    using theirs = FileSource.open(raw);
    return Buffer.from(readBytes(theirs, 0, 512));
  });
  expect(firstSector.equals(Buffer.alloc(512))).toBe(true);
  using file = FileSource.open(image);
  expect(() => openDisk(file)).toThrow(expect.objectContaining({ code: "DISK_DIFFERENCING" }));
});

test("the Sleuth Kit lists a file by its record, though the directory's index lacks it", () => {
  const volume = join(folder, "ntfs3.raw");
  writeFileSync(volume, readFixture("ntfs/ntfs3.raw"));
  expect(run("fls", "-r", "-p", volume)).toContain("test/1.txt");
  expect(withNtfs3g(volume, "ro", (mount) => run("ls", join(mount, "test"))).split("\n")).not.toContain(
    "1.txt",
  );
  expect(pathsOf(volume)).not.toContain("test/1.txt");
});

test("the Sleuth Kit knows no clusters of more than 64 KiB", () => {
  const volume = volumeOf("clusters.ntfs", 24 * MIB, 131_072, (mount) =>
    writeFileSync(join(mount, "file"), "content"),
  );
  expect(spawnSync("fls", [volume], { encoding: "utf8" })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("Cannot determine file system type"),
  });
  expect(pathsOf(volume)).toEqual(["file"]);
});

test("the Sleuth Kit refuses a hole that is longer than the volume", () => {
  const volume = volumeOf("hole.ntfs", 8 * MIB, 4096, (mount) => {
    const file = openSync(join(mount, "sparse"), "w");
    writeSync(file, "end", 40 * 1024 * MIB);
    closeSync(file);
  });
  expect(run("fls", volume)).toMatch(/^r\/r \d+:\tsparse$/m);
  using file = FileSource.open(volume);
  const source = openNtfs(file).require("sparse").open();
  expect(source.sizeBytes).toBe(40 * 1024 * MIB + 3);
  expect(Buffer.from(readBytes(source, source.sizeBytes - 4, 4)).toString()).toBe("\0end");
});

test("the Sleuth Kit prints one digest for all streams of a file", () => {
  const volume = volumeOf("digest.ntfs", 8 * MIB, 4096, (mount) => {
    writeFileSync(join(mount, "file"), "content");
    writeFileSync(join(mount, "file:stream"), "another content");
  });
  const rows = run("tsk_gettimes", "-m", volume).split("\n");
  const digestOf = (name: string) => rows.find((row) => row.includes(`|${name}|`))?.slice(0, 32);
  expect(digestOf("file:stream")).toBe(digestOf("file"));
  using file = FileSource.open(volume);
  const [unnamed, named] = readRows(file).rows;
  expect(unnamed?.md5).toBe(digestOf("file"));
  expect(named?.md5).not.toBe(unnamed?.md5);
});

test("libfsntfs loses entries of directories where clusters are not as large as index records", () => {
  const fill = (mount: string) => {
    mkdirSync(join(mount, "many"));
    for (let index = 0; index < 100; index++) writeFileSync(join(mount, "many", `file ${index}`), "");
  };
  const countOf = (volume: string) =>
    run("fsntfsinfo", "-H", volume).match(/\\many\\file \d+$/gm)?.length ?? 0;
  expect(countOf(volumeOf("4096.ntfs", 8 * MIB, 4096, fill))).toBe(100);
  for (const clusterSizeBytes of [1024, 16_384]) {
    const volume = volumeOf(`${clusterSizeBytes}.ntfs`, 8 * MIB, clusterSizeBytes, fill);
    expect(countOf(volume)).toBeLessThan(100);
    expect(pathsOf(volume)).toHaveLength(101);
  }
});

test("the Sleuth Kit and ntfscat give zeros beyond the initialised size, whatever the clusters hold, as we do", () => {
  const stale = Buffer.alloc(50_000, "x");
  const { bytes } = layNtfs({
    files: { file: { content: stale, storage: "clusters", initializedSizeBytes: 10_000 } },
  });
  expect(Buffer.from(bytes).includes(stale.subarray(0, 10_001))).toBe(true);
  const volume = join(folder, "zeros.ntfs");
  writeFileSync(volume, bytes);
  const content = Buffer.concat([stale.subarray(0, 10_000), Buffer.alloc(40_000)]);
  using file = FileSource.open(volume);
  const node = openNtfs(file).require("file");
  expect(Buffer.compare(readBytes(node.open(), 0, 50_000), content)).toBe(0);
  expect(Buffer.compare(runForBytes("ntfscat", volume, "file"), content)).toBe(0);
  expect(Buffer.compare(runForBytes("icat", volume, `${node.recordNumber}`), content)).toBe(0);
});

test("QEMU loses what stands in a log of several entries that goes around its end", () => {
  const plain = () =>
    new VhdxImage({ virtualSizeBytes: MIB, blocks: new Map([[0, new Uint8Array(MIB).fill(1)]]) });
  const { sizeBytes } = plain();
  const log = new VhdxLog(sizeBytes, { position: MIB - 4096 * 3 });
  const tail = log.position;
  for (const fill of [0xa1, 0xa2, 0xa3, 0xa4]) {
    log.append([{ at: sizeBytes - MIB + (fill % 16) * 4096, data: new Uint8Array(4096).fill(fill) }], {
      tail,
    });
  }
  const image = join(folder, "wrapped.vhdx");
  writeFileSync(image, plain().setLog(log).toBytes());
  const ours = (() => {
    using file = FileSource.open(image);
    const disk = openDisk(file);
    return [1, 2, 3, 4].map((sector) => disk.read(sector * 4096, 1).getUint8(0));
  })();
  expect(ours).toEqual([0xa1, 0xa2, 0xa3, 0xa4]);
  run("qemu-img", "check", "-r", "all", "-f", "vhdx", image);
  const theirs = DISK_PEERS.QEMU({ image, format: "vhdx" }, (raw) => {
    using file = FileSource.open(raw);
    return [1, 2, 3, 4].map((sector) => file.read(sector * 4096, 1).getUint8(0));
  });
  expect(theirs).not.toEqual(ours);
});

test("hivex writes hashes of its own for names that are not ASCII, and we find the keys all the same", () => {
  const path = join(folder, "hash.hive");
  writeFileSync(path, readFixture("hive/hivex-minimal"));
  writeWithHivex(path, { name: "ä", values: [], subkeys: [] });
  const bytes = readFileSync(path);
  const hashAt = bytes.indexOf(Buffer.from("lh\u0001\u0000", "latin1")) + 8;
  // Windows hashes the upper-case characters: one of them, U+00C4, is its own hash.
  expect(bytes.readUInt32LE(hashAt)).not.toBe(0xc4);
  using file = FileSource.open(path);
  expect(Hive.open(file).find("Ä")?.name).toBe("ä");
});
