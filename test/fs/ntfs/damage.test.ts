import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import {
  ATTRIBUTE,
  FileRecordHeader,
  IndexBlockHeader,
  IndexHeader,
  IndexRoot,
  RECORD,
} from "../../../src/fs/ntfs/layout.ts";
import { MemorySource, readBytes } from "../../../src/io/index.ts";
import * as damage from "../../lab/ntfs/damage.ts";
import { attributeAt } from "../../lab/ntfs/edit.ts";
import { walk } from "../../lab/ntfs/listing.ts";
import { type LabVolume, layNtfs } from "../../lab/ntfs.ts";

const { attribute, firstEntry, header, inBlock, inRecord, listEntry, nonResident, resident, value } = damage;
const CLUSTER = 4096;
const content = new Uint8Array(20 * CLUSTER).fill(0x41);
const pieces = { content, storage: "fragmented", pieceClusters: 2 } as const;
const names = Array.from({ length: 30 }, (_, index) => `d/name ${String(index).padStart(2, "0")}`);

const sound = layNtfs({
  files: {
    "pieces.bin": pieces,
    "listed.bin": { ...pieces, attributeList: "resident", runsPerExtent: 3 },
    "listed in clusters.bin": { ...pieces, attributeList: "clusters", runsPerExtent: 3 },
    "packed.bin": { content, storage: "compressed" },
    "small.txt": { content: "small", streams: { named: "stream" } },
    d: { isDirectory: true, fanOut: 3 },
    "d/x": { bareLinks: names },
  },
});

/** A volume with one of everything that is damaged below. */
const lay = (): LabVolume => ({ ...sound, bytes: sound.bytes.slice() });

const open = ({ bytes }: LabVolume) => openNtfs(new MemorySource(bytes));
const read = (path: string) => (volume: LabVolume) => {
  const source = open(volume).require(path).open();
  return readBytes(source, 0, source.sizeBytes);
};
const find = (path: string) => (volume: LabVolume) => open(volume).require(path);
const list = (path: string) => (volume: LabVolume) => [...open(volume).require(path).list()];

type Row = readonly [damage: string, code: string, edit: damage.VolumeEdit];

/** Each row is sound before its damage, and the code with a place after it. */
function damageTable(use: (volume: LabVolume) => unknown, rows: readonly Row[]): void {
  test.each(rows)("%s is %s", (_, code, edit) => {
    const volume = lay();
    expect(() => use(volume)).not.toThrow();
    edit(volume);
    const thrown = damage.thrownBy(() => use(volume));
    expect(thrown).toBeInstanceOf(VmguestError);
    expect(thrown).toMatchObject({ code, where: expect.objectContaining({ structure: expect.any(String) }) });
  });
}

/** Writes over the bytes of a record or an index block as they lie on disk. */
const over =
  (offsetOf: (volume: LabVolume) => number, at: number, ...bytes: number[]): damage.VolumeEdit =>
  (volume) =>
    volume.bytes.set(bytes, offsetOf(volume) + at);
const recordOf = (path: string) => (volume: LabVolume) => volume.recordOffset(volume.recordNumber(path));
const blockOf = (path: string, block: number) => (volume: LabVolume) =>
  volume.indexBlockOffsets(path)[block] as number;

describe("a FILE record with", () => {
  const path = "pieces.bin";
  damageTable(read(path), [
    ["one half from another write", "NTFS_TORN_RECORD", over(recordOf(path), 510, 9, 9)],
    ["the mark of chkdsk that it is lost", "NTFS_RECORD", inRecord(path, header({ signature: "BAAD" }))],
    ["nothing but zeros", "NTFS_RECORD", over(recordOf(path), 0, ...new Uint8Array(1024))],
    ["the number of another", "NTFS_RECORD", inRecord(path, header({ recordNumber: 7 }))],
    ["more bytes used than there are", "NTFS_RECORD", inRecord(path, header({ usedSize: 2000 }))],
    ["more bytes allocated than there are", "NTFS_RECORD", inRecord(path, header({ allocatedSize: 4096 }))],
    ["attributes behind the used bytes", "NTFS_RECORD", inRecord(path, header({ firstAttribute: 0x3f8 }))],
    ["attributes over its update sequence", "NTFS_RECORD", inRecord(path, header({ firstAttribute: 0x30 }))],
    ["attributes at an odd place", "NTFS_RECORD", inRecord(path, header({ firstAttribute: 0x3c }))],
    ["no end marker", "NTFS_RECORD", inRecord(path, cutEndMarker)],
    ["an update sequence over the word it protects", "NTFS_RECORD", over(recordOf(path), 4, 0xfc, 1)],
    ["an update sequence that is too short", "NTFS_RECORD", over(recordOf(path), 6, 2, 0)],
    ["an update sequence at an odd place", "NTFS_RECORD", over(recordOf(path), 4, 0x31, 0)],
    ["an attribute of no length", "NTFS_ATTRIBUTE", inRecord(path, attribute(ATTRIBUTE.data, { length: 0 }))],
    ["an attribute of an odd length", "NTFS_ATTRIBUTE", inRecord(path, attribute(0x80, { length: 73 }))],
    ["an endless attribute", "NTFS_ATTRIBUTE", inRecord(path, attribute(0x80, { length: 0xfffffff8 }))],
    ["no data", "NTFS_ATTRIBUTE_MISSING", inRecord(path, attribute(0x80, { type: 0x88 }))],
    ["more data than clusters", "NTFS_SIZES", inRecord(path, nonResident(0x80, { dataSize: 21 * CLUSTER }))],
    [
      "more initialised than data",
      "NTFS_SIZES",
      inRecord(path, nonResident(0x80, { initializedSize: 90_000 })),
    ],
    [
      "half a cluster",
      "NTFS_SIZES",
      inRecord(path, nonResident(0x80, { allocatedSize: 20 * CLUSTER + 512 })),
    ],
    ["a size of 2^60", "VALUE_TOO_LARGE", inRecord(path, hugeDataSize)],
    [
      "more clusters than runs",
      "NTFS_RUNLIST",
      inRecord(path, nonResident(0x80, { allocatedSize: 2 ** 20 })),
    ],
    ["a wrong last cluster", "NTFS_RUNLIST", inRecord(path, nonResident(0x80, { highestVcn: 3n }))],
    ["runs past the attribute", "NTFS_RUNLIST", inRecord(path, nonResident(0x80, { runsOffset: 0x1000 }))],
    ["runs over the header", "NTFS_RUNLIST", inRecord(path, nonResident(0x80, { runsOffset: 8 }))],
    ["data from cluster 1 on", "NTFS_ATTRIBUTE", inRecord(path, nonResident(0x80, { lowestVcn: 1 }))],
    ["a run outside the volume", "NTFS_RUNLIST", inRecord(path, farRun)],
  ]);

  damageTable(read("small.txt"), [
    [
      "a name past the attribute",
      "NTFS_ATTRIBUTE",
      inRecord("small.txt", attribute(0x80, { nameLength: 200 })),
    ],
    [
      "a value past the attribute",
      "NTFS_ATTRIBUTE",
      inRecord("small.txt", resident(0x80, { valueLength: 5000 })),
    ],
    [
      "a value from past it",
      "NTFS_ATTRIBUTE",
      inRecord("small.txt", resident(0x80, { valueOffset: 0xfff0 })),
    ],
  ]);

  damageTable(
    (volume) => find("small.txt")(volume).times,
    [
      ["no times", "NTFS_ATTRIBUTE_MISSING", inRecord("small.txt", attribute(0x10, { type: 0x18 }))],
      ["too short times", "OUT_OF_BOUNDS", inRecord("small.txt", resident(0x10, { valueLength: 40 }))],
    ],
  );

  damageTable(list(""), [
    [
      "no information on the volume",
      "NTFS_ATTRIBUTE_MISSING",
      inRecord(RECORD.volume, attribute(0x70, { type: 0x78 })),
    ],
    ["too little information", "OUT_OF_BOUNDS", inRecord(RECORD.volume, resident(0x70, { valueLength: 8 }))],
  ]);

  damageTable(read("packed.bin"), [["a chunk that is damaged", "LZNT1", damageChunk]]);
});

describe("an attribute list with", () => {
  const path = "listed.bin";
  const own = (volume: LabVolume) => {
    const record = volume.recordNumber(path);
    inRecord(path, listEntry(1, { record, sequence: 1 + (record % 5) }))(volume);
  };
  damageTable(read(path), [
    ["an entry of no length", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { length: 0 }))],
    ["an entry of an odd length", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { length: 33 }))],
    ["an endless entry", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { length: 0xfff8 }))],
    ["a name past its entry", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { nameLength: 100 }))],
    ["another sequence", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { sequence: 99 }))],
    [
      "a record of another file",
      "NTFS_ATTRIBUTE_LIST",
      inRecord(path, listEntry(1, { record: 10, sequence: 10 })),
    ],
    [
      "a record that is not in use",
      "NTFS_ATTRIBUTE_LIST",
      inRecord(path, listEntry(1, { record: 20, sequence: 1 })),
    ],
    ["a record past the table", "NTFS_RECORD", inRecord(path, listEntry(1, { record: 2 ** 40 }))],
    ["another id", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { id: 9 }))],
    ["the base record as its own extension", "NTFS_ATTRIBUTE_LIST", own],
    ["a gap between extents", "NTFS_RUNLIST", inRecord(path, listEntry(1, { lowestVcn: 7 }))],
    ["extents in the wrong order", "NTFS_ATTRIBUTE_LIST", inRecord(path, listEntry(1, { lowestVcn: 19 }))],
    ["no first extent", "NTFS_ATTRIBUTE", inRecord(path, listEntry(0, { type: 0x88 }))],
    ["half an entry at its end", "NTFS_ATTRIBUTE_LIST", inRecord(path, resident(0x20, { valueLength: 44 }))],
  ]);

  const inClusters = "listed in clusters.bin";
  damageTable(read(inClusters), [
    [
      "more than 256 KiB",
      "NTFS_ATTRIBUTE_LIST",
      inRecord(inClusters, nonResident(0x20, { dataSize: 2 ** 19, allocatedSize: 2 ** 19 })),
    ],
    [
      "fewer clusters than bytes",
      "NTFS_ATTRIBUTE_LIST",
      inRecord(inClusters, nonResident(0x20, { highestVcn: 2n ** 64n - 1n })),
    ],
    ["compression", "NTFS_ATTRIBUTE_LIST", inRecord(inClusters, attribute(0x20, { flags: 1 }))],
  ]);
});

describe("an index with", () => {
  const inRoot = (edit: damage.ViewEdit) => inRecord("d", value(ATTRIBUTE.indexRoot, edit));
  const root = (fields: Partial<IndexRoot>) => inRoot((view) => Object.assign(new IndexRoot(view), fields));
  const rootHeader = (fields: Partial<IndexHeader>) =>
    inRoot((view) => Object.assign(new IndexHeader(view, 16), fields));
  const block = (edit: damage.ViewEdit) => inBlock("d", 0, edit);
  damageTable(list("d"), [
    ["no root", "NTFS_ATTRIBUTE_MISSING", inRecord("d", attribute(ATTRIBUTE.indexRoot, { type: 0x98 }))],
    [
      "a root in clusters",
      "NTFS_ATTRIBUTE",
      inRecord("d", attribute(ATTRIBUTE.indexRoot, { isNonResident: 1 })),
    ],
    ["a root of 8 bytes", "NTFS_INDEX", inRecord("d", resident(ATTRIBUTE.indexRoot, { valueLength: 8 }))],
    [
      "a root without a header",
      "OUT_OF_BOUNDS",
      inRecord("d", resident(ATTRIBUTE.indexRoot, { valueLength: 20 })),
    ],
    ["something else than names", "NTFS_INDEX", root({ indexedType: 0 })],
    ["another order", "NTFS_INDEX", root({ collation: 0 })],
    ["blocks of 3 bytes", "NTFS_INDEX", root({ blockSize: 3 })],
    ["blocks of 2 GiB", "NTFS_INDEX", root({ blockSize: 2 ** 31 })],
    ["entries past the root", "NTFS_INDEX", rootHeader({ indexLength: 4000 })],
    ["entries over the header", "NTFS_INDEX", rootHeader({ entriesOffset: 8 })],
    ["entries from past the end", "NTFS_INDEX", rootHeader({ entriesOffset: 0xfffffff0 })],
    [
      "no blocks",
      "NTFS_ATTRIBUTE_MISSING",
      inRecord("d", attribute(ATTRIBUTE.indexAllocation, { type: 0xa8 })),
    ],
    ["a child outside the blocks", "NTFS_INDEX", inRoot(damage.children(16, 10_000))],
    ["a child at 2^60", "VALUE_TOO_LARGE", inRoot(damage.children(16, 2 ** 60))],
    ["a block that is none", "NTFS_INDEX", block((view) => view.setUint32(0, 0))],
    ["a block that is half written", "NTFS_TORN_RECORD", over(blockOf("d", 0), 1022, 9, 9)],
    [
      "a block that belongs elsewhere",
      "NTFS_INDEX",
      block((view) => Object.assign(new IndexBlockHeader(view), { vcn: 77n })),
    ],
    ["an entry of no length", "NTFS_INDEX", block(firstEntry({ length: 0 }))],
    ["an entry of an odd length", "NTFS_INDEX", block(firstEntry({ length: 97 }))],
    ["an endless entry", "NTFS_INDEX", block(firstEntry({ length: 0xfff8 }))],
    ["a key longer than its entry", "NTFS_INDEX", block(firstEntry({ keyLength: 500 }))],
    ["a key that is no name", "NTFS_INDEX", block(firstEntry({ keyLength: 10 }))],
    [
      "a name longer than its key",
      "NTFS_INDEX",
      block((view) => view.setUint8(damage.firstEntryAt(view) + 80, 255)),
    ],
    ["no end entry", "NTFS_INDEX", block(cutEndEntry)],
    ["two ways to one block", "NTFS_INDEX_LOOP", inRoot(damage.children(16, 0))],
  ]);

  damageTable(
    (volume) => [...walk(find("d")(volume))],
    [["an entry for a record past the table", "NTFS_RECORD", block(firstEntry({ record: 2 ** 47 }))]],
  );

  test("a node that leads to itself ends a search and a listing", () => {
    const volume = lay();
    const offsets = volume.indexBlockOffsets("d");
    const inner = offsets.findIndex((offset) => volume.bytes[offset + 36] === 1);
    expect(inner).toBeGreaterThan(0);
    inBlock("d", inner, damage.children(24, inner))(volume);
    inRoot(damage.children(16, inner))(volume);
    expect(() => open(volume).find("d/aaa")).toThrow(expect.objectContaining({ code: "NTFS_INDEX_LOOP" }));
    expect(() => list("d")(volume)).toThrow(expect.objectContaining({ code: "NTFS_INDEX_LOOP" }));
  });
});

describe("an error", () => {
  test("in a record names the file that the record belongs to", () => {
    const volume = lay();
    inRecord("pieces.bin", attribute(ATTRIBUTE.data, { length: 0 }))(volume);
    expect(damage.thrownBy(() => read("pieces.bin")(volume))).toMatchObject({
      message: expect.stringMatching(/\(record of pieces\.bin\)$/),
      where: { path: "$MFT", structure: `FILE record ${volume.recordNumber("pieces.bin")}` },
    });
  });

  test("in one file leaves the others readable", () => {
    const volume = lay();
    inRecord("pieces.bin", header({ signature: "BAAD" }))(volume);
    expect(Buffer.from(read("small.txt")(volume)).toString()).toBe("small");
    expect(read("listed.bin")(volume)).toEqual(content);
  });
});

function cutEndMarker(record: DataView): void {
  new FileRecordHeader(record).usedSize -= 8;
}

function hugeDataSize(record: DataView): void {
  record.setBigUint64(attributeAt(record, ATTRIBUTE.data) + 48, 2n ** 60n, true);
}

/** The distance of the first run, which takes one byte here: 128 clusters before the volume. */
function farRun(record: DataView): void {
  record.setUint8(attributeAt(record, ATTRIBUTE.data) + 64 + 2, 0x80);
}

function cutEndEntry(block: DataView): void {
  new IndexHeader(block, IndexBlockHeader.sizeBytes).indexLength -= 16;
}

/** The one compressed unit begins with a chunk of one letter. */
function damageChunk({ bytes }: LabVolume): void {
  const at = Buffer.from(bytes.buffer).indexOf(Uint8Array.of(0x03, 0xb0, 0x02, 0x41));
  bytes.set([0xff, 0xff], at + 4);
}
