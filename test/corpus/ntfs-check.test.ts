import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { checkNtfs } from "../../src/fs/check/index.ts";
import { openNtfs } from "../../src/fs/index.ts";
import { ATTRIBUTE, StandardInformation } from "../../src/fs/ntfs/layout.ts";
import { type ByteSource, MemorySource, SliceSource } from "../../src/io/index.ts";
import { readVolumes } from "../../src/volume/index.ts";
import { attributeAt, editProtected } from "../lab/ntfs/edit.ts";
import { openSparseTar, unzip } from "../lab/ntfs/packed-images.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

const fixture = (name: string) => () => new MemorySource(readFixture(name));
const unpack = (name: string) => gunzipSync(readFileSync(join(FIXTURES, "ntfs", name)));
const slice = (open: () => ByteSource, firstSector: number, sectorCount: number) => () =>
  new SliceSource(open(), firstSector * 512, sectorCount * 512);

/** What is found of a volume above mere information. */
function faultsOf(source: ByteSource): string[] {
  return [...checkNtfs(openNtfs(source))]
    .filter(({ severity }) => severity !== "info")
    .map(({ code, where }) => `${code} ${where.structure}`);
}

describe("a volume that somebody else made", () => {
  test.each<readonly [maker: string, open: () => ByteSource, faults: string[]]>([
    ["Windows, LZNT1 and 2,000 entries", fixture("ntfs/dissect-ntfs.bin"), []],
    ["Windows, attribute lists and streams", fixture("ntfs/go-ntfs-charlie.dd"), []],
    [
      "Windows, clusters of 512 bytes, not dismounted",
      () => new MemorySource(unzip(readFixture("ntfs/SampleTinyNtfsVolume.zip"), /partition\.dd$/)),
      ["NTFS_LOG_UNCLEAN restart area"],
    ],
    [
      "Linux ntfs3, with a file that the Sleuth Kit calls an orphan too",
      fixture("ntfs/ntfs3.raw"),
      ["NTFS_NAME_UNINDEXED FILE record 28"],
    ],
    ["mkntfs, 512 subdirectories", fixture("ntfs/colinfinck-testfs1"), []],
    ["mkntfs, among other partitions", slice(fixture("ntfs/forensics-fs.multiple"), 391168, 120832), []],
    ["Windows Server 2003, 128 GiB", slice(() => openSparseTar(unpack("vss_2003.tgz")), 63, 268430022), []],
    [
      "Windows 10, a shadow copy",
      slice(() => openSparseTar(unpack("vss_1_vol.tar.gz")), 67584, 10416128),
      [],
    ],
  ])("by %s has no fault that is not known", (_, open, faults) => {
    expect(faultsOf(open())).toEqual(faults);
  });

  test.each([
    "vhd/dfvfs-ntfs-dynamic.vhd",
    "vhd/dissect-dynamic.vhd",
    "vhd/ntfs-parent.vhd",
    "vhdx/dfvfs-ntfs-dynamic.vhdx",
    "vhdx/dissect-dynamic.vhdx",
    "vhdx/ntfs-parent.vhdx",
  ])("by Windows in %s has no fault", (name) => {
    const volumes = readVolumes(openDisk(new MemorySource(readFixture(name)))).volumes.filter(
      ({ content }) => content === "ntfs",
    );
    expect(volumes.length).toBeGreaterThan(0);
    for (const { source } of volumes) expect(faultsOf(source)).toEqual([]);
  });
});

describe("a volume of Windows with one fault", () => {
  const image = () => readFixture("ntfs/dissect-ntfs.bin");
  const place = (bytes: Buffer, recordNumber: number) => {
    for (let at = 0; at < bytes.length; at += 1024) {
      const isRecord = bytes.toString("latin1", at, at + 4) === "FILE";
      if (isRecord && bytes.readUInt32LE(at + 0x2c) === recordNumber) return at;
    }
    throw new RangeError(`no record ${recordNumber}`);
  };
  const fileRecord = (bytes: Buffer) => openNtfs(new MemorySource(bytes)).require("File.txt").recordNumber;

  test("has no descriptor for a security identifier that was made up", () => {
    const bytes = image();
    editProtected(bytes, place(bytes, fileRecord(bytes)), 1024, (view) => {
      const at = attributeAt(view, ATTRIBUTE.standardInformation);
      const value = at + view.getUint16(at + 0x14, true);
      view.setUint32(value + StandardInformation.sizeBytes + 4, 0x9999, true);
    });
    expect(faultsOf(new MemorySource(bytes))).toEqual([
      expect.stringContaining("NTFS_SECURITY_ID FILE record"),
    ]);
  });

  test("names the file whose directory entry leads to a record that is gone", () => {
    const bytes = image();
    const recordNumber = fileRecord(bytes);
    const at = place(bytes, recordNumber);
    bytes.fill(0, at, at + 1024);
    const found = [...checkNtfs(openNtfs(new MemorySource(bytes)))].filter(
      ({ severity }) => severity === "error",
    );
    expect(found).toMatchObject([
      {
        code: "NTFS_ENTRY_TARGET",
        message: `the entry File.txt refers to record ${recordNumber}, which is no file in use (the root directory)`,
        where: { path: "$MFT", structure: "FILE record 5" },
      },
    ]);
  });
});
