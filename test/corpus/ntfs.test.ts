// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { type NtfsNode, openNtfs, readNtfsState } from "../../src/fs/index.ts";
import { attributeEntries } from "../../src/fs/ntfs/attribute-list.ts";
import { readGeometry } from "../../src/fs/ntfs/boot.ts";
import { FileRecord } from "../../src/fs/ntfs/file-record.ts";
import { FindingLog } from "../../src/fs/ntfs/finding-log.ts";
import { IndexNode } from "../../src/fs/ntfs/index-node.ts";
import { ATTRIBUTE, IndexRoot } from "../../src/fs/ntfs/layout.ts";
import { readLogState } from "../../src/fs/ntfs/log-state.ts";
import { Mft } from "../../src/fs/ntfs/mft.ts";
import { type ByteSource, MemorySource, readBytes, SliceSource } from "../../src/io/index.ts";
import { openSparseTar, readTar, SparseSource } from "../lab/ntfs/sparse-source.ts";
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

describe("$MFT in very many pieces", () => {
  test("dissect: 238 runs, of which the later ones stand in an extension record", () => {
    const csv = readFixture("ntfs/parts/dissect-ntfs_fragmented_mft.csv").toString("latin1");
    const chunks = csv
      .trim()
      .split("\n")
      .map((line) => line.split(","))
      .map(([offset, hex = ""]) => ({ offset: Number(offset), bytes: Buffer.from(hex.trim(), "hex") }));
    expect(runsOfMft(new SparseSource(2 ** 40, chunks))).toHaveLength(238);
  });

  test("go-ntfs: the runs that its authors recorded", () => {
    const members = readTar(readFixture("ntfs/parts/go-ntfs-highly_fragmented_mft.tar"));
    const chunks = [...members]
      .filter(([name]) => name.endsWith(".bin"))
      .map(([name, bytes]) => ({ offset: Number(name.replace(/.*\/(0x[0-9a-f]+)\.bin/, "$1")), bytes }));
    const golden = Buffer.from(members.get("highly_fragmented_mft/fixtures/runs.golden") ?? []).toString();
    const recorded = [
      ...golden.matchAll(/FileOffset (\d+) -> DiskOffset (\d+) \(Length (\d+), {2}Cluster 4096\)/g),
    ];
    expect(recorded.length).toBeGreaterThan(100);
    expect(runsOfMft(new SparseSource(2 ** 40, chunks))).toEqual(
      recorded.map(([, vcn, lcn, length]) => [Number(vcn), Number(lcn), Number(length)]),
    );
  });
});

describe("boot sectors of volumes made by Windows", () => {
  test.each([
    { part: "512.boot", sector: 512, cluster: 512, record: 1024 },
    { part: "4k.boot", sector: 512, cluster: 4096, record: 1024 },
    { part: "64k.boot", sector: 512, cluster: 65536, record: 1024 },
    { part: "dissect-boot_2m.bin", sector: 512, cluster: 2 ** 21, record: 1024 },
    { part: "volume_start.bin", sector: 512, cluster: 4096, record: 1024 },
    { part: "volume_start_nosc_10.bin", sector: 512, cluster: 4096, record: 1024 },
  ])("$part: clusters of $cluster bytes", ({ part, sector, cluster, record }) => {
    const bytes = readFixture(`ntfs/parts/${part}`);
    const source = new SparseSource(2 ** 40, [{ offset: 0, bytes: bytes.subarray(0, 512) }]);
    const found: unknown[] = [];
    expect(readGeometry(source, { add: (finding) => found.push(finding) })).toMatchObject({
      sectorSizeBytes: sector,
      clusterSizeBytes: cluster,
      recordSizeBytes: record,
    });
    expect(found).toEqual([]);
  });
});

describe("tables of records made by Windows", () => {
  test.each([
    { part: "4k-large", table: "4k-large.mft", recordSizeBytes: 4096 },
    { part: "unicode", table: "unicode.mft", recordSizeBytes: 1024 },
  ])("$part: every attribute that the Sleuth Kit lists has its size", ({ part, table, recordSizeBytes }) => {
    const mft = readFixture(`ntfs/parts/${table}`);
    const rows = [...readFixture(`ntfs/parts/${part}.fls`).toString().matchAll(FLS_ROW)];
    expect(rows.length).toBeGreaterThan(30);
    for (const [row, recordNumber, type, id, path = "", size] of rows) {
      const record = recordOf(mft, Number(recordNumber), recordSizeBytes);
      const found = record.attributes.find((one) => one.type === Number(type) && one.id === Number(id));
      expect([row, found?.name, sizeOf(found)]).toEqual([row, nameOf(path, Number(type)), Number(size)]);
    }
  });

  test.each([
    { table: "plaso-MFT", recordSizeBytes: 1024, used: 13_068, inUse: 11_839 },
    { table: "parts/4k-large.mft", recordSizeBytes: 4096, used: 36, inUse: 36 },
    { table: "parts/4k-large.mftmirr", recordSizeBytes: 4096, used: 4, inUse: 4 },
    { table: "parts/compressed_sparse.mft", recordSizeBytes: 1024, used: 36, inUse: 36 },
    { table: "parts/mapping_pairs_1.mft", recordSizeBytes: 1024, used: 43, inUse: 41 },
  ])(
    "$table: each written record has sound attributes and runs",
    ({ table, recordSizeBytes, used, inUse }) => {
      const mft = readFixture(`ntfs/${table}`);
      const seen = { used: 0, inUse: 0 };
      for (let number = 0; number * recordSizeBytes < mft.length; number++) {
        if (mft.readUInt32LE(number * recordSizeBytes) === 0) continue;
        const record = recordOf(mft, number, recordSizeBytes);
        for (const attribute of record.attributes) {
          if (attribute.isResident) expect(attribute.value.byteLength).toBeLessThan(recordSizeBytes);
          else expect(attribute.decodeRuns(2 ** 40).vcns.at(-1)).toBe(attribute.endVcn);
        }
        seen.used++;
        if (record.isInUse) seen.inUse++;
      }
      expect(seen).toEqual({ used, inUse });
    },
  );

  test("a record of its own that holds a whole directory gives its names", () => {
    const bytes = new Uint8Array(readFixture("ntfs/parts/mft-entry_multiple_index_root_entries"));
    const record = FileRecord.parse(bytes, 0x66f7);
    const root = record.attributes.find(({ type }) => type === ATTRIBUTE.indexRoot);
    const node = new IndexNode(root?.value ?? new DataView(new ArrayBuffer(0)), IndexRoot.sizeBytes, {});
    expect([...node.entries()].map((entry) => (entry.isEnd ? "end" : entry.name))).toEqual([
      "test_cfuncs.py",
      "TEST_F~4.PY",
      "TEST_M~2.PY",
      "test_returnfuncptrs.py",
      "end",
    ]);
  });

  test.each([
    { part: "mft-entry_single_file", number: 0x6702, types: [0x10, 0x30, 0x30, 0x80] },
    { part: "frs_ea.bin", number: 0x2af67, types: [0x10, 0x30, 0x30, 0x80, 0xd0, 0xe0] },
  ])("$part has its attributes", ({ part, number, types }) => {
    const record = FileRecord.parse(new Uint8Array(readFixture(`ntfs/parts/${part}`)), number);
    expect(record.attributes.map(({ type }) => type)).toEqual(types);
  });

  test("mft-entry_102130_fixup_issue is half written", () => {
    const bytes = new Uint8Array(readFixture("ntfs/parts/mft-entry_102130_fixup_issue"));
    expect(() => FileRecord.parse(bytes, 102_130)).toThrow(
      expect.objectContaining({ code: "NTFS_TORN_RECORD" }),
    );
  });
});

test.each([
  { log: "LogFile_7.bin", state: "clean" },
  { log: "LogFile_10.bin", state: "v2" },
])("$log is $state", ({ log, state }) => {
  expect(readLogState(new MemorySource(readFixture(`ntfs/parts/${log}`)))).toBe(state);
});

test("a BitLocker volume is no NTFS volume", () => {
  const source = new MemorySource(readFixture("ntfs/bitlocker-win7.img"));
  expect(() => openNtfs(source)).toThrow(expect.objectContaining({ code: "NTFS_BOOT" }));
});

/** Type, record, attribute type and id, path, and the size after four times. */
const FLS_ROW = /^r\/r (\d+)-(\d+)-(\d+):\t(.*?)\t(?:.*?\t){4}(\d+)\t/gm;

/** `inode, size, sha256, path[:stream]` of everything but the metadata files, sorted. */
function listing(root: NtfsNode): string[] {
  const rows: string[] = [];
  const visit = (directory: NtfsNode) => {
    for (const entry of directory.list()) {
      const node = entry.open();
      const { recordNumber, path } = node;
      if (node.isDirectory) rows.push([recordNumber, "DIR", "-", path].join("\t"));
      else if (hasData(node)) rows.push([recordNumber, node.sizeBytes, sha256(node.open()), path].join("\t"));
      for (const { name, sizeBytes } of node.streams) {
        if (sizeBytes > 100_000_000) continue;
        rows.push([recordNumber, sizeBytes, sha256(node.open(name)), `${path}:${name}`].join("\t"));
      }
      if (node.isDirectory) visit(node);
    }
  };
  visit(root);
  return rows.filter((row) => !NOT_IN_FACTS.test(row.split("\t")[3] ?? "")).sort();
}

/** Files of $Extend may have other attributes than data. */
function hasData(node: NtfsNode): boolean {
  try {
    node.open();
    return true;
  } catch (error) {
    if (error instanceof VmguestError && error.code === "NTFS_ATTRIBUTE_MISSING") return false;
    throw error;
  }
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

const HASH_STEP_BYTES = 2 ** 20;

function sha256(source: ByteSource): string {
  const hash = createHash("sha256");
  for (let at = 0; at < source.sizeBytes; at += HASH_STEP_BYTES) {
    hash.update(readBytes(source, at, Math.min(HASH_STEP_BYTES, source.sizeBytes - at)));
  }
  return hash.digest("hex");
}

function text(node: NtfsNode): string {
  return Buffer.from(readBytes(node.open(), 0, node.sizeBytes)).toString();
}

function recordOf(mft: Buffer, recordNumber: number, recordSizeBytes: number): FileRecord {
  const start = recordNumber * recordSizeBytes;
  return FileRecord.parse(new Uint8Array(mft.subarray(start, start + recordSizeBytes)), recordNumber);
}

function sizeOf(attribute: FileRecord["attributes"][number] | undefined): number | undefined {
  return attribute?.isResident === false ? attribute.sizes.dataBytes : attribute?.value.byteLength;
}

/** The Sleuth Kit puts the stream's name behind the path, and names the index of a directory after the directory. */
function nameOf(path: string, type: number): string {
  const colon = path.lastIndexOf(":");
  return type === ATTRIBUTE.data && colon === -1 ? "" : path.slice(colon + 1);
}

/** The runs of $MFT as [first cluster of the file, first cluster on the volume, clusters]. */
function runsOfMft(volume: ByteSource): number[][] {
  const findings = new FindingLog();
  const geometry = readGeometry(volume, findings);
  const { clusterSizeBytes, clusterCount } = geometry;
  const space = { volume, clusterSizeBytes, clusterCount };
  const mft = new Mft(space, geometry, findings);
  return attributeEntries(mft.record(0), mft, space)
    .filter(({ type }) => type === ATTRIBUTE.data)
    .map((entry) => entry.load().decodeRuns(clusterCount))
    .flatMap(({ runCount, vcns, lcns }) =>
      Array.from({ length: runCount }, (_, run) => {
        const vcn = vcns[run] as number;
        return [vcn, lcns[run] as number, (vcns[run + 1] as number) - vcn];
      }),
    );
}

/** A member of a ZIP, by its central directory. */
function unzip(zip: Buffer, name: RegExp): Uint8Array {
  let at = zip.readUInt32LE(zip.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
  while (zip.toString("latin1", at, at + 4) === "PK\x01\x02") {
    const nameLength = zip.readUInt16LE(at + 28);
    if (name.test(zip.toString("latin1", at + 46, at + 46 + nameLength))) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the ZIP has no member ${name}`);
}

function unpack(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(FIXTURES, "ntfs", name)));
}
