import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { type NtfsNode, openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { type ByteSource, MemorySource, readBytes, SliceSource } from "../../src/io/index.ts";
import { readVolumes } from "../../src/volume/index.ts";
import { dataOf, sha256, walk } from "../lab/ntfs/listing.ts";
import { openSparseTar, unzip } from "../lab/ntfs/packed-images.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

/** TSK lists files whose only data is this; the record of the facts leaves the big ones out. */
const NOT_IN_FACTS = /^\$(MFT|MFTMirr|LogFile|Volume|Bitmap|Boot|BadClus|Secure)(:|$)/;

interface Image {
  readonly name: string;
  readonly facts: string;
  readonly open: () => ByteSource;
  /** Byte offset of the volume, and its size where the disk goes on behind it. */
  readonly volume?: readonly [offset: number, sizeBytes: number];
  readonly label: string | undefined;
  readonly clusterSizeBytes: number;
  readonly flags: readonly string[];
  readonly logFile: string;
  /** Files that are in use but in no directory: the Sleuth Kit finds them by their records, nothing else does. */
  readonly orphans?: readonly string[];
}

const IMAGES: readonly Image[] = [
  {
    name: "Windows, LZNT1 and a directory of 2,000 entries",
    facts: "dissect-ntfs.bin.fls.tsv",
    open: () => new MemorySource(readFixture("ntfs/dissect-ntfs.bin")),
    label: "New Volume",
    clusterSizeBytes: 4096,
    flags: ["0x0080"],
    logFile: "clean",
  },
  {
    name: "Windows, an attribute list and three streams with the same id",
    facts: "go-ntfs-charlie.dd.fls.tsv",
    open: () => new MemorySource(readFixture("ntfs/go-ntfs-charlie.dd")),
    label: "Charlie",
    clusterSizeBytes: 4096,
    flags: ["0x0080"],
    logFile: "clean",
  },
  {
    name: "Windows, clusters of 512 bytes",
    facts: "SampleTinyNtfsVolume.zip.fls.tsv",
    open: () => new MemorySource(unzip(readFixture("ntfs/SampleTinyNtfsVolume.zip"), /partition\.dd$/)),
    label: "New Volume",
    clusterSizeBytes: 512,
    flags: [],
    logFile: "unclean",
  },
  {
    name: "Linux ntfs3, extended attributes",
    facts: "ntfs3.raw.gz.fls.tsv",
    open: () => new MemorySource(readFixture("ntfs/ntfs3.raw")),
    label: undefined,
    clusterSizeBytes: 4096,
    flags: [],
    logFile: "empty",
    orphans: ["test/1.txt"],
  },
  {
    name: "mkntfs and ntfs-3g, 512 subdirectories and a sparse file",
    facts: "colinfinck-testfs1.fls.tsv",
    open: () => new MemorySource(readFixture("ntfs/colinfinck-testfs1")),
    label: "mylabel",
    clusterSizeBytes: 512,
    flags: [],
    logFile: "empty",
  },
  {
    name: "the NTFS partition among others",
    facts: "forensics-fs.multiple.fls.tsv",
    open: () => new MemorySource(readFixture("ntfs/forensics-fs.multiple")),
    volume: [391168 * 512, 120832 * 512],
    label: undefined,
    clusterSizeBytes: 4096,
    flags: [],
    logFile: "empty",
  },
  {
    name: "Windows Server 2003, a 128 GiB disk with shadow copies and Russian names",
    facts: "vss_2003.tgz.fls.tsv",
    open: () => openSparseTar(unpack("vss_2003.tgz")),
    volume: [63 * 512, 268430022 * 512],
    label: "Новый том",
    clusterSizeBytes: 4096,
    flags: [],
    logFile: "clean",
  },
  {
    name: "Windows 10, GPT, a shadow copy",
    facts: "vss_1_vol.tar.gz.fls.tsv",
    open: () => openSparseTar(unpack("vss_1_vol.tar.gz")),
    volume: [67584 * 512, 10416128 * 512],
    label: "1",
    clusterSizeBytes: 4096,
    flags: ["0x0080"],
    logFile: "clean",
  },
];

describe.each(IMAGES)("$name", (image) => {
  const disk = image.open();
  const volume = openNtfs(image.volume === undefined ? disk : new SliceSource(disk, ...image.volume));

  test("has every file, directory and stream that the Sleuth Kit sees, with the same content", () => {
    expect(listing(volume.root)).toEqual(factsOf(image));
    expect(volume.findings).toEqual([]);
  });

  test("finds every path of its listing by descending the indexes, in any case", () => {
    for (const row of factsOf(image)) {
      const [record, , , path = ""] = row.split("\t");
      const node = volume.find(path.replace(/:.*/, "").toLowerCase());
      expect(`${node?.recordNumber} ${node?.path}`).toBe(`${record} ${path.replace(/:.*/, "")}`);
    }
  });

  test("says how it was left", () => {
    const { clusterSizeBytes } = volume.geometry;
    expect({ label: volume.label, clusterSizeBytes }).toEqual({
      label: image.label,
      clusterSizeBytes: image.clusterSizeBytes,
    });
    expect(readNtfsState(volume)).toMatchObject({
      version: "3.1",
      flags: image.flags,
      logFile: image.logFile,
      hiberfile: "absent",
    });
  });
});

describe("what the makers of the samples say of them", () => {
  test("dissect: a resident and a long file, and a directory of exactly two files", () => {
    const volume = openNtfs(new MemorySource(readFixture("ntfs/dissect-ntfs.bin")));
    const large = volume.require("Large.txt");
    expect(text(volume.require("File.txt"))).toBe("Contents here");
    expect(volume.require("File.txt").recordNumber).toBe(41);
    expect([large.recordNumber, large.sizeBytes]).toEqual([44, 2_097_152]);
    expect(readBytes(large.open(), 0, large.sizeBytes).every((byte) => byte === 0x41)).toBe(true);
    expect([...volume.require("Directory").list()].map(({ name }) => name)).toEqual([
      "File 1.txt",
      "File 2.txt",
    ]);
  });

  test("ColinFinck: an empty file, a resident one, a long one and one with a hole", () => {
    const volume = openNtfs(new MemorySource(readFixture("ntfs/colinfinck-testfs1")));
    expect(volume.require("empty-file").sizeBytes).toBe(0);
    expect(text(volume.require("file-with-12345"))).toBe("12345");
    expect(text(volume.require("1000-bytes-file"))).toBe("12345".repeat(200));
    const sparse = volume.require("sparse-file").open();
    expect(sparse.sizeBytes).toBe(500_005);
    expect(Buffer.from(readBytes(sparse, 0, 6)).toString()).toBe("12345\0");
    expect(Buffer.from(readBytes(sparse, 500_000, 5)).toString()).toBe("11111");
    const names = [...volume.require("many_subdirs").list()].map(({ name }) => Number(name));
    expect(names.sort((one, other) => one - other)).toEqual(
      Array.from({ length: 512 }, (_, index) => index + 1),
    );
  });
});

test.each(["vhdx/dfvfs-ntfs-dynamic.vhdx", "vhd/dfvfs-ntfs-dynamic.vhd"])(
  "%s: a symbolic link is followed by its path, not by its entry",
  (image) => {
    const disk = openDisk(new MemorySource(readFixture(image)));
    const [ntfs] = readVolumes(disk).volumes.filter(({ content }) => content === "ntfs");
    const volume = openNtfs(ntfs?.source ?? disk);
    const paths = [...walk(volume.root)]
      .map(({ path }) => path)
      .filter((path) => !/^(\$|System Volume)/.test(path));
    expect(paths.sort()).toEqual([
      "a_directory",
      "a_directory/a_file",
      "a_directory/another_file",
      "a_link",
      "passwords.txt",
    ]);
    const link = volume.require("a_link", { followsLast: false });
    expect(link.reparseTag).toBe(0xa000000c);
    const target = "x:\\a_directory\\another_file";
    expect(link.linkTarget).toEqual({
      kind: "symbolic-link",
      target: `\\??\\${target}`,
      printName: target,
      isRelative: false,
    });
    expect(() => volume.find("a_link")).toThrow(expect.objectContaining({ code: "NTFS_LINK_OUTSIDE" }));
    const asGuest = openNtfs(ntfs?.source ?? disk, { names: ["X:"] });
    expect(asGuest.require("a_link").path).toBe("a_directory/another_file");
    expect(() => link.open()).toThrow(
      expect.objectContaining({ code: "NTFS_REPARSE", message: expect.stringContaining("symbolic link") }),
    );
  },
);

test("a BitLocker volume is no NTFS volume", () => {
  const source = new MemorySource(readFixture("ntfs/bitlocker-win7.img"));
  expect(() => openNtfs(source)).toThrow(expect.objectContaining({ code: "NTFS_BOOT" }));
});

/** `inode, size, sha256, path[:stream]` of everything but the metadata files, sorted. */
function listing(root: NtfsNode): string[] {
  const rows: string[] = [];
  for (const node of walk(root)) {
    const { path } = node;
    const { recordNumber } = node as NtfsNode;
    const data = node.isDirectory ? undefined : dataOf(node);
    if (node.isDirectory) rows.push([recordNumber, "DIR", "-", path].join("\t"));
    else if (data !== undefined) rows.push([recordNumber, node.sizeBytes, sha256(data), path].join("\t"));
    for (const { name, sizeBytes } of node.streams) {
      if (NOT_IN_FACTS.test(path)) continue;
      rows.push([recordNumber, sizeBytes, sha256(node.open(name)), `${path}:${name}`].join("\t"));
    }
  }
  return rows.filter((row) => !NOT_IN_FACTS.test(row.split("\t")[3] ?? "")).sort();
}

function factsOf({ facts, orphans = [] }: Image): string[] {
  const lines = readFileSync(join(FIXTURES, "FACTS/ntfs", facts), "utf8").split("\n");
  const rows = lines
    .filter((line) => /^\d+\t/.test(line))
    .map((line) => line.split("\t"))
    .filter(([, , , , path = ""]) => !orphans.includes(path));
  expect(rows.length).toBeGreaterThan(4);
  return rows.map(([inode, size, sha, , path]) => [inode, size, sha, path].join("\t")).sort();
}

function text(node: NtfsNode): string {
  return Buffer.from(readBytes(node.open(), 0, node.sizeBytes)).toString();
}

function unpack(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(FIXTURES, "ntfs", name)));
}
