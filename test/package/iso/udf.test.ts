import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DiscImage } from "../../../src/package/index.ts";
import { crc16 } from "../../../src/package/iso/udf/crc16.ts";
import {
  AllocationExtent,
  AnchorDescriptor,
  CHARACTERISTICS,
  DescriptorPointer,
  DescriptorTag,
  EXTENT_KIND,
  ExtendedFileEntry,
  FILE_TYPE,
  FileEntry,
  FileIdentifier,
  LogicalVolumeDescriptor,
  PartitionDescriptor,
  ShortAllocation,
  SparingTable,
  TAG_ID,
} from "../../../src/package/iso/udf/layout.ts";
import { type LabFolder, pattern } from "../../lab/disc-tree.ts";
import { type BuiltUdf, buildUdf, type LabUdfFile, PARTITION_BLOCK } from "../../lab/udf.ts";
import { seal } from "../../lab/udf-parts.ts";
import {
  code,
  codes,
  contentOf,
  contentsIn,
  contentsOf,
  exhaust,
  LONG_TREE,
  open,
  patched,
  paths,
  TREE,
  VastSource,
} from "./discs.ts";

const BLOCK = 2048;
const MAIN = 96 * BLOCK;

const plain = buildUdf({ tree: TREE });
const place = (name: string, { places }: BuiltUdf = plain) => places.get(name) ?? expect.fail(`no ${name}`);

/** The image with a descriptor changed and sealed again, so that the change is believed. */
function changed(
  name: string,
  change: (view: DataView, at: number) => void,
  udf = plain,
): Uint8Array<ArrayBuffer> {
  const bytes = udf.bytes.slice();
  const at = place(name, udf);
  change(new DataView(bytes.buffer), at);
  seal(bytes, at);
  return bytes;
}

const withEntry = (path: string, change: (entry: Entry) => void, udf = plain) =>
  changed(`entry:${path}`, (view, at) => change(new FileEntry(view, at)), udf);

type Entry = InstanceType<typeof FileEntry>;

const openFile = (bytes: Uint8Array, path: string) => {
  const disc = open(bytes);
  return disc.open(disc.find(path) ?? expect.fail(`no ${path}`));
};

test("the CRC is that of ECMA-167", () => {
  expect(crc16(Buffer.from("123456789"))).toBe(0x31c3);
  expect(crc16(Uint8Array.of(0x70, 0x6a, 0x77))).toBe(0x3299);
});

describe("a volume", () => {
  test.each([
    ...([512, 1024, 2048, 4096] as const).map((blockSizeBytes) => ({ blockSizeBytes })),
    { isExtended: true },
    { embedsDirectories: true },
    { implementationSizeBytes: 32 },
    { partition: "metadata" },
    { partition: "metadata", isExtended: true, blockSizeBytes: 512, embedsDirectories: true },
    { partition: "sparable" },
  ] as const)("of the kind %o reads as it was written", (kind) => {
    const disc = open(buildUdf({ tree: LONG_TREE, ...kind }).bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(LONG_TREE));
    expect(disc).toMatchObject({ kind: "udf", findings: [] });
  });

  test.each(["LAB", "Größe", "ΩжΘ 😀", ""])("is called %o", (label) => {
    expect(open(buildUdf({ tree: TREE, label }).bytes).label).toBe(label);
  });

  test.each([
    { what: "UTC", typeAndZone: 0x0000, text: "2012-03-04T05:06:07Z" },
    { what: "UTC, whatever its zone", typeAndZone: 0x0000 | 120, text: "2012-03-04T05:06:07Z" },
    { what: "two hours ahead", typeAndZone: 0x1000 | 120, text: "2012-03-04T03:06:07Z" },
    { what: "eight hours behind", typeAndZone: 0x1000 | (0x1000 - 480), text: "2012-03-04T13:06:07Z" },
    { what: "a zone that is not known", typeAndZone: 0x1000 | 0x801, text: "2012-03-04T05:06:07" },
    { what: "a zone that is none", typeAndZone: 0x1000 | 1999, text: null },
  ])("tells times in $what", ({ typeAndZone, text }) => {
    expect(open(buildUdf({ tree: TREE, typeAndZone }).bytes).find("last.txt")?.modified).toBe(text);
  });

  test("is found by the anchor in its last block, or 256 before that", () => {
    const noFirst = plain.bytes.slice().fill(0, place("anchor"), place("anchor") + BLOCK);
    expect(contentsOf(open(noFirst))).toEqual(contentsIn(TREE));
    const longer = new Uint8Array(noFirst.length + 256 * BLOCK);
    longer.set(noFirst);
    expect(contentsOf(open(longer))).toEqual(contentsIn(TREE));
    const neither = new Uint8Array(noFirst.length + 255 * BLOCK);
    neither.set(noFirst);
    expect(() => open(neither)).toThrow(code("UDF_VOLUME", "anchor"));
  });

  test("is not found by an anchor that was copied to another place", () => {
    const bytes = plain.bytes.slice();
    bytes.copyWithin(place("anchor"), bytes.length - BLOCK);
    bytes.fill(0, bytes.length - BLOCK);
    expect(() => open(bytes)).toThrow(code("UDF_VOLUME", "anchor"));
  });

  test("is read by its reserve descriptors where the main ones are damaged, and says so", () => {
    const disc = open(patched(plain.bytes, place("partition") + 4, 0xff));
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
    expect(codes(disc)).toEqual(["UDF_TAG_DOUBT", "UDF_RESERVE_USED"]);
  });

  test("is refused where both are damaged", () => {
    const main = patched(plain.bytes, place("partition") + 4, 0xff);
    expect(() => open(patched(main, place("reserve partition") + 4, 0xff))).toThrow(
      code("UDF_VOLUME", "lack a partition descriptor"),
    );
  });

  test("is what the descriptors with the highest sequence number say", () => {
    const bytes = changed("partition", (view, at) => {
      new PartitionDescriptor(view, at).startBlock = 9999;
    });
    // The right one, in the place of the end of the sequence, which the next block is instead.
    const newer = MAIN + 2 * BLOCK;
    bytes.set(plain.bytes.subarray(MAIN, MAIN + 512), newer);
    const view = new DataView(bytes.buffer);
    new PartitionDescriptor(view, newer).sequence = 2;
    new DescriptorTag(view, newer).location += 2;
    seal(bytes, newer);
    const disc = open(bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
    expect(disc.findings).toEqual([]);
  });

  test("may have its descriptors go on in another place", () => {
    const bytes = plain.bytes.slice().fill(0, MAIN, MAIN + 3 * BLOCK);
    const view = new DataView(bytes.buffer);
    const pointer = new DescriptorPointer(view, MAIN);
    Object.assign(pointer.tag, { id: TAG_ID.pointer, version: 2, location: 96, crcSizeBytes: 496 });
    Object.assign(pointer.next, { sizeBytes: 16 * BLOCK, block: 128 });
    seal(bytes, MAIN);
    const disc = open(bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
    expect(disc.findings).toEqual([]);
    // And may not go round for ever.
    pointer.next.block = 96;
    seal(bytes, MAIN);
    expect(contentsOf(open(bytes))).toEqual(contentsIn(TREE));
  });

  test.each([
    {
      what: "another block size than its anchor",
      change: { blockSizeBytes: 512 },
      message: "blocks of 512 bytes",
    },
    { what: "no partition maps", change: { mapCount: 0 }, message: "0 partition maps" },
    { what: "a million of them", change: { mapCount: 1_000_000 }, message: "1000000 partition maps" },
    { what: "maps longer than the block", change: { mapTableSizeBytes: 5000 }, message: "5000 bytes" },
    { what: "more maps than bytes of them", change: { mapCount: 2 }, message: "partition map 1 has 0 bytes" },
  ])("with $what is refused", ({ change, message }) => {
    const bytes = changed("logical volume", (view, at) => {
      Object.assign(new LogicalVolumeDescriptor(view, at), change);
    });
    // The reserve sequence says the same.
    bytes.copyWithin(MAIN + 33 * BLOCK, MAIN + BLOCK, MAIN + 2 * BLOCK);
    expect(() => open(bytes)).toThrow(code("UDF_VOLUME", message));
  });

  test.each([
    {
      what: "a virtual partition",
      udf: buildUdf({ tree: TREE, partition: "virtual" }),
      message: "*UDF Virtual Partition",
    },
    {
      what: "a sparable partition with packets replaced",
      udf: buildUdf({ tree: TREE, partition: "sparable" }),
      entry: 32,
      message: "replaced",
    },
  ])("with $what is UDF_UNSUPPORTED by name", ({ udf, entry, message }) => {
    const bytes = udf.bytes.slice();
    if (entry !== undefined) {
      new DataView(bytes.buffer).setUint32(place("sparing table", udf) + SparingTable.sizeBytes, entry, true);
    }
    expect(() => open(bytes)).toThrow(code("UDF_UNSUPPORTED", message));
  });

  test("with a damaged sparing table is refused", () => {
    const udf = buildUdf({ tree: TREE, partition: "sparable" });
    expect(() => open(patched(udf.bytes, place("sparing table", udf) + 4, 0xff))).toThrow(
      code("UDF_VOLUME", "sparing table"),
    );
  });

  test("with a damaged metadata file is read by its copy, and says so", () => {
    const udf = buildUdf({ tree: TREE, partition: "metadata" });
    const disc = open(patched(udf.bytes, place("metadata file", udf) + 4, 0xff));
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
    expect(codes(disc)).toEqual(["UDF_RESERVE_USED"]);
    const main = patched(udf.bytes, place("metadata file", udf) + 4, 0xff);
    const both = patched(main, place("metadata mirror", udf) + 4, 0xff);
    expect(() => open(both)).toThrow(code("UDF_TAG"));
  });

  test("that ends behind the image is a finding", () => {
    const bytes = changed("partition", (view, at) => {
      new PartitionDescriptor(view, at).blockCount = 1_000_000;
    });
    expect(codes(open(bytes))).toEqual(["DISC_TRUNCATED"]);
  });

  test("with a file for a root is refused", () => {
    const bytes = withEntry("", ({ icb }) => {
      icb.fileType = FILE_TYPE.file;
    });
    expect(() => open(bytes)).toThrow(code("UDF_VOLUME", "not a directory"));
  });
});

describe("a tag", () => {
  test.each(["file set", "entry:", "name:LAST.TXT"])("with a wrong checksum throws UDF_TAG (%s)", (name) => {
    const damaged = patched(plain.bytes, place(name) + 4, (plain.bytes[place(name) + 4] ?? 0) ^ 0xff);
    expect(() => open(damaged)).toThrow(code("UDF_TAG", "checksum"));
  });

  test.each(["file set", "entry:", "name:LAST.TXT"])("of another descriptor throws UDF_TAG (%s)", (name) => {
    const lying = changed(name, (view, at) => {
      new DescriptorTag(view, at).id = TAG_ID.terminating;
    });
    expect(() => open(lying)).toThrow(code("UDF_TAG", "this is 8"));
  });

  test.each([
    { what: "CRC", field: "crc", message: "CRC" },
    { what: "size of what the CRC covers", field: "crcSizeBytes", message: "CRC" },
    { what: "block", field: "location", message: "is that of block" },
  ] as const)("with a wrong $what is a finding, and the file is read", ({ field, message }) => {
    const bytes = plain.bytes.slice();
    const at = place("entry:LAST.TXT");
    const tag = new DescriptorTag(new DataView(bytes.buffer), at);
    // The checksum goes with it, and nothing else.
    const before = new Uint8Array(bytes.buffer, at, 16).reduce((sum, byte) => sum + byte);
    tag[field] += 0x1234;
    const after = new Uint8Array(bytes.buffer, at, 16).reduce((sum, byte) => sum + byte);
    tag.checksum = (tag.checksum + after - before) & 0xff;
    const disc = open(bytes);
    expect(contentOf(disc.open(disc.find("last.txt") ?? expect.fail())).toString()).toBe("the end");
    expect(disc.findings).toMatchObject([
      { code: "UDF_TAG_DOUBT", message: expect.stringContaining(message), where: { offset: at } },
    ]);
  });
});

describe("the extents of a file", () => {
  const content = pattern(20_000, 5);
  const holes = Uint8Array.from(content).fill(0, 2048, 8192).fill(0, 16_384, 18_432);
  const pieces = [2048, 2048, 4096, 8192, 2048];
  const kinds = { 1: EXTENT_KIND.allocated, 2: EXTENT_KIND.hole, 4: EXTENT_KIND.hole };
  const FILES: LabFolder<LabUdfFile> = {
    short: { content, pieces, allocation: "short" },
    long: { content, pieces, allocation: "long" },
    embedded: { content: content.subarray(0, 1500), allocation: "embedded" },
    "embedded and empty": { content: new Uint8Array(0), allocation: "embedded" },
    holes: { content: holes, pieces, holes: kinds },
    "long holes": { content: holes, pieces, holes: kinds, allocation: "long" },
    hole: { content: new Uint8Array(5000), holes: { 0: EXTENT_KIND.hole } },
    continued: { content: holes, pieces, holes: kinds, descriptorsPerBlock: 1 },
    "long continued": { content, pieces, allocation: "long", descriptorsPerBlock: 2 },
    "real time": { content, fileType: FILE_TYPE.realTime },
  };

  test.each([
    { isExtended: false, partition: "plain" },
    { isExtended: true, partition: "plain" },
    { isExtended: true, partition: "sparable" },
  ] as const)("may be of any kind ($partition, extended: $isExtended)", (kind) => {
    const disc = open(buildUdf({ tree: FILES, ...kind }).bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(FILES));
    expect(disc.findings).toEqual([]);
  });

  test("read any range as it was written, zeros where nothing was", () => {
    const source = openFile(buildUdf({ tree: FILES }).bytes, "continued");
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const view = source.read(start, end - start);
        const read = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
        expect(read.equals(holes.subarray(start, end))).toBe(true);
      }),
    );
    expect(() => source.read(19_999, 2)).toThrow(code("OUT_OF_BOUNDS"));
  });

  test("may have more than 4 GiB in a hundred pieces", () => {
    // The largest extent of whole blocks: the size has 30 bits.
    const largest = 0x3fff_f800;
    const tree = { vast: { content: pattern(100 * BLOCK), pieces: Array.from({ length: 99 }, () => BLOCK) } };
    const bytes = withEntry(
      "vast",
      (entry) => {
        entry.sizeBytes = 99 * largest + 5000;
        for (let index = 0; index < 100; index++) {
          const at = entry.at + FileEntry.sizeBytes + index * ShortAllocation.sizeBytes;
          // Every other extent lies in front of the one before it.
          const block = 10_000_000 + (index ^ 1) * 600_000;
          Object.assign(new ShortAllocation(entry.view, at), { kindAndSize: largest, block });
        }
      },
      buildUdf({ tree }),
    );
    const disc = DiscImage.open(new VastSource(bytes));
    const entry = disc.find("vast") ?? expect.fail();
    expect(entry.sizeBytes).toBe(99 * largest + 5000);
    const source = disc.open(entry);
    for (const index of [0, 1, 4, 98]) {
      const start = (PARTITION_BLOCK + 10_000_000 + (index ^ 1) * 600_000) * BLOCK;
      expect(source.read(index * largest, 8).getFloat64(0)).toBe(start);
      expect(source.read((index + 1) * largest - BLOCK, 8).getFloat64(0)).toBe(start + largest - BLOCK);
    }
  });

  test("behind the end of the file are left out", () => {
    const bytes = withEntry("LAST.TXT", (entry) => {
      entry.sizeBytes = 3;
    });
    expect(contentOf(openFile(bytes, "last.txt")).toString()).toBe("the");
  });

  test.each([
    { what: "are shorter than it", sizeBytes: 12_346, message: "12346 bytes, but only 12345" },
    { what: "are far shorter than it", sizeBytes: 2 ** 52, message: "only 12345" },
  ])("that $what throw UDF_ALLOCATION", ({ sizeBytes, message }) => {
    const bytes = withEntry("SUPPORT/AMD64/WINDOWS6.CAB", (entry) => {
      entry.sizeBytes = sizeBytes;
    });
    expect(() => openFile(bytes, "support/amd64/windows6.cab")).toThrow(code("UDF_ALLOCATION", message));
  });

  test("of more than 2^53 bytes are VALUE_TOO_LARGE, with the place", () => {
    const bytes = changed("entry:LAST.TXT", (view, at) => view.setBigUint64(at + 56, 2n ** 60n, true));
    expect(() => open(bytes).find("last.txt")).toThrow(code("VALUE_TOO_LARGE"));
    const disc = open(bytes);
    expect(paths(disc)).not.toContain("LAST.TXT");
    expect(disc.findings).toMatchObject([{ where: { path: "LAST.TXT", offset: place("entry:LAST.TXT") } }]);
  });

  test.each([
    { what: "beyond the image", block: 0x00ff_ffff, expected: "DISC_TRUNCATED" },
    { what: "beyond any image", block: 0xffff_ffff, expected: "DISC_TRUNCATED" },
  ])("$what are $expected", ({ block, expected }) => {
    const bytes = withEntry("LAST.TXT", (entry) => {
      new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes).block = block;
    });
    expect(() => openFile(bytes, "last.txt")).toThrow(code(expected));
  });

  test("in a partition that is not there are UDF_VOLUME", () => {
    const udf = buildUdf({ tree: FILES });
    const bytes = withEntry(
      "long",
      (entry) => entry.view.setUint16(entry.at + FileEntry.sizeBytes + 8, 7, true),
      udf,
    );
    expect(() => openFile(bytes, "long")).toThrow(code("UDF_VOLUME", "partition reference 7"));
  });

  test.each([
    { what: "extended allocation descriptors", change: { flags: 2 }, message: "extended allocation" },
    { what: "allocation of an unknown kind", change: { flags: 7 }, message: "extended allocation" },
    { what: "a chain of entries", change: { strategy: 4096 }, message: "strategy 4096" },
  ])("with $what are UDF_UNSUPPORTED", ({ change, message }) => {
    const bytes = withEntry("LAST.TXT", ({ icb }) => Object.assign(icb, change));
    expect(() => openFile(bytes, "last.txt")).toThrow(code("UDF_UNSUPPORTED", message));
  });

  test.each([
    { what: "allocation descriptors", change: { allocationSizeBytes: 5000 } },
    { what: "extended attributes", change: { attributesSizeBytes: 0xffff_ffff } },
  ])("whose $what do not fit into the block are UDF_FILE_ENTRY", ({ change }) => {
    const bytes = withEntry("LAST.TXT", (entry) => Object.assign(entry, change));
    expect(() => open(bytes).find("last.txt")).toThrow(code("UDF_FILE_ENTRY"));
  });

  test("that are continued in a circle are UDF_ALLOCATION", () => {
    const udf = buildUdf({ tree: FILES });
    const bytes = udf.bytes.slice();
    const entry = new FileEntry(new DataView(bytes.buffer), place("entry:continued", udf));
    // The second allocation descriptor is the continuation; its last one is made to lead back to it.
    const { block } = new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes + 8);
    const at = (PARTITION_BLOCK + block) * BLOCK;
    const extent = new AllocationExtent(entry.view, at);
    new ShortAllocation(entry.view, at + AllocationExtent.sizeBytes + extent.sizeBytes - 8).block = block;
    seal(bytes, at);
    expect(() => openFile(bytes, "continued")).toThrow(code("UDF_ALLOCATION", "back to themselves"));
  });

  test("that are continued beyond a block, or in nothing, are refused", () => {
    const udf = buildUdf({ tree: FILES });
    const entryAt = place("entry:continued", udf);
    const { block } = new ShortAllocation(new DataView(udf.bytes.buffer), entryAt + FileEntry.sizeBytes + 8);
    const bytes = udf.bytes.slice();
    const at = (PARTITION_BLOCK + block) * BLOCK;
    new AllocationExtent(new DataView(bytes.buffer), at).sizeBytes = 2025;
    seal(bytes, at);
    expect(() => openFile(bytes, "continued")).toThrow(code("UDF_ALLOCATION", "do not fit"));
    expect(() => openFile(bytes.slice().fill(0, at, at + BLOCK), "continued")).toThrow(code("UDF_TAG"));
  });

  test("may not have their file entry in a hole of the metadata file, or behind its end", () => {
    const udf = buildUdf({ tree: TREE, partition: "metadata" });
    const bytes = udf.bytes.slice();
    for (const name of ["metadata file", "metadata mirror"]) {
      const at = place(name, udf);
      const second = new ShortAllocation(new DataView(bytes.buffer), at + FileEntry.sizeBytes + 8);
      second.kindAndSize = (second.kindAndSize | (EXTENT_KIND.hole << 30)) >>> 0;
      seal(bytes, at);
    }
    // Block 12 is one of the second half of the file.
    for (const [block, message] of [
      [12, "not recorded"],
      [9999, "not in the metadata file"],
    ] as const) {
      const at = place("name:LAST.TXT", udf);
      new FileIdentifier(new DataView(bytes.buffer), at).icb.block = block;
      seal(bytes, at);
      expect(() => open(bytes).find("last.txt")).toThrow(code("UDF_ALLOCATION", message));
    }
  });
});

describe("a directory", () => {
  const withName = (path: string, change: (identifier: FileIdentifier) => void, udf = plain) =>
    changed(`name:${path}`, (view, at) => change(new FileIdentifier(view, at)), udf);

  test("leaves out what was deleted", () => {
    const bytes = withName("EMPTY", (identifier) => {
      identifier.characteristics = CHARACTERISTICS.deleted;
    });
    expect(paths(open(bytes))).not.toContain("EMPTY");
  });

  test("shows what is hidden", () => {
    const bytes = withName("EMPTY", (identifier) => {
      identifier.characteristics = CHARACTERISTICS.hidden;
    });
    expect(paths(open(bytes))).toContain("EMPTY");
  });

  test.each([
    { what: "a name of no known width", at: 38, value: 9, expected: "UDF_DIRECTORY", message: "9 bits" },
    {
      what: "an entry beyond its end",
      at: 36,
      value: 0xff,
      expected: "UDF_DIRECTORY",
      message: "the directory ends",
    },
  ])("with $what is $expected", ({ at, value, expected, message }) => {
    const bytes = changed("name:LAST.TXT", (view, start) => view.setUint8(start + at, value));
    expect(() => open(bytes)).toThrow(code(expected, message));
  });

  test("gives what stands in front of a damaged entry, and what the others hold", () => {
    const bytes = patched(plain.bytes, place("name:SUPPORT/X86") + 4, 0xff);
    const disc = open(bytes);
    expect(disc.find("support/amd64/setup.exe")?.sizeBytes).toBe(5000);
    expect(() => disc.find("support/x86")).toThrow(code("UDF_TAG"));
    expect(paths(disc)).toEqual([
      "AUTORUN.INF",
      "EMPTY",
      "SUPPORT",
      "SUPPORT/AMD64",
      "SUPPORT/AMD64/SETUP.EXE",
      "SUPPORT/AMD64/WINDOWS6.CAB",
      "LAST.TXT",
    ]);
    expect(disc.findings).toMatchObject([{ code: "UDF_TAG", where: { path: "SUPPORT" } }]);
  });

  test("leaves out an entry whose file entry is damaged, with its path", () => {
    const disc = open(patched(plain.bytes, place("entry:SUPPORT/X86") + 4, 0xff));
    expect(paths(disc)).toContain("SUPPORT/NONE");
    expect(paths(disc)).not.toContain("SUPPORT/X86");
    expect(disc.findings).toMatchObject([{ code: "UDF_TAG", where: { path: "SUPPORT/X86" } }]);
  });

  test("in itself is listed once", () => {
    const bytes = withName("SUPPORT/NONE", ({ icb }) => {
      icb.block = 1;
    });
    const disc = open(bytes);
    expect(paths(disc)).toContain("SUPPORT/NONE");
    expect(paths(disc)).toHaveLength(10);
    expect(disc.findings).toMatchObject([{ code: "DISC_LOOP", where: { path: "SUPPORT/NONE" } }]);
  });

  test("of more than 16 MiB is refused, though it be a hole", () => {
    const hole = (sizeBytes: number) =>
      withEntry("SUPPORT/NONE", (entry) => {
        entry.sizeBytes = sizeBytes;
        const [first, second] = [0, 8].map(
          (at) => new ShortAllocation(entry.view, entry.at + FileEntry.sizeBytes + at),
        );
        for (const extent of [first, second]) {
          if (extent !== undefined) extent.kindAndSize = ((EXTENT_KIND.hole << 30) | 0x3fff_f800) >>> 0;
        }
        entry.allocationSizeBytes = 16;
      });
    expect(() => open(hole(2 ** 30)).find("support/none/x")).toThrow(code("LIMIT_EXCEEDED"));
    // A smaller one is refused at its first entry.
    expect(() => open(hole(2 ** 20)).find("support/none/x")).toThrow(code("UDF_TAG"));
  });

  test.each([
    { fileType: FILE_TYPE.link, type: "link" },
    { fileType: 6, type: "device" },
    { fileType: 9, type: "device" },
    { fileType: 248, type: "device" },
    { fileType: FILE_TYPE.realTime, type: "file" },
  ])("tells a $type by file type $fileType", ({ fileType, type }) => {
    const disc = open(buildUdf({ tree: { x: { content: pattern(10), fileType } } }).bytes);
    expect(disc.find("x")).toMatchObject({ type, sizeBytes: type === "file" ? 10 : 0 });
  });
});

describe("a hostile volume", () => {
  test("with more levels than there are in a path is listed to the limit", () => {
    let tree: LabFolder = {};
    for (let level = 0; level < 200; level++) tree = { d: tree };
    const disc = open(buildUdf({ tree }).bytes);
    expect([...disc.list()]).toHaveLength(128);
    expect(codes(disc)).toEqual(["LIMIT_EXCEEDED"]);
    expect(disc.find("d/".repeat(200))?.isDirectory).toBe(true);
  });

  test.each([
    { what: "plain", udf: buildUdf({ tree: TREE, isExtended: true }) },
    { what: "metadata", udf: buildUdf({ tree: TREE, partition: "metadata" }) },
  ])("gives the same or a typed error for any changed bytes ($what)", ({ udf }) => {
    const descriptors = [
      "file set",
      "entry:",
      "entry:SUPPORT",
      "entry:LAST.TXT",
      "name:SUPPORT",
      "logical volume",
      "partition",
    ];
    const values = fc.constantFrom(0, 1, 2, 0x3f, 0x7f, 0x80, 0xc0, 0xff);
    const change = fc.tuple(
      fc.constantFrom(...descriptors),
      fc.nat(ExtendedFileEntry.sizeBytes + 40),
      values,
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.boolean(), (changes, isSealed) => {
        const damaged = udf.bytes.slice();
        for (const [name, at, value] of changes) damaged[place(name, udf) + at] = value;
        // Most changes are only believed with the right checksum.
        if (isSealed)
          for (const [name] of changes)
            if (sealable(damaged, place(name, udf))) seal(damaged, place(name, udf));
        expect(exhaust(damaged)).toMatch(/^(udf|UDF_|DISC_|LIMIT_|OUT_OF|VALUE_)/);
      }),
      { numRuns: 300 },
    );
  });

  test("gives a typed error or a listing wherever it is cut", () => {
    for (let size = 33 * BLOCK; size < plain.bytes.length; size += 1023) {
      expect(exhaust(plain.bytes.subarray(0, size))).toMatch(/^(udf|DISC_|UDF_)/);
    }
  });

  test("may not have its anchor lead outside", () => {
    const bytes = plain.bytes.slice();
    for (const at of [place("anchor"), bytes.length - BLOCK]) {
      const anchor = new AnchorDescriptor(new DataView(bytes.buffer), at);
      anchor.main.block = 0xffff_ffff;
      anchor.reserve.block = 0xffff_fff0;
      seal(bytes, at);
    }
    expect(() => open(bytes)).toThrow(code("DISC_TRUNCATED"));
  });
});

/** Whether the CRC of a descriptor covers bytes that are there. */
function sealable(bytes: Uint8Array, at: number): boolean {
  const tag = new DescriptorTag(new DataView(bytes.buffer, bytes.byteOffset), at);
  return at + DescriptorTag.sizeBytes + tag.crcSizeBytes <= bytes.length;
}
