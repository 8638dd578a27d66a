import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openImage } from "../../src/audit/index.ts";
import { checkNtfs } from "../../src/fs/check/index.ts";
import { openNtfs } from "../../src/fs/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { buildGuest } from "./guests/builder.ts";
import { GUESTS } from "./guests/matrix.ts";

const MIB = 1024 * 1024;
const FILE_COUNT = 3000;
const RECORD_SIZE = 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-interop-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(tool: string, ...parameters: string[]): string {
  return execFileSync(tool, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Thousands of names, some of them removed again; links, streams, holes, packed and scattered data. */
function populate(mount: string, mayCompress: boolean): void {
  mkdirSync(join(mount, "many"));
  for (let index = 0; index < FILE_COUNT; index++) {
    writeFileSync(join(mount, "many", `Package_${(index * 7919) % 99991}~amd64.cat`), `${index}`);
  }
  for (let index = 0; index < FILE_COUNT; index += 3) {
    unlinkSync(join(mount, "many", `Package_${(index * 7919) % 99991}~amd64.cat`));
  }
  mkdirSync(join(mount, "a/b/c/d"), { recursive: true });
  writeFileSync(join(mount, "a/b/c/d/Größe.txt"), "deep");
  linkSync(join(mount, "a/b/c/d/Größe.txt"), join(mount, "another name.txt"));
  writeFileSync(join(mount, "another name.txt:stream"), Buffer.alloc(50_000, 1));
  const sparse = openSync(join(mount, "sparse.bin"), "w");
  ftruncateSync(sparse, 3 * MIB);
  writeSync(sparse, Buffer.alloc(5000, 7), 0, 5000, MIB);
  closeSync(sparse);
  const turns = [openSync(join(mount, "one.bin"), "w"), openSync(join(mount, "other.bin"), "w")];
  for (let turn = 0; turn < 300; turn++) for (const file of turns) writeSync(file, Buffer.alloc(4096, turn));
  for (const file of turns) closeSync(file);
  if (!mayCompress) return;
  mkdirSync(join(mount, "packed"));
  run("setfattr", "-h", "-v", "0x00000810", "-n", "system.ntfs_attrib_be", join(mount, "packed"));
  writeFileSync(join(mount, "packed/text.log"), "the quick brown fox\n".repeat(30_000));
}

function make(clusterSizeBytes: number): Buffer {
  const image = join(folder, `${clusterSizeBytes}.raw`);
  writeFileSync(image, "");
  truncateSync(image, clusterSizeBytes > 4096 ? 192 * MIB : 64 * MIB);
  run("mkntfs", "-F", "-Q", "-c", `${clusterSizeBytes}`, image);
  const mount = mkdtempSync(join(folder, "mount-"));
  run("ntfs-3g", "-o", "compression,streams_interface=windows", image, mount);
  try {
    populate(mount, clusterSizeBytes <= 4096);
  } finally {
    run("umount", mount);
  }
  const bytes = readFileSync(image);
  rmSync(image);
  return bytes;
}

/** What is found of a volume above mere information. */
const faultsOf = (bytes: Uint8Array) => [
  ...new Set(
    [...checkNtfs(openNtfs(new MemorySource(bytes)))]
      .filter(({ severity }) => severity !== "info")
      .map(({ code }) => code),
  ),
];

test.each([512, 65_536])(
  "a volume of mkntfs and ntfs-3g with clusters of %d bytes is sound",
  (clusterSizeBytes) => {
    expect(faultsOf(make(clusterSizeBytes))).toEqual([]);
  },
);

describe("a volume of mkntfs and ntfs-3g with clusters of 4096 bytes", () => {
  let bytes: Buffer;
  let record: number;
  let recordOffset: number;
  let mirrorOffset: number;

  beforeAll(() => {
    bytes = make(4096);
    const volume = openNtfs(new MemorySource(bytes));
    record = volume.require("a/b/c/d/Größe.txt").recordNumber;
    // Records are found by their own number: $MFT of so many files is in several pieces.
    for (let at = 0; at < bytes.length; at += RECORD_SIZE) {
      if (bytes.toString("latin1", at, at + 4) === "FILE" && bytes.readUInt32LE(at + 0x2c) === record)
        recordOffset = at;
    }
    ({ mftMirrorOffset: mirrorOffset } = volume.geometry);
  });

  test("is sound", () => {
    expect(faultsOf(bytes)).toEqual([]);
  });

  test("misses a record that was overwritten", () => {
    const damaged = Buffer.from(bytes);
    damaged.fill(0xaa, recordOffset, recordOffset + RECORD_SIZE);
    expect(faultsOf(damaged)).toEqual(["NTFS_RECORD"]);
  });

  test("misses a file whose record was wiped, as the directory still lists it", () => {
    const damaged = Buffer.from(bytes);
    damaged.fill(0, recordOffset, recordOffset + RECORD_SIZE);
    expect(faultsOf(damaged)).toEqual(["NTFS_MFT_BITMAP_USED", "NTFS_ENTRY_TARGET", "NTFS_CLUSTERS_LOST"]);
  });

  test("has what ntfsfix finds too: a mirror that differs", () => {
    const damaged = Buffer.from(bytes);
    damaged.fill(0xaa, mirrorOffset + RECORD_SIZE, mirrorOffset + 2 * RECORD_SIZE);
    expect(faultsOf(damaged)).toEqual(["NTFS_MIRROR_DIFFERS"]);
    const image = join(folder, "mirror.raw");
    writeFileSync(image, damaged);
    expect(() => run("ntfsfix", "-n", image)).toThrow();
  });
});

describe("a guest that third-party tools built", () => {
  const chosen = GUESTS.map((guest, index) => ({ ...guest, index })).filter(({ name }) =>
    ["xpsp3 --partition mbr", "ws2012r2", "win10"].includes(name),
  );

  test.each(chosen)("has sound NTFS volumes: $name", async ({ index, ...guest }) => {
    const { image } = await buildGuest(folder, index, guest);
    using opened = openImage(image);
    let volumeCount = 0;
    for (const { content, source } of opened.layout.volumes) {
      if (content !== "ntfs") continue;
      volumeCount++;
      const errors = [...checkNtfs(openNtfs(source))].filter(({ severity }) => severity === "error");
      expect(errors).toEqual([]);
    }
    expect(volumeCount).toBeGreaterThan(0);
  });
});
