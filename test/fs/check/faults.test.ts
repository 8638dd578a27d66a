import { describe, expect, test } from "vitest";
import { NTFS_CHECK_CODES } from "../../../src/codes/ntfs-check.ts";
import { checkNtfs } from "../../../src/fs/check/index.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import {
  ATTRIBUTE,
  AttributeHeader,
  FILE_NAME_FLAGS,
  IndexHeader,
  IndexRoot,
  NAMESPACE,
  NonResidentHeader,
  RECORD,
} from "../../../src/fs/ntfs/layout.ts";
import { MemorySource } from "../../../src/io/index.ts";
import * as edits from "../../lab/ntfs/check-edits.ts";
import * as damage from "../../lab/ntfs/damage.ts";
import { type LabVolume, layNtfs, type NtfsOptions, UPCASE } from "../../lab/ntfs.ts";

const { all, inBoot, inEntry, inMirrored, inName, nthAttribute, rename, renameBoth, setBit } = edits;
const { attribute, children, header, inBlock, inRecord, listEntry, nonResident, resident, value } = damage;
type Edit = damage.VolumeEdit;

const CLUSTER = 4096;
const content = new Uint8Array(20 * CLUSTER).fill(0x41);
const names = Array.from({ length: 30 }, (_, index) => `name ${String(index).padStart(2, "0")}`);

const FILES: NonNullable<NtfsOptions["files"]> = {
  "plain.txt": "plain",
  "clusters.bin": { content, storage: "clusters" },
  "listed.bin": {
    content,
    storage: "fragmented",
    pieceClusters: 2,
    attributeList: "resident",
    runsPerExtent: 3,
  },
  "packed.bin": { content, storage: "compressed" },
  "sparse.bin": { content: new Uint8Array(20 * CLUSTER).fill(1, 0, CLUSTER), storage: "sparse" },
  "Long name.txt": { content: "long", shortName: "LONGNA~1.TXT" },
  "streams.txt": { content: "s", streams: { a: "1", b: "2", c: { content, storage: "clusters" } } },
  d: { isDirectory: true, fanOut: 3 },
  e: { isDirectory: true },
  "e/only.txt": "only",
  ...Object.fromEntries(names.map((name) => [`d/${name}`, name])),
  "p/q/r.txt": "r",
};
const sound = layNtfs({ files: FILES });

const lay = (): LabVolume => ({ ...sound, bytes: sound.bytes.slice() });
const check = (volume: LabVolume) => [...checkNtfs(openNtfs(new MemorySource(volume.bytes)))];
const codesOf = (volume: LabVolume) => [...new Set(check(volume).map(({ code }) => code))].sort();

const seen = new Set<string>();
type Row = readonly [fault: string, codes: string, edit: Edit];

/** Each row is one fault, and every code that it may be reported with. */
function faultTable(rows: readonly Row[], layVolume = lay): void {
  test.each(rows)("%s is %s", (_, codes, edit) => {
    const volume = layVolume();
    const before = new Set<string>(codesOf(volume));
    edit(volume);
    const found = codesOf(volume);
    for (const code of found) seen.add(code);
    expect(found.filter((code) => !before.has(code) || codes.includes(code)).join(" ")).toBe(codes);
    for (const { where } of check(volume)) expect(where.structure ?? where.path).toEqual(expect.any(String));
  });
}

const { data, fileName, indexRoot, indexAllocation, bitmap } = ATTRIBUTE;
const record = (volume: LabVolume, path: string) => volume.recordNumber(path);
const clusterOf = (path: string) => (volume: LabVolume) =>
  edits.dataOffset(volume, record(volume, path)) / CLUSTER;
const clusterCount = ({ bytes }: LabVolume) => Math.floor(bytes.length / CLUSTER);
const inBytes =
  (offsetOf: (volume: LabVolume) => number, at: number, ...bytes: number[]): Edit =>
  (volume) =>
    volume.bytes.set(bytes, offsetOf(volume) + at);
const recordAt = (path: string | number) => (volume: LabVolume) =>
  volume.recordOffset(typeof path === "number" ? path : record(volume, path));
const mirrorAt = (volume: LabVolume) => edits.dataOffset(volume, RECORD.mftMirror);
const backupAt = ({ bytes }: LabVolume) => bytes.length - 512;
const indexHeader =
  (at: number, fields: Partial<IndexHeader>): damage.ViewEdit =>
  (node) =>
    Object.assign(new IndexHeader(node, at), fields);

test("a sound volume has no finding at all", () => {
  expect(check(sound)).toEqual([]);
});

describe("boot sector, $MFT and $MFTMirr:", () => {
  faultTable([
    ["a backup of another volume", "NTFS_BOOT_BACKUP", inBytes(backupAt, 0x48, 9)],
    ["a first sector without its name", "NTFS_BOOT_DAMAGED", inBytes(() => 0, 3, 9)],
    [
      "a reserved field that is used",
      "NTFS_BOOT_RESERVED",
      all(
        inBytes(() => 0, 0x0e, 1),
        inBytes(backupAt, 0x0e, 1),
      ),
    ],
    [
      "a boot sector that takes the mirror for $MFT",
      "NTFS_MFT_PLACE",
      (volume) => {
        const cluster = mirrorAt(volume) / CLUSTER;
        inBoot((boot) => Object.assign(boot, { mftCluster: cluster }))(volume);
      },
    ],
    [
      "a boot sector that looks for the mirror elsewhere",
      "NTFS_MIRROR_PLACE",
      inBoot((boot) => Object.assign(boot, { mftMirrorCluster: boot.mftMirrorCluster + 1 })),
    ],
    ["a mirror of another time", "NTFS_MIRROR_DIFFERS", inBytes(mirrorAt, 1024 + 0x10, 9)],
    ["a torn record of $Volume", "NTFS_MFT_DAMAGED", inBytes(recordAt(RECORD.volume), 510, 9, 9)],
    [
      "a bitmap of $MFT for eight records",
      "NTFS_MFT_BITMAP_SIZE",
      inMirrored(RECORD.mft, nonResident(bitmap, { dataSize: 1, initializedSize: 1 })),
    ],
    [
      "a file whose record is marked free",
      "NTFS_MFT_BITMAP_FREE",
      setBit(RECORD.mft, (volume) => record(volume, "plain.txt"), false, bitmap),
    ],
    ["a free record that is marked used", "NTFS_MFT_BITMAP_USED", setBit(RECORD.mft, () => 20, true, bitmap)],
    [
      "$Secure without descriptors",
      "NTFS_SYSTEM_FILE",
      inRecord(
        RECORD.secure,
        nthAttribute(data, 0, (view) => view.setUint8(new AttributeHeader(view).nameOffset + 6, 0x58)),
      ),
    ],
    [
      "$BadClus that is not in use",
      "NTFS_ENTRY_TARGET NTFS_MFT_BITMAP_USED NTFS_SYSTEM_FILE",
      inRecord(RECORD.badClusters, header({ flags: 0 })),
    ],
    [
      "$AttrDef with other names",
      "NTFS_ATTRIBUTE_DEFINITIONS",
      inBytes((volume) => edits.dataOffset(volume, RECORD.attributeDefinitions), 2, 9),
    ],
  ]);
});

describe("FILE records:", () => {
  faultTable([
    ["one given up by chkdsk", "NTFS_RECORD", inRecord("plain.txt", header({ signature: "BAAD" }))],
    ["one overwritten by zeros", "NTFS_RECORD", inBytes(recordAt("plain.txt"), 0, 0, 0, 0, 0)],
    ["a torn one", "NTFS_TORN_RECORD", inBytes(recordAt("plain.txt"), 510, 9, 9)],
    ["a free one of no sort", "NTFS_RECORD_FREE_DAMAGED", inBytes(recordAt(20), 0, 0x58)],
    ["a wrong size", "NTFS_RECORD_ALLOCATED_SIZE", inRecord("plain.txt", header({ allocatedSize: 1016 }))],
    [
      "more bytes in use than its attributes have",
      "NTFS_RECORD_USED_SIZE",
      inRecord("plain.txt", header({ usedSize: 1000 })),
    ],
    ["sequence 0", "NTFS_RECORD_SEQUENCE", inRecord(12, header({ sequence: 0 }))],
    ["too many links", "NTFS_LINK_COUNT", inRecord("plain.txt", header({ linkCount: 5 }))],
    ["no directory flag", "NTFS_DIRECTORY_FLAG", inRecord("e", header({ flags: 1 }))],
    ["a directory flag too many", "NTFS_DIRECTORY_FLAG", inRecord("plain.txt", header({ flags: 3 }))],
    [
      "an extension of a file that is gone",
      "NTFS_EXTENSION_BASE",
      all(
        inRecord(20, header({ flags: 1, baseRecord: 21, baseSequence: 1 })),
        setBit(RECORD.mft, () => 20, true, bitmap),
      ),
    ],
    [
      "an extension that its file does not list",
      "NTFS_EXTENSION_UNLISTED",
      all(
        inRecord(20, header({ flags: 1, baseRecord: 12, baseSequence: 12 })),
        setBit(RECORD.mft, () => 20, true, bitmap),
      ),
    ],
  ]);
});

describe("attributes:", () => {
  const type = (position: number, other: number) =>
    inRecord(
      "streams.txt",
      nthAttribute(data, position, (view) => view.setUint32(0, other, true)),
    );
  const streamName = (position: number, name: string) =>
    inRecord(
      "streams.txt",
      nthAttribute(data, position, (view) =>
        view.setUint16(new AttributeHeader(view).nameOffset, name.charCodeAt(0), true),
      ),
    );
  faultTable([
    ["a type between two others", "NTFS_ATTRIBUTE_TYPE", type(3, 0x88)],
    ["two in the wrong order", "NTFS_ATTRIBUTE_ORDER", streamName(1, "z")],
    ["two streams of one name", "NTFS_ATTRIBUTE_DUPLICATE", streamName(1, "b")],
    ["two with one identifier", "NTFS_ATTRIBUTE_ID", inRecord("plain.txt", attribute(data, { id: 0 }))],
    ["a taken next identifier", "NTFS_ATTRIBUTE_ID", inRecord("plain.txt", header({ nextAttributeId: 1 }))],
    [
      "a value on an odd byte",
      "NTFS_ATTRIBUTE_LAYOUT",
      inRecord("plain.txt", resident(data, { valueOffset: 0x19 })),
    ],
    [
      "a name over the header",
      "NTFS_ATTRIBUTE_LAYOUT",
      inRecord(
        "streams.txt",
        nthAttribute(data, 3, (view) => Object.assign(new AttributeHeader(view), { nameOffset: 8 })),
      ),
    ],
    ["$EA_INFORMATION in clusters", "NTFS_ATTRIBUTE_RESIDENCE", type(3, ATTRIBUTE.eaInformation)],
    [
      "a name that is not indexed",
      "NTFS_ATTRIBUTE_INDEXED",
      inRecord("plain.txt", resident(fileName, { isIndexed: 0 })),
    ],
    [
      "data that is indexed",
      "NTFS_ATTRIBUTE_INDEXED",
      inRecord("plain.txt", resident(data, { isIndexed: 1 })),
    ],
    ["a length past the end", "NTFS_ATTRIBUTE", inRecord("plain.txt", attribute(data, { length: 2048 }))],
    [
      "one that the list leaves out",
      "NTFS_ATTRIBUTE_UNLISTED",
      inRecord(
        "listed.bin",
        value(ATTRIBUTE.attributeList, (list) => list.setUint32(0, ATTRIBUTE.attributeList, true)),
      ),
    ],
    [
      "a list that leads to a free record",
      "NTFS_ATTRIBUTE_LIST",
      inRecord("listed.bin", listEntry(1, { record: 20 })),
    ],
    [
      "$STANDARD_INFORMATION of 64 bytes",
      "NTFS_STANDARD_INFORMATION",
      inRecord("plain.txt", resident(ATTRIBUTE.standardInformation, { valueLength: 64 })),
    ],
    ["a file without data", "NTFS_DATA_MISSING", inRecord("plain.txt", attribute(data, { type: 0x100 }))],
  ]);
});

describe("clusters and sizes:", () => {
  const secondExtent = (volume: LabVolume) => {
    // The list names the second extent's record; its VCNs move on by one.
    let extension = 0;
    inRecord("listed.bin", listEntry(1, { lowestVcn: 7 }))(volume);
    inRecord(
      "listed.bin",
      value(ATTRIBUTE.attributeList, (list) => {
        for (let at = 0; at < list.byteLength; at += list.getUint16(at + 4, true)) {
          if (list.getUint32(at, true) === data && list.getUint32(at + 8, true) === 7)
            extension = list.getUint32(at + 16, true);
        }
      }),
    )(volume);
    inRecord(extension, (view) =>
      nonResident(data, {
        lowestVcn: 7,
        highestVcn: new NonResidentHeader(view, 0x10 + view.getUint16(0x14, true)).highestVcn + 1n,
      })(view),
    )(volume);
  };
  const moveRun = inRecord(
    "clusters.bin",
    nthAttribute(data, 0, (view) => {
      const { runsOffset } = new NonResidentHeader(view, AttributeHeader.sizeBytes);
      view.setUint8(runsOffset + 2, view.getUint8(runsOffset + 2) + 1);
    }),
  );
  faultTable([
    ["extents with a gap", "NTFS_EXTENTS", secondExtent],
    [
      "a run that ends early",
      "NTFS_RUNLIST",
      inRecord("clusters.bin", nonResident(data, { highestVcn: 40n })),
    ],
    [
      "more initialised than there is",
      "NTFS_SIZES",
      inRecord("clusters.bin", nonResident(data, { initializedSize: 30 * CLUSTER })),
    ],
    [
      "more allocated than there is",
      "NTFS_ALLOCATED_SIZE",
      inRecord("clusters.bin", nonResident(data, { allocatedSize: 30 * CLUSTER })),
    ],
    [
      "another size on disk",
      "NTFS_COMPRESSED_SIZE",
      inRecord(
        "packed.bin",
        nthAttribute(data, 0, (view) => view.setUint32(64, 1, true)),
      ),
    ],
    ["a hole in plain data", "NTFS_HOLE", inRecord("sparse.bin", attribute(data, { flags: 0 }))],
    ["a run over the next file's", "NTFS_CLUSTERS_LOST NTFS_CLUSTERS_SHARED", moveRun],
    [
      "clusters in use that are marked free",
      "NTFS_CLUSTERS_FREE",
      setBit(RECORD.bitmap, clusterOf("clusters.bin"), false),
    ],
    [
      "clusters that nothing uses",
      "NTFS_CLUSTERS_LOST",
      setBit(RECORD.bitmap, (volume) => clusterCount(volume) - 3, true),
    ],
    [
      "a $Bitmap of one byte",
      "NTFS_BITMAP_SIZE",
      inRecord(RECORD.bitmap, nonResident(data, { dataSize: 1, initializedSize: 1 })),
    ],
    ["a bit past the end that is clear", "NTFS_BITMAP_TAIL", setBit(RECORD.bitmap, clusterCount, false)],
  ]);
});

describe("directory indexes:", () => {
  faultTable([
    [
      "blocks of no size",
      "NTFS_INDEX",
      inRecord(
        "d",
        value(indexRoot, (view) => Object.assign(new IndexRoot(view), { blockSize: 1000 })),
      ),
    ],
    [
      "blocks of three clusters",
      "NTFS_INDEX_ROOT",
      inRecord(
        "d",
        value(indexRoot, (view) => Object.assign(new IndexRoot(view), { clustersPerBlock: 3 })),
      ),
    ],
    [
      "a node with room it has not",
      "NTFS_INDEX_HEADER",
      inBlock("d", 0, indexHeader(24, { allocatedLength: 4096 })),
    ],
    [
      "a leaf that says it has children",
      "NTFS_INDEX_NODE_FLAG",
      inBlock("d", 0, indexHeader(24, { flags: 1 })),
    ],
    ["blocks without a bitmap", "NTFS_INDEX_PARTS", inRecord("d", attribute(bitmap, { type: 0x100 }))],
    [
      "a bitmap without blocks",
      "NTFS_ATTRIBUTE_TYPE NTFS_INDEX_PARTS",
      inRecord("d", attribute(indexAllocation, { type: 0xa8 })),
    ],
    ["names out of order", "NTFS_INDEX_ORDER", renameBoth("d", "name 05", "zame 05")],
    ["a name twice", "NTFS_INDEX_DUPLICATE", renameBoth("d", "name 05", "name 04")],
    [
      "a block in the tree that is marked free",
      "NTFS_INDEX_BITMAP",
      inRecord(
        "d",
        value(bitmap, (bits) => bits.setUint8(0, 0xfe)),
      ),
    ],
    [
      "a tree that leads in a circle",
      "NTFS_INDEX_LOOP",
      inRecord("d", value(indexRoot, children(IndexRoot.sizeBytes, 0))),
    ],
    [
      "a block that was never written",
      "NTFS_INDEX",
      inBytes((volume) => volume.indexBlockOffsets("d")[0] as number, 0, 0, 0, 0, 0),
    ],
    [
      "a torn block",
      "NTFS_TORN_RECORD",
      inBytes((volume) => volume.indexBlockOffsets("d")[0] as number, 510, 9, 9),
    ],
  ]);
  const wide = () => layNtfs({ clusterSizeBytes: 65536, files: FILES });
  faultTable(
    [
      [
        "a block that is in no tree",
        "NTFS_INDEX_UNREACHABLE",
        inRecord("d", (view) => {
          const at = 16 + 0x20;
          nthAttribute(indexAllocation, 0, (allocation) => {
            const size = allocation.getUint32(at, true) + 4096;
            allocation.setUint32(at, size, true);
            allocation.setUint32(at + 8, size, true);
          })(view);
          value(bitmap, (bits) => bits.setBigUint64(0, bits.getBigUint64(0, true) * 2n + 1n, true))(view);
        }),
      ],
    ],
    wide,
  );
});

describe("names and entries:", () => {
  const emptyIndex = inRecord("e", (view) => {
    value(indexRoot, (root) => {
      root.setUint32(20, 32, true);
      root.setUint32(24, 32, true);
      for (let at = 32; at < 48; at++) root.setUint8(at, 0);
      root.setUint16(40, 16, true);
      root.setUint16(44, 2, true);
    })(view);
    resident(indexRoot, { valueLength: 48 })(view);
  });
  faultTable([
    [
      "a name of no namespace",
      "NTFS_FILE_NAME",
      inName("plain.txt", (name) => Object.assign(name, { namespace: 9 })),
    ],
    [
      "a file that lost its name",
      "NTFS_ATTRIBUTE_INDEXED NTFS_ENTRY_UNMATCHED NTFS_LINK_COUNT NTFS_NAME_MISSING",
      inRecord("plain.txt", attribute(fileName, { type: ATTRIBUTE.objectId })),
    ],
    [
      "a parent of another time",
      "NTFS_NAME_PARENT",
      inName("e/only.txt", (name) => Object.assign(name, { parentSequence: 77 })),
    ],
    [
      "a parent that is a file",
      "NTFS_ENTRY_UNMATCHED NTFS_NAME_PARENT",
      (volume) =>
        inName("e/only.txt", (name) => Object.assign(name, { parentRecord: record(volume, "plain.txt") }))(
          volume,
        ),
    ],
    ["a file that no directory lists", "NTFS_NAME_UNINDEXED", emptyIndex],
    [
      "another name in the record",
      "NTFS_ENTRY_UNMATCHED NTFS_NAME_UNINDEXED",
      inName("e/only.txt", (name) => rename(name, "Only.txt")),
    ],
    [
      "another namespace in the entry",
      "NTFS_ENTRY_NAMESPACE",
      inEntry("e", "only.txt", (_, key) => Object.assign(key, { namespace: NAMESPACE.posix })),
    ],
    [
      "a file that its name calls a directory",
      "NTFS_NAME_DIRECTORY_FLAG",
      inName("plain.txt", (name) => Object.assign(name, { flags: FILE_NAME_FLAGS.directory })),
    ],
    [
      "a directory that its entry calls a file",
      "NTFS_NAME_DIRECTORY_FLAG",
      inEntry("", "e", (_, key) => Object.assign(key, { flags: 0 })),
    ],
    [
      "an entry with another parent",
      "NTFS_ENTRY_PARENT",
      inEntry("e", "only.txt", (_, key) => Object.assign(key, { parentRecord: 5 })),
    ],
    [
      "an entry of another time",
      "NTFS_STALE_ENTRY",
      inEntry("e", "only.txt", (entry) => Object.assign(entry, { sequence: 99 })),
    ],
    [
      "an entry for a record that is not there",
      "NTFS_ENTRY_TARGET NTFS_NAME_UNINDEXED",
      inEntry("e", "only.txt", (entry) => Object.assign(entry, { record: 9999 })),
    ],
    [
      "an entry for a free record",
      "NTFS_ENTRY_TARGET NTFS_NAME_UNINDEXED",
      inEntry("e", "only.txt", (entry) => Object.assign(entry, { record: 20 })),
    ],
    [
      "an entry with an old size",
      "NTFS_ENTRY_SIZES",
      inEntry("e", "only.txt", (_, key) => Object.assign(key, { dataSize: 1 })),
    ],
    [
      "a directory inside its own child",
      "NTFS_DIRECTORY_CYCLE NTFS_ENTRY_UNMATCHED NTFS_NAME_UNINDEXED",
      (volume) => {
        const parentRecord = record(volume, "p/q");
        const parentSequence = 1 + (parentRecord % 5);
        inName("p", (name) => Object.assign(name, { parentRecord, parentSequence }))(volume);
      },
    ],
  ]);
});

describe("volumes laid with a fault:", () => {
  const upcase = UPCASE.slice();
  upcase[0x77] = 0x78;
  test.each<readonly [string, string, NtfsOptions]>([
    ["a DOS name alone", "NTFS_NAME_PAIR", { files: { ALONE: { namespace: NAMESPACE.dos } } }],
    ["a question mark in a name", "NTFS_NAME_ILLEGAL", { files: { "wh?": "" } }],
    ["a name that ends in a space", "NTFS_NAME_ILLEGAL", { files: { "space ": "" } }],
    [
      "an entry for a name that the file lacks",
      "NTFS_ENTRY_UNMATCHED",
      { files: { a: { bareLinks: ["b"] } } },
    ],
    [
      "an upper-case table that is too short",
      "GUEST_HIBERFILE_UNKNOWN NTFS_UPCASE",
      { upcase: new Uint8Array(100) },
    ],
    ["an upper-case table with X for w", "NTFS_UPCASE_TABLE", { upcase: new Uint8Array(upcase.buffer) }],
    ["a dirty volume", "NTFS_DIRTY", { volumeFlags: 1 }],
    ["a log that was not closed", "NTFS_LOG_UNCLEAN", { logFile: "unclean" }],
  ])("%s is %s", (_, codes, options) => {
    const found = codesOf(layNtfs(options));
    for (const one of found) seen.add(one);
    expect(found.join(" ")).toBe(codes);
  });
});

test("findings of one code are listed up to a limit, and then counted", () => {
  const { bytes } = layNtfs({ files: { a: { bareLinks: names } } });
  const found = [...checkNtfs(openNtfs(new MemorySource(bytes)), { findingsPerCodeMax: 3 })];
  expect(found.map(({ message }) => message.replace(/ refers.*/, ""))).toEqual([
    "the entry name 00",
    "the entry name 01",
    "the entry name 02",
    "27 more of this code are not listed",
  ]);
});

test("a finding names the file, and where its record is", () => {
  const volume = lay();
  inRecord("d/name 07", header({ linkCount: 4 }))(volume);
  const recordNumber = record(volume, "d/name 07");
  expect(check(volume)).toEqual([
    {
      code: "NTFS_LINK_COUNT",
      severity: "warning",
      message: "has 1 names, but counts 4 links (d/name 07)",
      where: { path: "$MFT", structure: `FILE record ${recordNumber}`, offset: recordNumber * 1024 },
    },
  ]);
});

test("every code of the check but those of $Secure has a fault above", () => {
  const left = Object.keys(NTFS_CHECK_CODES).filter((code) => !seen.has(code));
  expect(left).toEqual(["NTFS_SECURITY_STREAM", "NTFS_SECURITY_MIRROR", "NTFS_SECURITY_ID"]);
});

test("clusters are compared until too many runs lie over others", () => {
  const files = Array.from(
    { length: 110 },
    (_, index) => [`file ${index}`, { content, storage: "clusters" }] as const,
  );
  const volume = layNtfs({ files: Object.fromEntries(files) });
  for (const [name] of files) {
    inRecord(
      name,
      nthAttribute(data, 0, (view) => {
        const { runsOffset } = new NonResidentHeader(view, AttributeHeader.sizeBytes);
        // One run of 20 clusters from cluster 4 on, whatever was there.
        new Uint8Array(view.buffer, view.byteOffset + runsOffset, 4).set([0x11, 20, 4, 0]);
      }),
    )(volume);
  }
  const errors = check(volume).filter(({ severity }) => severity !== "warning");
  const shared = errors.filter(({ code }) => code === "NTFS_CLUSTERS_SHARED");
  expect(shared).toHaveLength(101);
  expect(errors.filter((found) => !shared.includes(found))).toMatchObject([{ code: "LIMIT_EXCEEDED" }]);
  expect(codesOf(volume)).not.toContain("NTFS_CLUSTERS_LOST");
});
