import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ByteSource, checkRange } from "../../../src/io/index.ts";
import { DiscImage } from "../../../src/package/index.ts";
import {
  DESCRIPTOR_TYPE,
  DirectoryRecord,
  RECORD_FLAGS,
  RecordTime,
  VolumeDescriptor,
} from "../../../src/package/iso/iso9660/layout.ts";
import { flatten, labFile, pattern } from "../../lab/disc-tree.ts";
import { buildIso, entry, isoRecord } from "../../lab/iso9660.ts";
import {
  code,
  codes,
  contentOf,
  contentsIn,
  contentsOf,
  exhaust,
  open,
  patched,
  paths,
  TREE,
  VastSource,
} from "./discs.ts";

const SECTOR = 2048;
const PRIMARY = 16 * SECTOR;

const plain = buildIso({ tree: TREE });
const place = (name: string, { places } = plain) => places.get(`iso:${name}`) ?? expect.fail(`no ${name}`);
/** Offset of the root directory, which is the last one in the image. */
const ROOT = plain.bytes.length - SECTOR;

/** The image with fields of the record of a path changed. */
function withRecord(path: string, fields: Partial<DirectoryRecord>, { bytes, places } = plain) {
  const copy = bytes.slice();
  const at = places.get(`iso:${path}`) ?? expect.fail(`no ${path}`);
  Object.assign(new DirectoryRecord(new DataView(copy.buffer), at), fields);
  return copy;
}

/** The image with fields of its primary descriptor changed. */
function withDescriptor(fields: Partial<VolumeDescriptor>, { bytes } = plain) {
  const copy = bytes.slice();
  Object.assign(new VolumeDescriptor(new DataView(copy.buffer), PRIMARY), fields);
  return copy;
}

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

describe("Rock Ridge", () => {
  const image = buildIso({ tree: TREE, rockRidge: true });
  const root = image.bytes.length - SECTOR;

  /** A disc whose root has one file with a system use area, at the end of the names of ISO 9660. */
  function withSystemUse(
    systemUse: readonly number[],
    sharing: readonly number[] = SHARING,
  ): Uint8Array<ArrayBuffer> {
    const { bytes } = buildIso({ tree: {} });
    const directory = bytes.length - SECTOR;
    const own = { block: directory / SECTOR, sizeBytes: SECTOR };
    const records = [
      isoRecord({ name: Uint8Array.of(0), flags: RECORD_FLAGS.directory, ...own, systemUse: sharing }),
      isoRecord({ name: Uint8Array.of(1), flags: RECORD_FLAGS.directory, ...own }),
      isoRecord({ name: Buffer.from("PLAIN.;1"), flags: 0, block: 19, sizeBytes: 0, systemUse }),
    ];
    bytes.fill(0, directory);
    bytes.set(Buffer.concat(records), directory);
    return bytes;
  }

  const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer), 0, 0, 0, 0];
  const posix = (mode: number) => [...entry("PX", 12, []).subarray(0, 4), ...u32(mode)];
  const name = (text: string, flags = 0) => {
    const bytes = Buffer.from(text, "latin1");
    return [...entry("NM", 5 + bytes.length, [flags, ...bytes])];
  };
  const continued = (block: number, offset: number, sizeBytes: number) => [
    ...entry("CE", 28, []).subarray(0, 4),
    ...u32(block),
    ...u32(offset),
    ...u32(sizeBytes),
  ];
  const SHARING = [...entry("SP", 7, [0xbe, 0xef, 0]), ...posix(0o040755)];

  test.each([
    { what: "a name", use: name("a name"), path: "a name" },
    { what: "a name in UTF-8", use: name(Buffer.from("Größe").toString("latin1")), path: "Größe" },
    { what: "a name in Latin-1", use: name("Größe"), path: "Größe" },
    {
      what: "a name in pieces",
      use: [...name("one, ", 1), ...name("two, ", 1), ...name("three")],
      path: "one, two, three",
    },
    { what: "no name", use: posix(0o100644), path: "PLAIN" },
    { what: "the name of itself", use: name("", 2), path: "PLAIN" },
    { what: "an unsafe name", use: name("../x"), path: ".._x" },
    { what: "entries that are not known", use: [...entry("XX", 9, []), ...name("known")], path: "known" },
    { what: "an end before the name", use: [...entry("ST", 4, []), ...name("not seen")], path: "PLAIN" },
  ])("with $what calls a file $path", ({ use, path }) => {
    expect(paths(open(withSystemUse(use)))).toEqual([path]);
  });

  test.each([
    { what: "an entry of no size", use: [0x4e, 0x4d, 0, 1], path: "PLAIN" },
    { what: "an entry longer than the area", use: [...name("seen"), 0x50, 0x58, 44, 1], path: "seen" },
    {
      what: "a continuation beyond the image",
      use: [...name("seen"), ...continued(99_999_999, 0, 10)],
      path: "seen",
    },
    {
      what: "a continuation of many blocks",
      use: [...name("seen"), ...continued(16, 0, 100_000)],
      path: "seen",
    },
  ])("with $what keeps what came before, with a finding", ({ use, path }) => {
    const disc = open(withSystemUse(use));
    expect(paths(disc)).toEqual([path]);
    expect(codes(disc)).toEqual(["ISO_ROCK_RIDGE"]);
  });

  test("that is continued in itself ends, with a finding", () => {
    const bytes = withSystemUse([...name("seen"), ...continued(5, 100, 28)]);
    bytes.set(continued(5, 100, 28), 5 * SECTOR + 100);
    const disc = open(bytes);
    expect(paths(disc)).toEqual(["seen"]);
    expect(disc.findings).toMatchObject([
      { code: "ISO_ROCK_RIDGE", message: expect.stringContaining("without end") },
    ]);
  });

  test("with a name of thousands of bytes uses the plain one, with a finding", () => {
    const bytes = withSystemUse([...name("a", 1), ...continued(5, 0, 2000)]);
    for (let at = 0; at < 2000; at += 200) bytes.set(name("b".repeat(195), 1), 5 * SECTOR + at);
    const disc = open(bytes);
    expect(paths(disc)).toEqual(["PLAIN"]);
    expect(codes(disc)).toEqual(["ISO_ROCK_RIDGE"]);
  });

  test.each([
    { what: "a link", use: posix(0o120777), type: "link" },
    { what: "a link without attributes", use: [...entry("SL", 6, [])], type: "link" },
    { what: "a character device", use: posix(0o020644), type: "device" },
    { what: "a socket", use: posix(0o140644), type: "device" },
    { what: "a file", use: posix(0o100644), type: "file" },
    { what: "a directory that the record says is none", use: posix(0o040755), type: "file" },
  ])("tells $what", ({ use, type }) => {
    const disc = open(withSystemUse(use));
    const found = disc.find("plain") ?? expect.fail();
    expect(found).toMatchObject({ type, isDirectory: false });
    if (type === "file") expect(disc.open(found).sizeBytes).toBe(0);
    else expect(() => disc.open(found)).toThrow(code("DISC_NOT_A_FILE", type));
  });

  test("hides what was moved, and shows it where it belongs", () => {
    // SUPPORT/X86 is moved: its own record is marked, and the file LAST.TXT stands for it.
    const bytes = image.bytes.slice();
    const moved = new DirectoryRecord(new DataView(bytes.buffer), image.places.get("iso:SUPPORT/X86"));
    const link = image.places.get("iso:LAST.TXT") ?? expect.fail();
    const useAt = (at: number) => at + DirectoryRecord.sizeBytes + 5 + (bytes[at + 32] === 5 ? 0 : 1);
    bytes.set(entry("RE", 4, []), useAt(moved.at));
    bytes.set([...entry("CL", 12, []).subarray(0, 4), ...u32(moved.block)], useAt(link));
    const disc = open(bytes);
    expect(paths(disc)).toEqual([
      "AUTORUN.INF",
      "EMPTY",
      "SUPPORT",
      "SUPPORT/AMD64",
      "SUPPORT/AMD64/SETUP.EXE",
      "SUPPORT/AMD64/WINDOWS6.CAB",
      "SUPPORT/NONE",
      "LAST.TXT",
      "LAST.TXT/SETUP.EXE",
    ]);
    expect(disc.find("last.txt/setup.exe")?.sizeBytes).toBe(3000);
  });

  test("says when a file was changed", () => {
    const time = [112, 3, 4, 5, 6, 7, 0];
    const stamps = (flags: number) => [...entry("TF", 19, [flags, ...time, ...time.with(1, 9)])];
    const modified = (use: readonly number[]) => open(withSystemUse(use)).find("plain")?.modified;
    expect(modified(stamps(3))).toBe("2012-09-04T05:06:07Z");
    expect(modified(stamps(6))).toBe("2012-03-04T05:06:07Z");
    // Neither a time of access nor one of 17 bytes: that of the record.
    expect(modified(stamps(4))).toBe("2012-03-04T03:06:07Z");
    expect(modified(stamps(0x83))).toBe("2012-03-04T03:06:07Z");
  });

  test("refuses files that are compressed", () => {
    const disc = open(withSystemUse([...entry("ZF", 16, [0x70, 0x7a])]));
    const found = disc.find("plain") ?? expect.fail();
    expect(() => disc.open(found)).toThrow(code("ISO_UNSUPPORTED", "zisofs"));
  });

  test("may begin behind bytes of another use", () => {
    const sharing = [...entry("SP", 7, [0xbe, 0xef, 6]), ...posix(0o040755)];
    expect(paths(open(withSystemUse([9, 9, 9, 9, 9, 9, ...name("name")], sharing)))).toEqual(["name"]);
  });

  test.each([
    { what: "no sharing indicator", sharing: posix(0o040755) },
    { what: "a wrong one", sharing: [...entry("SP", 7, [0xbe, 0xee, 0]), ...posix(0o040755)] },
    { what: "one, and none of its entries", sharing: [...entry("SP", 7, [0xbe, 0xef, 0])] },
  ])("is not there with $what", ({ sharing }) => {
    const disc = open(withSystemUse(name("name"), sharing));
    expect([disc.kind, paths(disc)]).toEqual(["iso9660", ["PLAIN"]]);
  });

  test("has its own root", () => {
    expect(open(image.bytes).kind).toBe("rock-ridge");
    expect(open(patched(image.bytes, root + 34, 0x58)).kind).toBe("iso9660");
  });
});

/** A disc of sectors that are made as they are read: as large as one likes, and with nothing in it twice. */
class MadeDisc implements ByteSource {
  readonly sizeBytes = 2 ** 42;
  readonly #directory: (sector: number) => Uint8Array;
  readonly #head: Uint8Array;
  reads = 0;

  constructor(rootSizeBytes: number, directory: (sector: number) => Uint8Array) {
    this.#directory = directory;
    const { bytes } = buildIso({ tree: {} });
    const at = PRIMARY + VolumeDescriptor.offsetOf.root;
    bytes.set(isoRecord({ ...SELF, block: 100, sizeBytes: rootSizeBytes }), at);
    this.#head = bytes.subarray(0, 18 * SECTOR);
  }

  read(offset: number, length: number): DataView {
    checkRange("the disc", this.sizeBytes, offset, length);
    this.reads++;
    const bytes = new Uint8Array(SECTOR);
    const inHead = this.#head.subarray(offset, offset + length);
    bytes.set(offset < this.#head.length ? inHead.subarray(0, SECTOR) : this.#directory(offset / SECTOR));
    return new DataView(bytes.buffer, 0, length);
  }
}

const SELF = { name: Uint8Array.of(0), flags: RECORD_FLAGS.directory };
const self = isoRecord({ ...SELF, block: 0, sizeBytes: SECTOR });
const folder = (name: string, block: number, sizeBytes: number) =>
  isoRecord({ name: Buffer.from(name), flags: RECORD_FLAGS.directory, block, sizeBytes });

describe("a hostile disc", () => {
  test("with a directory in itself is listed once", () => {
    const disc = open(withRecord("SUPPORT/NONE", { block: ROOT / SECTOR }));
    expect(paths(disc)).toEqual(flatten(TREE).map(([path]) => path));
    expect(disc.findings).toMatchObject([{ code: "DISC_LOOP", where: { path: "SUPPORT/NONE" } }]);
    // Going round on purpose is another matter, and ends with the path.
    expect(disc.find("SUPPORT/NONE/SUPPORT/NONE/LAST.TXT")?.sizeBytes).toBe(7);
  });

  test("without a last level is listed to the limit, and found to any depth", () => {
    const deep = new MadeDisc(SECTOR, (sector) => Buffer.concat([self, folder("D", sector + 1, SECTOR)]));
    const disc = DiscImage.open(deep);
    expect([...disc.list()]).toHaveLength(128);
    expect(codes(disc)).toEqual(["LIMIT_EXCEEDED"]);
    expect(disc.find("D/".repeat(10_000))?.path).toHaveLength(19_999);
  });

  test("with directories that branch without end is listed as far as one likes, depth first", () => {
    const next = (sector: number) => 1000 + ((sector * 2) % 2 ** 27);
    const bushy = new MadeDisc(SECTOR, (sector) =>
      Buffer.concat([self, folder("A", next(sector), SECTOR), folder("B", next(sector) + 1, SECTOR)]),
    );
    const disc = DiscImage.open(bushy);
    let count = 0;
    for (const _ of disc.list()) if (++count === 2000) break;
    expect(count).toBe(2000);
    expect(bushy.reads).toBeLessThan(2100);
  });

  test("with a directory of 4 GiB is refused before it is read", () => {
    const huge = new MadeDisc(0xffff_f800, () => self);
    expect(() => DiscImage.open(huge)).toThrow(code("LIMIT_EXCEEDED"));
    expect(huge.reads).toBeLessThan(20);
  });

  test("with many large directories that say nothing is read as far as a listing may", () => {
    const large = 15 * 2 ** 20;
    const root = Buffer.concat([
      self,
      ...Array.from({ length: 40 }, (_, index) => folder(`D${index}`, 1000 + index, large)),
    ]);
    const made = new MadeDisc(SECTOR, (sector) => (sector === 100 ? root : self));
    const disc = DiscImage.open(made);
    expect([...disc.list()]).toHaveLength(40);
    expect(disc.findings.map(({ code }) => code)).toEqual(Array.from({ length: 36 }, () => "LIMIT_EXCEEDED"));
    expect(made.reads).toBeLessThan((5 * large) / SECTOR);
  });

  test("with damage everywhere has a hundred findings", () => {
    const root = Buffer.concat([
      self,
      ...Array.from({ length: 45 }, (_, index) => folder(`D${index}`, 1000 + index, 6 * SECTOR)),
    ]);
    const bad = Buffer.concat([self, ...Array.from({ length: 45 }, () => folder("/", 1, SECTOR))]);
    const disc = DiscImage.open(new MadeDisc(SECTOR, (sector) => (sector === 100 ? root : bad)));
    let count = 0;
    for (const _ of disc.list()) if (++count > 5000) break;
    expect(disc.findings).toHaveLength(100);
  });

  test("gives the same or a typed error for any changed bytes", () => {
    const { bytes } = buildIso({ tree: TREE, joliet: true, rockRidge: true });
    const { bytes: rockRidge } = buildIso({ tree: TREE, rockRidge: true });
    for (const image of [bytes, rockRidge]) {
      const start = PRIMARY;
      fc.assert(
        fc.property(
          fc.array(
            fc.tuple(fc.nat(image.length - start - 1), fc.constantFrom(0, 1, 2, 34, 0x7f, 0x80, 0xfe, 0xff)),
            {
              maxLength: 8,
            },
          ),
          (changes) => {
            const damaged = image.slice();
            for (const [at, value] of changes) damaged[start + at] = value;
            expect(exhaust(damaged)).toMatch(/^(joliet|iso9660|rock-ridge|ISO_|DISC_|LIMIT_)/);
          },
        ),
        { numRuns: 150 },
      );
    }
  });

  test("gives a typed error or a listing wherever it is cut", () => {
    for (let size = 0; size < plain.bytes.length; size += 511) {
      expect(exhaust(plain.bytes.subarray(0, size))).toMatch(/^(iso9660|DISC_|ISO_)/);
    }
  });
});
