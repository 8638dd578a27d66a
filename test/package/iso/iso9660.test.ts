import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DiscImage } from "../../../src/package/index.ts";
import {
  DESCRIPTOR_TYPE,
  DirectoryRecord,
  RECORD_FLAGS,
  RecordTime,
  VolumeDescriptor,
} from "../../../src/package/iso/iso9660/layout.ts";
import { flatten, labFile, pattern } from "../../lab/disc-tree.ts";
import { buildIso, isoRecord } from "../../lab/iso9660.ts";
import {
  code,
  codes,
  contentOf,
  contentsIn,
  contentsOf,
  open,
  patched,
  paths,
  TREE,
  VastSource,
} from "./discs.ts";

import { PRIMARY, place, plain, ROOT, SECTOR, withDescriptor, withRecord } from "./iso-changes.ts";

describe("volume descriptors", () => {
  test.each([512, 1024, 2048])("may count in blocks of %i bytes", (blockSizeBytes) => {
    const disc = open(buildIso({ tree: TREE, blockSizeBytes, joliet: true }).bytes);
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
  });

  test.each([0, 1, 256, 2047, 4096, 65_535])("with blocks of %i bytes are refused", (blockSizeBytes) => {
    expect(() => open(withDescriptor({ blockSizeBytes }))).toThrow(
      code("ISO_DESCRIPTOR", String(blockSizeBytes)),
    );
  });

  test("are refused without a primary one", () => {
    const supplementary = withDescriptor({ type: DESCRIPTOR_TYPE.supplementary });
    expect(() => open(supplementary)).toThrow(code("ISO_DESCRIPTOR", "no primary"));
  });

  test("are refused with a root of no bytes", () => {
    const image = withDescriptor({});
    new DirectoryRecord(new DataView(image.buffer), PRIMARY + VolumeDescriptor.offsetOf.root).dataSizeBytes =
      0;
    expect(() => open(image)).toThrow(code("ISO_DESCRIPTOR", "no bytes"));
  });

  test("of other supplementary kinds are passed over", () => {
    const { bytes } = buildIso({ tree: TREE, joliet: true });
    // An enhanced descriptor of ISO 9660:1999 has no escape sequence.
    new VolumeDescriptor(new DataView(bytes.buffer), PRIMARY + SECTOR).escapeSequences.fill(0);
    expect(open(bytes).kind).toBe("iso9660");
  });

  test.each([0x40, 0x43, 0x45])("with the escape sequence of level %i are Joliet", (level) => {
    const { bytes } = buildIso({ tree: TREE, joliet: true });
    new VolumeDescriptor(new DataView(bytes.buffer), PRIMARY + SECTOR).escapeSequences.set([
      0x25,
      0x2f,
      level,
    ]);
    expect(open(bytes).kind).toBe("joliet");
  });

  test("end where the image ends, or a sector is none", () => {
    const image = plain.bytes.slice();
    image.fill(0, PRIMARY + SECTOR, PRIMARY + 2 * SECTOR);
    expect(open(image).kind).toBe("iso9660");
  });

  test("may have any big-endian numbers: the little-endian ones count", () => {
    const image = plain.bytes.slice();
    const view = new DataView(image.buffer);
    const spoil = (fields: object) => {
      for (const name in fields) if (name.endsWith("Big")) Object.assign(fields, { [name]: 0xdead });
    };
    spoil(new VolumeDescriptor(view, PRIMARY));
    for (const at of plain.places.values()) spoil(new DirectoryRecord(view, at));
    expect(contentsOf(open(image))).toEqual(contentsIn(TREE));
  });

  test("give the label without its padding", () => {
    expect(open(buildIso({ tree: {}, label: "VMGUEST" }).bytes).label).toBe("VMGUEST");
    expect(open(buildIso({ tree: {}, label: "Größe Ω", joliet: true }).bytes).label).toBe("Größe Ω");
  });

  test("that say more than the image has are a finding", () => {
    const disc = open(withDescriptor({ spaceBlocks: 1_000_000 }));
    expect(codes(disc)).toEqual(["DISC_TRUNCATED"]);
    expect(contentsOf(disc)).toEqual(contentsIn(TREE));
  });
});

describe("directory records", () => {
  test.each([
    { what: "shorter than their head", fields: { sizeBytes: 33 }, message: "33 bytes" },
    { what: "of one byte", fields: { sizeBytes: 1 }, message: "1 bytes" },
    { what: "without a name", fields: { nameSizeBytes: 0 }, message: "name of 0" },
    { what: "shorter than their name", fields: { nameSizeBytes: 200 }, message: "name of 200" },
  ])("$what are ISO_DIRECTORY", ({ fields, message }) => {
    const disc = open(withRecord("SUPPORT/X86/SETUP.EXE", fields));
    expect(() => disc.find("support/x86/setup.exe")).toThrow(code("ISO_DIRECTORY", message));
    expect(paths(disc)).toEqual(
      flatten(TREE)
        .map(([path]) => path)
        .filter((path) => path !== "SUPPORT/X86/SETUP.EXE"),
    );
    expect(disc.findings).toMatchObject([
      { code: "ISO_DIRECTORY", where: { path: "SUPPORT/X86", offset: place("SUPPORT/X86/SETUP.EXE") } },
    ]);
  });

  test("may not cross the end of a sector", () => {
    const tree = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`FILE${index}`, labFile("")]));
    const image = buildIso({ tree });
    const last = Math.max(...[...image.places.values()].filter((at) => at % SECTOR > 1900));
    const bytes = image.bytes.slice();
    new DirectoryRecord(new DataView(bytes.buffer), last).sizeBytes = 250;
    expect(() => open(bytes)).toThrow(code("ISO_DIRECTORY", "250 bytes"));
  });

  test.each([
    { what: "zeros", bytes: [0] },
    {
      what: "another record",
      bytes: [...isoRecord({ name: Uint8Array.of(0x41), flags: 0, block: 0, sizeBytes: 0 })],
    },
  ])("do not begin with $what, but with that of the directory itself", ({ bytes }) => {
    expect(() => open(patched(plain.bytes, ROOT, ...bytes))).toThrow(code("ISO_DIRECTORY", "begins with"));
  });

  test("lead to the data behind their extended attributes", () => {
    const path = "SUPPORT/AMD64/SETUP.EXE";
    const { block } = new DirectoryRecord(new DataView(plain.bytes.buffer), place(path));
    const disc = open(withRecord(path, { block: block - 1, attributeBlocks: 1 }));
    expect(contentOf(disc.open(disc.find(path) ?? expect.fail()))).toEqual(Buffer.from(pattern(5000)));
  });

  test.each([
    { what: "interleaved", fields: { unitBlocks: 1, gapBlocks: 1 }, message: "interleaved" },
    { what: "on another disc of the set", fields: { volumeNumber: 2 }, message: "disc 2" },
  ])("of files that are $what are ISO_UNSUPPORTED when opened", ({ fields, message }) => {
    const image = withRecord("LAST.TXT", fields);
    new VolumeDescriptor(new DataView(image.buffer), PRIMARY).setSize = 2;
    const disc = open(image);
    const found = disc.find("last.txt") ?? expect.fail();
    expect(() => disc.open(found)).toThrow(code("ISO_UNSUPPORTED", message));
  });

  test("of a single disc may have any volume number", () => {
    const disc = open(withRecord("LAST.TXT", { volumeNumber: 0 }));
    expect(contentOf(disc.open(disc.find("last.txt") ?? expect.fail())).toString()).toBe("the end");
  });

  test.each([
    { what: "beyond the image", fields: { block: 0xffff_ffff } },
    { what: "longer than the image", fields: { dataSizeBytes: 0xffff_ffff } },
  ])("of extents $what are DISC_TRUNCATED when opened, and nothing is allocated", ({ fields }) => {
    const disc = open(withRecord("LAST.TXT", fields));
    const found = disc.find("last.txt") ?? expect.fail();
    expect(() => disc.open(found)).toThrow(code("DISC_TRUNCATED"));
  });

  test("of associated files are passed over", () => {
    expect(paths(open(withRecord("LAST.TXT", { flags: RECORD_FLAGS.associated })))).not.toContain("LAST.TXT");
  });

  test.each([
    { stored: "SETUP.EXE;1", name: "SETUP.EXE" },
    { stored: "README.;1", name: "README" },
    { stored: "README.", name: "README" },
    { stored: "A;12", name: "A" },
    { stored: "A;B", name: "A;B" },
    { stored: ".", name: "_" },
    { stored: "..", name: "_" },
    { stored: ";1", name: "_" },
  ])("of the name $stored are called $name", ({ stored, name }) => {
    const { bytes } = buildIso({ tree: { "X.Y": labFile("1") } });
    const root = bytes.length - SECTOR;
    const record = isoRecord({ name: Buffer.from(stored), flags: 0, block: 20, sizeBytes: 1 });
    bytes.fill(0, root + 68);
    bytes.set(record, root + 68);
    expect(paths(open(bytes))).toEqual([name]);
  });

  test("of Joliet lose a version too", () => {
    expect(paths(open(buildIso({ tree: { "a b.txt;1": labFile("1") }, joliet: true }).bytes))).toEqual([
      "a b.txt",
    ]);
  });
});

describe("times of records", () => {
  const at = { years: 115, month: 11, day: 20, hour: 12, minute: 30, second: 59, zone: 0 };
  test.each([
    { what: "UTC", time: at, text: "2015-11-20T12:30:59Z" },
    { what: "an hour ahead", time: { ...at, zone: 4 }, text: "2015-11-20T11:30:59Z" },
    { what: "India", time: { ...at, zone: 22 }, text: "2015-11-20T07:00:59Z" },
    { what: "eight hours behind", time: { ...at, zone: -32 }, text: "2015-11-20T20:30:59Z" },
    { what: "over midnight", time: { ...at, hour: 0, zone: 4 }, text: "2015-11-19T23:30:59Z" },
    { what: "the last year", time: { ...at, years: 255 }, text: "2155-11-20T12:30:59Z" },
    { what: "a leap day", time: { ...at, years: 100, month: 2, day: 29 }, text: "2000-02-29T12:30:59Z" },
    {
      what: "zeros",
      time: { years: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, zone: 0 },
      text: null,
    },
    { what: "a day that is none", time: { ...at, month: 2, day: 30 }, text: null },
    { what: "an hour that is none", time: { ...at, hour: 24 }, text: null },
    { what: "a zone that is none", time: { ...at, zone: 127 }, text: null },
  ])("$what: $text", ({ time, text }) => {
    const image = plain.bytes.slice();
    const view = new DataView(image.buffer);
    Object.assign(new RecordTime(view, place("LAST.TXT") + DirectoryRecord.offsetOf.recorded), time);
    expect(open(image).find("last.txt")?.modified).toBe(text);
  });
});

describe("files of several extents", () => {
  const content = pattern(10_000, 9);
  const tree = { "BIG.BIN": { content, pieces: [4096, 2048] }, "NEXT.TXT": labFile("next") };
  const image = buildIso({ tree });

  test.each(["iso9660", "joliet", "rock-ridge"])("are one file in %s", (kind) => {
    const disc = open(buildIso({ tree, joliet: kind === "joliet", rockRidge: kind === "rock-ridge" }).bytes);
    expect(disc.kind).toBe(kind);
    expect(contentsOf(disc)).toEqual(contentsIn(tree));
  });

  test("read any range as it was written", () => {
    const disc = open(image.bytes);
    const source = disc.open(disc.find("big.bin") ?? expect.fail());
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const view = source.read(start, end - start);
        const read = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
        expect(read.equals(content.subarray(start, end))).toBe(true);
      }),
    );
    expect(() => source.read(9999, 2)).toThrow(code("OUT_OF_BOUNDS"));
  });

  test("may have more than 4 GiB", () => {
    const sizes = [0xffff_f800, 0xffff_f800, 5000];
    const pieces = [2048, 2048];
    const { bytes, places } = buildIso({ tree: { "BIG.BIN": { content: pattern(5000), pieces } } });
    let at = places.get("iso:BIG.BIN") ?? expect.fail();
    for (const [index, dataSizeBytes] of sizes.entries()) {
      const record = new DirectoryRecord(new DataView(bytes.buffer), at);
      Object.assign(record, { dataSizeBytes, block: 1_000_000 * (index + 1) * 3 });
      at += record.sizeBytes;
    }
    const disc = DiscImage.open(new VastSource(bytes));
    const entry = disc.find("big.bin") ?? expect.fail();
    expect(entry.sizeBytes).toBe(2 * 0xffff_f800 + 5000);
    const source = disc.open(entry);
    const sectorAt = (offset: number) => source.read(offset, 8).getFloat64(0);
    expect(sectorAt(0)).toBe(3_000_000 * 2048);
    expect(sectorAt(0xffff_f000)).toBe(3_000_000 * 2048 + 0xffff_f000);
    expect(sectorAt(0xffff_f800)).toBe(6_000_000 * 2048);
    expect(sectorAt(2 * 0xffff_f800 + 4096)).toBe(9_000_000 * 2048 + 4096);
  });

  test("are damaged where another file follows the first extent", () => {
    const first = place("BIG.BIN", image);
    const size = image.bytes[first] ?? 0;
    const renamed = patched(image.bytes, first + size + DirectoryRecord.sizeBytes, 0x58);
    expect(() => open(renamed)).toThrow(code("ISO_DIRECTORY", "do not follow"));
  });

  test("are damaged where the last extent is missing", () => {
    const image = withRecord("LAST.TXT", { flags: RECORD_FLAGS.continues });
    expect(() => open(image)).toThrow(code("ISO_DIRECTORY", "missing"));
  });
});
