import { describe, expect, test } from "vitest";
import { crc16 } from "../../../src/package/iso/udf/crc16.ts";
import {
  DescriptorPointer,
  DescriptorTag,
  FILE_TYPE,
  LogicalVolumeDescriptor,
  PartitionDescriptor,
  SparingTable,
  TAG_ID,
} from "../../../src/package/iso/udf/layout.ts";
import { seal } from "../../lab/udf/parts.ts";
import { buildUdf } from "../../lab/udf.ts";
import { code, codes, contentOf, contentsIn, contentsOf, LONG_TREE, open, patched, TREE } from "./discs.ts";

import { BLOCK, changed, place, plain, withEntry } from "./udf-changes.ts";

const MAIN = 96 * BLOCK;

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
