import { utils, write } from "cfb";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { readMsi } from "../../../src/package/index.ts";
import { readCompoundFile } from "../../../src/package/msi/compound-file.ts";
import { CompoundHeader, DirectoryEntry } from "../../../src/package/msi/layout.ts";
import { buildCompound, type LabCompound, MSI_CLASS } from "../../lab/compound.ts";
import { buildMsi } from "../../lab/msi.ts";

const read = (bytes: Uint8Array) => readCompoundFile(new MemorySource(bytes));
const code = (code: unknown, message = "") =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

/** Bytes that differ from place to place. */
function content(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 7 + seed) % 251;
  return bytes;
}

/** Streams in a form that is quick to compare. */
const textsOf = (streams: Iterable<readonly [name: string, data: Uint8Array]>) =>
  new Map(Array.from(streams, ([name, data]) => [name, Buffer.from(data).toString("latin1")]));

/** Streams on both sides of every limit: empty, in mini sectors, in sectors. */
const STREAMS = {
  empty: content(0),
  one: content(1, 2),
  mini: content(64, 3),
  minis: content(4095, 4),
  cutoff: content(4096, 5),
  large: content(20_000, 6),
};

/** Random but always the same order. */
function shuffled(sectors: readonly number[]): number[] {
  return sectors.toSorted((a, b) => ((a * 7919) % 1009) - ((b * 7919) % 1009));
}

describe("readCompoundFile", () => {
  test.each<{ what: string; lab: Partial<LabCompound> }>([
    { what: "sectors of 512 bytes", lab: {} },
    { what: "sectors of 4096 bytes", lab: { sectorSize: 4096 } },
    { what: "sectors in any order", lab: { arrange: shuffled } },
    { what: "sectors in any order, of 4096 bytes", lab: { sectorSize: 4096, arrange: shuffled } },
    { what: "sectors that run backwards", lab: { arrange: (sectors) => sectors.toReversed() } },
  ])("gives all streams of a file with $what", ({ lab }) => {
    const { classId, streams } = read(buildCompound({ streams: STREAMS, ...lab }));
    expect(classId).toBe(MSI_CLASS);
    expect(textsOf(streams)).toEqual(textsOf(Object.entries(STREAMS)));
  });

  test("reads the FAT of a file with more than 109 FAT sectors", () => {
    // 109 FAT sectors hold 13,952 sectors of 512 bytes.
    const body = content(15_000 * 512);
    const file = buildCompound({ streams: { body, small: content(100) } });
    expect(new CompoundHeader(new DataView(file.buffer)).difatSectorCount).toBe(1);
    const { streams } = read(file);
    expect(Buffer.compare(streams.get("body") ?? content(0), body)).toBe(0);
    expect(streams.get("small")).toHaveLength(100);
  });

  test("refuses a list of FAT sectors with a gap, which cfb would read in another way", () => {
    const file = buildCompound({ streams: { body: new Uint8Array(15_000 * 512) } });
    const view = new DataView(file.buffer);
    const listAt = (new CompoundHeader(view).firstDifatSector + 1) * 512;
    expect(view.getInt32(listAt + 20 * 4, true)).toBe(-1);
    view.setInt32(listAt + 20 * 4, 7, true);
    expect(() => read(file)).toThrow(code("CFB_DAMAGED", "gap"));
  });

  test("gives the streams of a file that cfb wrote, with a storage among them", () => {
    const container = utils.cfb_new();
    utils.cfb_add(container, "small", Buffer.from(content(500)));
    utils.cfb_add(container, "folder/inner", Buffer.from(content(600)));
    utils.cfb_add(container, "large", Buffer.from(content(9000)));
    const { streams } = read(new Uint8Array(write(container, { type: "buffer" }) as Buffer));
    expect(Uint8Array.from(streams.get("small") ?? [])).toEqual(content(500));
    expect(Uint8Array.from(streams.get("large") ?? [])).toEqual(content(9000));
    expect([...streams.keys()].filter((name) => name === "folder" || name === "inner")).toEqual([]);
  });

  test("makes up for a last sector that is cut short", () => {
    const file = buildCompound({ streams: STREAMS });
    expect(read(file.subarray(0, file.length - 100)).streams.size).toBe(6);
  });

  test("reads back whatever is written", () => {
    const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 30 });
    const data = fc.nat(9000).map((length) => content(length));
    const streams = fc.dictionary(name, data, { maxKeys: 30, noNullPrototype: true });
    const sectorSize = fc.constantFrom<512 | 4096>(512, 4096);
    fc.assert(
      fc.property(streams, sectorSize, fc.boolean(), (streams, sectorSize, isShuffled) => {
        const lab = { streams, sectorSize, ...(isShuffled && { arrange: shuffled }) };
        expect(textsOf(read(buildCompound(lab)).streams)).toEqual(textsOf(Object.entries(streams)));
      }),
      { numRuns: 50 },
    );
  });
});

/** A compound file with handles on its structures, for tests that damage them. */
class Damaged {
  readonly bytes: Uint8Array;
  readonly header: CompoundHeader;
  readonly #view: DataView;

  constructor(lab: Partial<LabCompound> = {}) {
    this.bytes = buildCompound({ streams: STREAMS, ...lab });
    this.#view = new DataView(this.bytes.buffer);
    this.header = new CompoundHeader(this.#view);
  }

  get sectorCount(): number {
    return this.bytes.length / this.#sectorSize - 1;
  }

  get #sectorSize(): number {
    return 2 ** this.header.sectorShift;
  }

  /** The entry of a stream by its place in STREAMS; -1 is the root. */
  entry(index: number): DirectoryEntry {
    const at = (this.header.firstDirectorySector + 1) * this.#sectorSize;
    return new DirectoryEntry(this.#view, at + (index + 1) * DirectoryEntry.sizeBytes);
  }

  setFat(sector: number, next: number): void {
    const [first] = new Int32Array(this.header.difat.slice(0, 4).buffer);
    this.#view.setInt32(((first ?? 0) + 1) * this.#sectorSize + sector * 4, next, true);
  }

  setDifat(index: number, sector: number): void {
    this.#view.setInt32(76 + index * 4, sector, true);
  }

  setMiniFat(sector: number, next: number): void {
    this.#view.setInt32((this.header.firstMiniFatSector + 1) * this.#sectorSize + sector * 4, next, true);
  }
}

/** The streams of STREAMS by place. */
const [ONE, MINI, MINIS, CUTOFF, LARGE] = [1, 2, 3, 4, 5];

describe("a compound file that is not to be trusted", () => {
  test.each<{ what: string; error: string; message?: string; damage: (file: Damaged) => unknown }>([
    { what: "another signature", error: "CFB_NOT", damage: ({ bytes }) => void bytes.set([0xd1]) },
    {
      what: "version 5",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { majorVersion: 5 }),
    },
    {
      what: "sectors of 4096 in version 3",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { sectorShift: 12 }),
    },
    {
      what: "sectors of 2^31",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { sectorShift: 31 }),
    },
    {
      what: "other mini sectors",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { miniSectorShift: 7 }),
    },
    {
      what: "another cut-off",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { miniStreamCutoff: 0 }),
    },
    {
      what: "another byte order",
      error: "CFB_VERSION",
      damage: ({ header }) => Object.assign(header, { byteOrder: 0xfeff }),
    },
    {
      what: "reserved bytes in use",
      error: "CFB_DAMAGED",
      message: "zeros",
      damage: ({ header }) => void header.reserved.set([1]),
    },
    {
      what: "directory sectors counted in version 3",
      error: "CFB_DAMAGED",
      message: "zeros",
      damage: ({ header }) => Object.assign(header, { directorySectorCount: 1 }),
    },
    { what: "no FAT", error: "CFB_DAMAGED", message: "no FAT", damage: (file) => file.setDifat(0, -1) },
    { what: "a FAT beyond the end", error: "CFB_TRUNCATED", damage: (file) => file.setDifat(0, 0x7fffffff) },
    {
      what: "a gap in the list of FAT sectors",
      error: "CFB_DAMAGED",
      message: "gap",
      damage: (file) => file.setDifat(2, 0),
    },
    {
      what: "FAT sectors inside a stream",
      error: "CFB_DAMAGED",
      message: "part of a chain",
      damage: (file) => file.setDifat(1, 0x10),
    },
    {
      what: "a list of FAT sectors that is counted and not there",
      error: "CFB_TRUNCATED",
      damage: ({ header }) => Object.assign(header, { difatSectorCount: 0x7fffffff }),
    },
    {
      what: "a list of FAT sectors that leads to itself",
      error: "CFB_LOOP",
      damage: (file) => {
        file.header.difatSectorCount = 0xffffffff;
        file.header.firstDifatSector = 0;
        const list = new DataView(file.bytes.buffer, 512, 512);
        for (let at = 0; at < 512; at += 4) list.setInt32(at, at === 508 ? 0 : -1, true);
      },
    },
    {
      what: "a list of FAT sectors that is not counted",
      error: "CFB_DAMAGED",
      message: "goes on",
      damage: ({ header }) => Object.assign(header, { firstDifatSector: 0 }),
    },
    {
      what: "a chain that leads to itself",
      error: "CFB_LOOP",
      message: "in two chains",
      damage: (file) => file.setFat(file.entry(LARGE).startSector + 20, file.entry(LARGE).startSector + 3),
    },
    {
      what: "a ring of one sector",
      error: "CFB_LOOP",
      message: "leads back to itself",
      damage: (file) => file.setFat(file.entry(LARGE).startSector, file.entry(LARGE).startSector),
    },
    {
      what: "a directory that never ends",
      error: "CFB_LOOP",
      damage: (file) => file.setFat(file.header.firstDirectorySector + 1, file.header.firstDirectorySector),
    },
    {
      what: "a chain that leads beyond the end",
      error: "CFB_TRUNCATED",
      damage: (file) => file.setFat(file.entry(LARGE).startSector + 5, file.sectorCount),
    },
    {
      what: "a chain that leads to a number without meaning",
      error: "CFB_DAMAGED",
      message: "followed by 2147483648",
      damage: (file) => file.setFat(file.entry(LARGE).startSector + 5, -0x80000000),
    },
    {
      what: "a chain that is too short",
      error: "CFB_DAMAGED",
      message: "stream needs 40 sectors, but has 6",
      damage: (file) => file.setFat(file.entry(LARGE).startSector + 5, -2),
    },
    {
      what: "a directory that is nowhere",
      error: "CFB_DAMAGED",
      message: "directory should",
      damage: ({ header }) => Object.assign(header, { firstDirectorySector: 0xfffffffe }),
    },
    {
      what: "a directory that is a stream",
      error: "CFB_DAMAGED",
      message: "begin with its root",
      damage: (file) => Object.assign(file.header, { firstDirectorySector: file.entry(LARGE).startSector }),
    },
    {
      what: "a directory inside a stream",
      error: "CFB_DAMAGED",
      message: "directory should",
      damage: (file) =>
        Object.assign(file.header, { firstDirectorySector: file.entry(LARGE).startSector + 1 }),
    },
    {
      what: "entries in a ring",
      error: "CFB_LOOP",
      message: "in the tree twice",
      damage: (file) => Object.assign(file.entry(LARGE), { right: 1 }),
    },
    {
      what: "an entry that is its own sibling",
      error: "CFB_LOOP",
      damage: (file) => Object.assign(file.entry(LARGE), { left: LARGE + 1 }),
    },
    {
      what: "an entry below itself",
      error: "CFB_DAMAGED",
      message: "type 5",
      damage: (file) => Object.assign(file.entry(LARGE), { left: 0 }),
    },
    {
      what: "an entry that is not there",
      error: "CFB_DAMAGED",
      message: "entry 2147483647",
      damage: (file) => Object.assign(file.entry(LARGE), { right: 0x7fffffff }),
    },
    {
      what: "an unused entry in the tree",
      error: "CFB_DAMAGED",
      message: "type 0",
      damage: (file) => Object.assign(file.entry(LARGE), { type: 0 }),
    },
    {
      what: "a name of odd size",
      error: "CFB_DAMAGED",
      message: "name of an entry has 7 bytes",
      damage: (file) => Object.assign(file.entry(ONE), { nameSize: 7 }),
    },
    {
      what: "a name beyond its field",
      error: "CFB_DAMAGED",
      message: "name of an entry has 65534 bytes",
      damage: (file) => Object.assign(file.entry(ONE), { nameSize: 0xfffe }),
    },
    {
      what: "a stream of four gigabytes",
      error: "CFB_DAMAGED",
      message: "stream needs 8388608 sectors",
      damage: (file) => Object.assign(file.entry(LARGE), { sizeLow: 0xffffffff }),
    },
    {
      what: "a stream that begins beyond the end",
      error: "CFB_DAMAGED",
      message: "stream should",
      damage: (file) => Object.assign(file.entry(CUTOFF), { startSector: 0x7fffffff }),
    },
    {
      what: "a stream that begins inside another",
      error: "CFB_DAMAGED",
      message: "stream should",
      damage: (file) => Object.assign(file.entry(CUTOFF), { startSector: file.entry(LARGE).startSector + 1 }),
    },
    {
      what: "a small stream beyond the mini stream",
      error: "CFB_DAMAGED",
      message: "breaks after 0",
      damage: (file) => Object.assign(file.entry(MINI), { startSector: 10_000 }),
    },
    {
      what: "a small stream in a ring",
      error: "CFB_DAMAGED",
      message: "breaks after 3",
      damage: (file) => {
        const start = file.entry(MINIS).startSector;
        file.setMiniFat(start + 2, start);
      },
    },
    {
      what: "a small stream that ends too soon",
      error: "CFB_DAMAGED",
      message: "breaks after 3",
      damage: (file) => file.setMiniFat(file.entry(MINIS).startSector + 2, -2),
    },
    {
      what: "a mini FAT that is nowhere",
      error: "CFB_DAMAGED",
      message: "mini FAT should",
      damage: ({ header }) => Object.assign(header, { firstMiniFatSector: 0xffffffff }),
    },
    {
      what: "a mini FAT that is not counted",
      error: "CFB_DAMAGED",
      message: "breaks after 0",
      damage: ({ header }) => Object.assign(header, { miniFatSectorCount: 0 }),
    },
    {
      what: "a mini stream that is nowhere",
      error: "CFB_DAMAGED",
      message: "mini stream should",
      damage: (file) => Object.assign(file.entry(-1), { startSector: 0xffffffff }),
    },
  ])("is $error with $what", ({ error, message, damage }) => {
    const file = new Damaged();
    damage(file);
    expect(() => read(file.bytes)).toThrow(code(error, message));
  });

  test("is CFB_DAMAGED where a stream of version 4 has more than four gigabytes", () => {
    const file = new Damaged({ sectorSize: 4096 });
    file.entry(LARGE).sizeHigh = 1;
    expect(() => read(file.bytes)).toThrow(code("CFB_DAMAGED", "larger than the file"));
  });

  test("may have anything in the upper half of sizes in version 3, which old writers left as it was", () => {
    const file = new Damaged();
    file.entry(LARGE).sizeHigh = 0xcccccccc;
    expect(read(file.bytes).streams.get("large")).toHaveLength(20_000);
  });

  test("is a typed error wherever it is cut, but inside its last sector", () => {
    const file = buildCompound({ streams: STREAMS });
    for (let size = 8; size <= file.length - 512; size += 37) {
      expect(() => read(file.subarray(0, size)), `cut to ${size} bytes`).toThrow(
        code(expect.stringMatching(/^CFB_/)),
      );
    }
  });

  test.each([
    {
      what: "chains that run backwards over half a megabyte",
      bytes: () =>
        buildCompound({ streams: { s: content(600_000) }, arrange: (sectors) => sectors.toReversed() }),
      message: "run backwards",
    },
    {
      what: "more entries than an MSI has",
      bytes: () =>
        buildCompound({
          streams: Object.fromEntries(Array.from({ length: 16_384 }, (_, at) => [`${at}`, content(0)])),
        }),
      message: "16388 entries",
    },
  ])("is LIMIT_EXCEEDED with $what", ({ bytes, message }) => {
    expect(() => read(bytes())).toThrow(code("LIMIT_EXCEEDED", message));
  });

  test("is LIMIT_EXCEEDED with more than 128 MiB, of which only the header is read", () => {
    const header = buildCompound({ streams: {} }).slice(0, 512);
    const source = {
      sizeBytes: 128 * 1024 * 1024 + 1,
      read: (offset: number, length: number) => new DataView(header.buffer, offset, length),
    };
    expect(() => readCompoundFile(source)).toThrow(code("LIMIT_EXCEEDED", "134217729 bytes"));
  });

  test("gives facts or a typed error for any change", () => {
    const images = [
      buildMsi(),
      buildMsi({ properties: { ProductVersion: "1", Long: "x".repeat(9000) }, arrange: shuffled }),
      buildMsi({ properties: { ProductVersion: "1", Long: "x".repeat(9000) }, sectorSize: 4096 }),
    ];
    const place = fc.oneof(fc.nat(511), fc.nat(0xffff));
    const number = fc.oneof(
      fc.constantFrom(0, 1, 0xffffffff, 0xfffffffe, 0x7fffffff, 0x80000000),
      fc.nat(40),
      fc.nat(),
    );
    const change = fc.record({ place, number, isByte: fc.boolean() });
    fc.assert(
      fc.property(
        fc.constantFrom(...images),
        fc.array(change, { minLength: 1, maxLength: 5 }),
        (image, changes) => {
          const damaged = image.slice();
          const view = new DataView(damaged.buffer);
          for (const { place, number, isByte } of changes) {
            const at = place % (damaged.length - 4);
            if (isByte) damaged[at] = number % 256;
            else view.setUint32(at - (at % 4), number, true);
          }
          try {
            expect(readMsi(new MemorySource(damaged)).productVersion).toBeTypeOf("string");
          } catch (error) {
            expect(error).toBeInstanceOf(VmguestError);
            expect((error as VmguestError).code).toMatch(/^(CFB|MSI)_|^LIMIT_EXCEEDED$/);
            expect((error as VmguestError).message).not.toMatch(/^cfb could not/);
          }
        },
      ),
      { numRuns: 800 },
    );
  });
});
