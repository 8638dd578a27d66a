import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openNtfs } from "../../../src/fs/index.ts";
import { AttributeHeader, NonResidentHeader, VOLUME_FLAGS } from "../../../src/fs/ntfs/layout.ts";
import { type ByteSource, MemorySource, readBytes } from "../../../src/io/index.ts";
import { attributeAt, editRecord } from "../../lab/ntfs/edit.ts";
import { buildNtfs, type FileOptions, LAB_TIME, layNtfs, type NtfsOptions } from "../../lab/ntfs.ts";

const DATA = 0x80;
const open = (options: NtfsOptions) => openNtfs(new MemorySource(buildNtfs(options)));
const text = (source: ByteSource) => Buffer.from(readBytes(source, 0, source.sizeBytes)).toString();

/** Zeros, text and noise by turns, so that every way of storing it has something to do. */
function mixed(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  let state = sizeBytes;
  for (let at = 0; at < sizeBytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const kind = Math.floor(at / 30_000) % 3;
    bytes[at] = kind === 0 ? 0x61 + (at % 13) : kind === 1 ? 0 : state >>> 24;
  }
  return bytes;
}

/** Counts what reaches the volume. */
function counting(source: ByteSource): ByteSource & { reads: [offset: number, length: number][] } {
  const reads: [number, number][] = [];
  return {
    reads,
    sizeBytes: source.sizeBytes,
    read: (offset, length) => {
      reads.push([offset, length]);
      return source.read(offset, length);
    },
  };
}

describe("the data of a file", () => {
  const LONG = mixed(310_001);
  const WAYS: { way: string; options: NtfsOptions; file: FileOptions }[] = [
    { way: "in one piece", options: {}, file: { storage: "clusters" } },
    { way: "in pieces", options: {}, file: { storage: "fragmented", pieceClusters: 3 } },
    {
      way: "in pieces of 512 bytes",
      options: { clusterSizeBytes: 512 },
      file: { storage: "fragmented", pieceClusters: 2 },
    },
    {
      way: "in clusters of 128 KiB",
      options: { clusterSizeBytes: 131_072 },
      file: { storage: "fragmented" },
    },
    { way: "with holes", options: {}, file: { storage: "sparse" } },
    { way: "compressed", options: {}, file: { storage: "compressed" } },
    {
      way: "compressed in clusters of 512 bytes",
      options: { clusterSizeBytes: 512 },
      file: { storage: "compressed" },
    },
    {
      way: "in extension records",
      options: { clusterSizeBytes: 1024 },
      file: { storage: "fragmented", attributeList: "resident", runsPerExtent: 40 },
    },
    {
      way: "compressed in extension records",
      options: { clusterSizeBytes: 512 },
      file: { storage: "compressed", attributeList: "clusters", runsPerExtent: 3 },
    },
    {
      way: "in clusters, but initialised in part",
      options: {},
      file: { storage: "clusters", initializedSizeBytes: 77_777 },
    },
    {
      way: "in pieces, initialised in part",
      options: {},
      file: { storage: "fragmented", initializedSizeBytes: 77_777 },
    },
    {
      way: "compressed, initialised in part",
      options: {},
      file: { storage: "compressed", initializedSizeBytes: 77_777 },
    },
    { way: "not initialised at all", options: {}, file: { storage: "clusters", initializedSizeBytes: 0 } },
    {
      way: "with 4096-byte sectors and records",
      options: { sectorSizeBytes: 4096, recordSizeBytes: 4096 },
      file: { storage: "fragmented" },
    },
    {
      way: "on a volume of NTFS 3.0",
      options: { version: [3, 0] },
      file: { storage: "fragmented", pieceClusters: 5 },
    },
  ];

  describe.each(WAYS)("$way", ({ options, file }) => {
    const expected = LONG.slice();
    expected.fill(0, file.initializedSizeBytes ?? LONG.length);
    const node = open({ ...options, files: { "data.bin": { content: LONG, ...file } } }).require("data.bin");
    const source = node.open();

    test("reads as it was written", () => {
      expect(node.sizeBytes).toBe(LONG.length);
      expect(source.sizeBytes).toBe(LONG.length);
      expect(Buffer.compare(readBytes(source, 0, LONG.length), expected)).toBe(0);
    });

    test("reads the same in any order and in any parts", () => {
      fc.assert(
        fc.property(fc.nat(LONG.length), fc.oneof(fc.nat(100), fc.nat(200_000)), (offset, length) => {
          const end = Math.min(LONG.length, offset + length);
          const part = readBytes(source, offset, end - offset);
          expect(Buffer.compare(part, expected.subarray(offset, end))).toBe(0);
        }),
        { numRuns: 60 },
      );
    });

    test.each([
      [0, 310_002],
      [310_001, 1],
      [-1, 1],
      [5, -1],
    ])("refuses to read from %i %i bytes", (offset, length) => {
      expect(() => source.read(offset, length)).toThrow(expect.objectContaining({ code: "OUT_OF_BOUNDS" }));
    });
  });

  test("is read from the volume in one request for each stretch of clusters that follow each other", () => {
    const volume = layNtfs({
      files: {
        "one.bin": { content: LONG, storage: "clusters" },
        "pieces.bin": { content: LONG, storage: "fragmented", pieceClusters: 20 },
      },
    });
    const source = counting(new MemorySource(volume.bytes));
    const opened = openNtfs(source);
    const readsOf = (path: string): number => {
      const data = opened.require(path).open();
      source.reads.length = 0;
      data.read(0, data.sizeBytes);
      return source.reads.length;
    };
    expect(readsOf("one.bin")).toBe(1);
    expect(readsOf("pieces.bin")).toBe(4);
  });

  test("that is compressed is decoded unit by unit, and a unit that was just used is not decoded again", () => {
    const volume = layNtfs({ files: { "c.txt": { content: mixed(310_001), storage: "compressed" } } });
    const source = counting(new MemorySource(volume.bytes));
    const data = openNtfs(source).require("c.txt").open();
    source.reads.length = 0;
    for (const offset of [0, 100, 60_000, 5000]) data.read(offset, 50);
    expect(source.reads).toHaveLength(1);
    data.read(130_000, 50);
    expect(source.reads).toHaveLength(2);
  });

  test("of a directory is NTFS_IS_A_DIRECTORY", () => {
    expect(() =>
      open({ files: { "d/x": "" } })
        .require("d")
        .open(),
    ).toThrow(expect.objectContaining({ code: "NTFS_IS_A_DIRECTORY", where: { path: "d" } }));
  });

  test("is never read in more than 128 MiB at once", () => {
    const volume = layNtfs({ files: { "sparse.bin": { content: new Uint8Array(8192), storage: "sparse" } } });
    const sizeBytes = 2 ** 40;
    editRecord(volume, volume.recordNumber("sparse.bin"), (record) => {
      const at = attributeAt(record, DATA);
      const body = new NonResidentHeader(record, at + AttributeHeader.sizeBytes);
      Object.assign(body, { highestVcn: BigInt(sizeBytes / 4096 - 1), allocatedSize: sizeBytes });
      Object.assign(body, { dataSize: sizeBytes, initializedSize: sizeBytes });
      // One hole of 2^28 clusters.
      const pairs = Uint8Array.of(0x05, 0, 0, 0, 0x10, 0, 0);
      new Uint8Array(record.buffer, record.byteOffset + at + body.runsOffset).set(pairs);
    });
    const source = openNtfs(new MemorySource(volume.bytes)).require("sparse.bin").open();
    expect(source.sizeBytes).toBe(sizeBytes);
    expect(readBytes(source, sizeBytes - 4, 4)).toEqual(new Uint8Array(4));
    expect(() => source.read(0, sizeBytes)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
  });
});

describe("named streams", () => {
  const volume = open({
    files: {
      "a.exe": {
        content: "program",
        streams: {
          "Zone.Identifier": "[ZoneTransfer]\r\nZoneId=3\r\n",
          long: { content: mixed(50_000), storage: "compressed" },
        },
      },
      d: { isDirectory: true, streams: { note: "of a directory" } },
    },
  });

  test("are listed with their sizes", () => {
    expect(volume.require("a.exe").streams).toEqual([
      { name: "Zone.Identifier", sizeBytes: 26 },
      { name: "long", sizeBytes: 50_000 },
    ]);
    expect(volume.require("a.exe").sizeBytes).toBe(7);
  });

  test("are opened by name in any case, on directories too", () => {
    expect(text(volume.require("a.exe").open("zone.identifier"))).toBe("[ZoneTransfer]\r\nZoneId=3\r\n");
    expect(Buffer.compare(readBytes(volume.require("a.exe").open("long"), 0, 50_000), mixed(50_000))).toBe(0);
    expect(text(volume.require("d").open("note"))).toBe("of a directory");
  });

  test("that are not there are NOT_FOUND", () => {
    expect(() => volume.require("a.exe").open("none")).toThrow(
      expect.objectContaining({ code: "NOT_FOUND", where: { path: "a.exe:none" } }),
    );
  });
});

describe("times and attributes", () => {
  const volume = open({ files: { "d/read-only.txt": { content: "", attributes: 0x21 } } });

  test("are those of the file's record", () => {
    const node = volume.require("d/read-only.txt");
    expect(node.times).toEqual({
      created: LAB_TIME,
      modified: LAB_TIME + 1n,
      changed: LAB_TIME + 2n,
      accessed: LAB_TIME + 3n,
    });
    expect(node.attributes).toBe(0x21);
  });

  test("keep all 32 bits", () => {
    expect(open({ files: { f: { attributes: 0x8000_0020 } } }).require("f").attributes).toBe(0x8000_0020);
  });

  test("of a directory have the directory bit", () => {
    expect(volume.require("d").attributes).toBe(0x30);
    expect(volume.root.attributes).toBe(0x30);
  });
});

describe("data that is not what its clusters hold", () => {
  const ENCRYPTED = 0x4000;

  test.each([
    {
      what: "an encrypted file",
      file: { content: "x", flags: ENCRYPTED },
      code: "NTFS_ENCRYPTED",
      says: "EFS",
    },
    {
      what: "an application that a user may start by its name",
      file: { reparse: { tag: 0x8000001b } },
      code: "NTFS_REPARSE",
      says: "application execution link, tag 0x8000001b",
    },
    {
      what: "a deduplicated file",
      file: { reparse: { tag: 0x80000013 } },
      code: "NTFS_REPARSE",
      says: "data deduplication",
    },
    {
      what: "a cloud file",
      file: { reparse: { tag: 0x9000701a } },
      code: "NTFS_REPARSE",
      says: "cloud file, tag 0x9000701a",
    },
    {
      what: "a symbolic link",
      file: { reparse: { tag: 0xa000000c } },
      code: "NTFS_REPARSE",
      says: "symbolic link",
    },
    {
      what: "a file with an unknown tag",
      file: { reparse: { tag: 0x00001234 } },
      code: "NTFS_REPARSE",
      says: "tag 0x00001234",
    },
    {
      what: "a file compressed in another way",
      file: { content: mixed(9000), storage: "clusters", flags: 2 },
      code: "NTFS_COMPRESSION",
      says: "method 2",
    },
    {
      what: "a compressed file without compression units",
      file: { content: mixed(9000), storage: "clusters", flags: 1 },
      code: "NTFS_COMPRESSION",
      says: "units of 2^0 clusters",
    },
  ] satisfies { what: string; file: FileOptions; code: string; says: string }[])(
    "of $what is $code",
    (row) => {
      const node = open({ files: { f: row.file } }).require("f", { followsLast: false });
      expect(() => node.open()).toThrow(
        expect.objectContaining({
          code: row.code,
          message: expect.stringContaining(row.says),
          where: { path: "f" },
        }),
      );
      expect(node.isStoredPlainly).toBe(false);
    },
  );

  test("does not keep a file from being listed, nor its other streams from being read", () => {
    const node = open({
      files: { f: { reparse: { tag: 0x80000017 }, streams: { WofCompressedData: "packed" } } },
    }).require("f");
    expect(node.reparseTag).toBe(0x80000017);
    expect(node.streams.map(({ name }) => name)).toEqual(["WofCompressedData"]);
    expect(text(node.open("WofCompressedData"))).toBe("packed");
  });

  test("is not claimed of a resident file whose flag says compressed: Windows stores it as it is", () => {
    expect(
      text(
        open({ files: { f: { content: "plain", flags: 1 } } })
          .require("f")
          .open(),
      ),
    ).toBe("plain");
  });
});

test("a volume says its label and its version", () => {
  expect(open({ label: "Größe Ω" })).toMatchObject({ kind: "ntfs", label: "Größe Ω", version: "3.1" });
  expect(open({ version: [3, 0], volumeFlags: VOLUME_FLAGS.modifiedByChkdsk })).toMatchObject({
    label: undefined,
    version: "3.0",
    flags: 0x8000,
  });
});

test.each([
  [1, 2],
  [2, 0],
  [3, 2],
  [4, 0],
] as const)("a volume of version %i.%i is NTFS_VERSION", (major, minor) => {
  expect(() => open({ version: [major, minor] })).toThrow(
    expect.objectContaining({ code: "NTFS_VERSION", message: expect.stringContaining(`${major}.${minor}`) }),
  );
});
