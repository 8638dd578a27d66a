import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { Cabinet, type CabinetOptions } from "../../../src/package/cab/index.ts";
import {
  buildCabinet,
  buildCabinetSet,
  type LabBlock,
  type LabCabinet,
  type LabFolder,
  mszip,
  SIGNATURE_ROOM,
  stored,
} from "../../lab/cab.ts";
import { openAll, readAll, resolverOf } from "./reading.ts";

const content = (size: number, seed = 7) => new Uint8Array(size).map((_, at) => (at * seed) >> 4);
const BYTES = content(40_000);
const MEMBER = { name: "a", bytes: BYTES };
const ONE: LabFolder = { members: [MEMBER] };
const code = (code: string, message?: string) =>
  expect.objectContaining({
    code,
    ...(message !== undefined && { message: expect.stringContaining(message) }),
  });
const openBytes = (bytes: Uint8Array, options: CabinetOptions = {}) =>
  Cabinet.open(new MemorySource(bytes), options);
const open = (cabinet: LabCabinet, options: CabinetOptions = {}) => openBytes(buildCabinet(cabinet), options);

describe("a file that cannot be opened", () => {
  test.each([
    { what: "nothing", bytes: [] },
    { what: "three bytes", bytes: [0x4d, 0x53, 0x43] },
    { what: "a program", bytes: [0x4d, 0x5a, 0x90, 0] },
  ])("is CAB_NOT with $what", ({ bytes }) => {
    expect(() => openBytes(Uint8Array.from(bytes))).toThrow(code("CAB_NOT"));
  });

  test.each([
    { fields: { majorVersion: 0 }, is: "CAB_NOT" },
    { fields: { majorVersion: 2 }, is: "CAB_NOT" },
    { fields: { folderCount: 0 }, is: "CAB_HEADER" },
    { fields: { fileCount: 0 }, is: "CAB_HEADER" },
    { fields: { sizeBytes: 0 }, is: "CAB_HEADER" },
    { fields: { sizeBytes: 44 }, is: "CAB_HEADER" },
    { fields: { sizeBytes: 50 }, is: "CAB_TRUNCATED" },
    { fields: { filesOffset: 0 }, is: "CAB_HEADER" },
    { fields: { filesOffset: 43 }, is: "CAB_HEADER" },
    { fields: { filesOffset: 0xffff_ffff }, is: "CAB_HEADER" },
    { fields: { folderCount: 65_535 }, is: "CAB_HEADER" },
    {
      fields: { folderCount: 65_535, filesOffset: 0xffff_fff0, sizeBytes: 0xffff_ffff },
      is: "CAB_TRUNCATED",
    },
    { fields: { filesOffset: 0x0010_0000, sizeBytes: 0x0020_0000 }, is: "CAB_TRUNCATED" },
    { fields: { fileCount: 65_535 }, is: "CAB_TRUNCATED" },
    { fields: { flags: 7 }, is: "CAB_TRUNCATED" },
  ])("is $is with $fields", ({ fields, is }) => {
    const compact = buildCabinet({ folders: [{ members: [{ name: "a" }], blocks: [] }], fields });
    expect(() => openBytes(compact)).toThrow(code(is));
  });

  test("is CAB_HEADER with a reserved area of more than 60,000 bytes", () => {
    expect(() => open({ folders: [ONE], headerReserve: new Uint8Array(60_001) })).toThrow(code("CAB_HEADER"));
    expect(open({ folders: [ONE], headerReserve: new Uint8Array(60_000) }).members).toHaveLength(1);
  });

  test.each([
    { length: 255, is: undefined },
    { length: 256, is: "CAB_HEADER" },
  ])("is $is with a neighbour whose name has $length bytes", ({ length, is }) => {
    const cabinet = { folders: [ONE], next: { name: "n".repeat(length) } };
    if (is === undefined) expect(open(cabinet).members).toHaveLength(1);
    else expect(() => open(cabinet)).toThrow(code(is));
  });

  test.each([
    { length: 255, is: undefined },
    { length: 256, is: "CAB_MEMBER" },
    { length: 70_000, is: "CAB_MEMBER" },
  ])("is $is with a member whose name has $length bytes", ({ length, is }) => {
    const cabinet = { folders: [{ members: [{ name: "n".repeat(length) }, { name: "b" }] }] };
    if (is === undefined) expect(open(cabinet).members).toHaveLength(2);
    else expect(() => open(cabinet)).toThrow(code(is));
  });

  test.each([1, 2, 0x8000, 0xfffc])("is CAB_MEMBER with a member in folder %i of one", (folder) => {
    const cabinet = { folders: [{ members: [{ name: "a" }, { name: "b", fields: { folder } }] }] };
    expect(() => open(cabinet)).toThrow(code("CAB_MEMBER", `"b" lies in folder ${folder}`));
    expect(open(cabinet, { isSalvaging: true }).members.map(({ name }) => name)).toEqual(["a"]);
  });

  test("is a typed error or a shorter cabinet wherever it is cut", () => {
    const whole = buildCabinet({
      folders: [{ encoder: mszip, members: [{ name: "a", bytes: content(100) }, { name: "b" }] }],
      headerReserve: SIGNATURE_ROOM,
      next: { name: "b.cab", disk: "2" },
    });
    for (let size = 0; size < whole.length; size++) {
      const isTyped = expect.objectContaining({ code: expect.stringMatching(/^CAB_(NOT|TRUNCATED)$/) });
      expect(() => readAll(openBytes(whole.subarray(0, size))), `cut to ${size} bytes`).toThrow(isTyped);
    }
  });
});

describe("a cabinet whose header lies about its size", () => {
  const sizeBytes = buildCabinet({ folders: [ONE] }).length;

  test("is read, with a finding, where the file is longer", () => {
    const cabinet = open({ folders: [ONE], appended: new Uint8Array(100) });
    expect(cabinet.findings.map(({ code }) => code)).toEqual(["CAB_APPENDED"]);
    expect(readAll(cabinet)).toHaveLength(1);
  });

  test("is read, with a finding, where only the number is too large", () => {
    const cabinet = open({ folders: [ONE], fields: { sizeBytes: 0xffff_ffff } });
    expect(cabinet.findings).toEqual([code("CAB_TRUNCATED", "4294967295 bytes")]);
    expect(readAll(cabinet)).toHaveLength(1);
  });

  test("has no data behind its end, though the file has", () => {
    const cabinet = open({ folders: [ONE], fields: { sizeBytes: sizeBytes - 1 } });
    expect(() => readAll(cabinet)).toThrow(code("CAB_TRUNCATED"));
    expect(() => openAll(cabinet)).toThrow(code("CAB_TRUNCATED"));
  });
});

describe("a folder whose data cannot be read", () => {
  const folder = (fields: LabFolder["fields"], rest: Partial<LabFolder> = {}): LabCabinet => ({
    folders: [{ ...ONE, ...rest, ...(fields && { fields }) }],
  });
  const block = (fields: LabBlock["fields"], data: Uint8Array = content(100)): LabCabinet => {
    const blocks = [{ data, outputSize: data.length, ...(fields && { fields }) }];
    return { folders: [{ members: [{ name: "a", bytes: content(100) }], blocks }] };
  };

  test.each([
    { what: "no blocks", cabinet: folder({ blockCount: 0 }), is: "CAB_MEMBER_RANGE" },
    { what: "a block too few", cabinet: folder({ blockCount: 1 }), is: "CAB_MEMBER_RANGE" },
    {
      what: "data at the end of the file",
      cabinet: folder({ dataOffset: 0xffff_fff8 }),
      is: "CAB_TRUNCATED",
    },
    {
      what: "data behind all that 32 bits reach",
      cabinet: folder({ dataOffset: 0xffff_ffff }),
      is: "CAB_TRUNCATED",
    },
    { what: "data in the header", cabinet: folder({ dataOffset: 0 }), is: "CAB_MEMBER_RANGE" },
    { what: "a method that does not exist", cabinet: folder({ compression: 4 }), is: "CAB_METHOD" },
    { what: "method 15", cabinet: folder({ compression: 15 }), is: "CAB_METHOD" },
    { what: "LZX with a window of 2^14", cabinet: folder({ compression: 0x0e03 }), is: "CAB_METHOD" },
    { what: "LZX with a window of 2^22", cabinet: folder({ compression: 0x1603 }), is: "CAB_METHOD" },
    { what: "LZX with a window of 2^31", cabinet: folder({ compression: 0x1f03 }), is: "CAB_METHOD" },
    { what: "Quantum with a window of 2^9", cabinet: folder({ compression: 0x0902 }), is: "CAB_METHOD" },
    { what: "Quantum with a window of 2^22", cabinet: folder({ compression: 0x1602 }), is: "CAB_METHOD" },
    { what: "stored data that is to be MSZIP", cabinet: folder({ compression: 1 }), is: "MSZIP_CORRUPT" },
    {
      what: "MSZIP that is to be stored",
      cabinet: folder({ compression: 0 }, { encoder: mszip }),
      is: "CAB_BLOCK",
    },
    { what: "a block of 65,535 bytes", cabinet: block({ sizeBytes: 0xffff }), is: "CAB_BLOCK" },
    { what: "a block of 38,913 bytes", cabinet: block({ sizeBytes: 38_913 }), is: "CAB_BLOCK" },
    { what: "a block longer than the file", cabinet: block({ sizeBytes: 38_912 }), is: "CAB_TRUNCATED" },
    { what: "a block that unpacks to 65,535", cabinet: block({ outputSize: 0xffff }), is: "CAB_BLOCK" },
    { what: "a block that unpacks to 32,769", cabinet: block({ outputSize: 0x8001 }), is: "CAB_BLOCK" },
    { what: "a block without data", cabinet: block({}, new Uint8Array(0)), is: "CAB_MEMBER_RANGE" },
    { what: "data of no size", cabinet: block({ sizeBytes: 0, checksum: 0 }), is: "CAB_BLOCK" },
    { what: "a block that goes on nowhere", cabinet: block({ outputSize: 0 }), is: "CAB_SET_INCOMPLETE" },
    { what: "a wrong checksum", cabinet: block({ checksum: 1 }), is: "CAB_CHECKSUM" },
  ])("is $is with $what", ({ cabinet, is }) => {
    const read = open(cabinet);
    expect(read.members).toHaveLength(1);
    expect(() => readAll(read)).toThrow(code(is));
    expect(() => openAll(open(cabinet))).toThrow(code(is));
    expect(() => readAll(open(cabinet, { isSalvaging: true }))).not.toThrow();
  });

  test("tells where", () => {
    const second = stored
      .encode(BYTES)
      .map((block, index) => ({ ...block, ...(index === 1 && { fields: { checksum: 1 } }) }));
    try {
      readAll(open({ folders: [{ members: [{ name: "b" }] }, { ...ONE, blocks: second }] }));
      expect.fail("no error");
    } catch (error) {
      expect(error).toMatchObject({
        code: "CAB_CHECKSUM",
        where: { structure: "CFDATA 1 of folder 1", offset: expect.any(Number) },
      });
    }
  });

  test.each([
    { folderOffset: 0, sizeBytes: 40_001 },
    { folderOffset: 40_000, sizeBytes: 1 },
    { folderOffset: 0xffff_ffff, sizeBytes: 0xffff_ffff },
    { folderOffset: 0, sizeBytes: 0xffff_ffff },
    { folderOffset: 0x8000_0000, sizeBytes: 1 },
  ])("is CAB_MEMBER_RANGE with a member at $folderOffset of $sizeBytes bytes", (fields) => {
    for (const encoder of [stored, mszip]) {
      const cabinet = { folders: [{ encoder, members: [MEMBER, { name: "b", fields }] }] };
      const isMember = code(
        encoder === mszip && fields.sizeBytes > 2 ** 28 ? "CAB_LIMIT" : "CAB_MEMBER_RANGE",
      );
      expect(() => readAll(open(cabinet))).toThrow(code("CAB_MEMBER_RANGE"));
      expect(() => openAll(open(cabinet))).toThrow(isMember);
    }
  });

  test("is read where blocks have fewer bytes than they could, or none", () => {
    const blocks = [1, 0, 99, 0].map((size, index) => ({
      data: content(100).subarray(index === 0 ? 0 : 1, (index === 0 ? 0 : 1) + size),
      outputSize: size,
    }));
    const cabinet = { folders: [{ members: [{ name: "a", bytes: content(100) }], blocks }] };
    expect(readAll(open(cabinet))).toEqual(
      readAll(open({ folders: [{ members: [{ name: "a", bytes: content(100) }] }] })),
    );
    expect(openAll(open(cabinet))).toEqual(readAll(open(cabinet)));
  });
});

describe("any damage", () => {
  const members = [
    { name: "dir\\a", bytes: content(300) },
    { name: "ü", bytes: content(33_000, 3) },
    { name: "c" },
  ];
  const folders: LabFolder[] = [
    { encoder: mszip, members },
    { members: [{ name: "d", bytes: content(100) }] },
  ];
  const parts = buildCabinetSet(folders, { cuts: [{ folder: 0, block: 1, byte: 20 }] });
  const whole = buildCabinet({ folders, headerReserve: SIGNATURE_ROOM, dataReserveBytes: 2 });
  /** Most flips are to hit the headers, which are at the begin. */
  const place = fc.oneof(fc.nat(200), fc.nat(whole.length - 1));
  const flips = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 });

  const damaged = (bytes: Uint8Array, flips: readonly (readonly [number, number])[]) => {
    const copy = Uint8Array.from(bytes);
    for (const [offset, value] of flips) copy[offset % copy.length] = value;
    return copy;
  };
  const outcome = (work: () => unknown) => {
    try {
      work();
      return "fine";
    } catch (error) {
      if (error instanceof VmguestError) return error.code;
      throw error;
    }
  };

  test("gives members or a typed error", () => {
    fc.assert(
      fc.property(flips, fc.boolean(), (flips, isSalvaging) => {
        const bytes = damaged(whole, flips);
        for (const read of [readAll, openAll])
          expect(outcome(() => read(openBytes(bytes, { isSalvaging })))).toMatch(
            /^fine$|^CAB_|^MSZIP_|^LZX_|^QUANTUM_/,
          );
      }),
      { numRuns: 300 },
    );
  });

  test("of one cabinet of a set does no more either", () => {
    const names = [...parts.keys()];
    fc.assert(
      fc.property(flips, fc.nat(1), fc.nat(1), (flips, hit, opened) => {
        const changed = new Map(
          [...parts].map(([name, bytes], index) => [name, index === hit ? damaged(bytes, flips) : bytes]),
        );
        const bytes = changed.get(names[opened] ?? "") ?? expect.fail();
        expect(outcome(() => readAll(openBytes(bytes, { resolvePart: resolverOf(changed) })))).toMatch(
          /^fine$|^CAB_|^MSZIP_|^LZX_|^QUANTUM_/,
        );
      }),
      { numRuns: 200 },
    );
  });

  test("of the data is found by the checksums", () => {
    const dataOffset = new DataView(whole.buffer, whole.byteOffset).getUint32(60, true);
    fc.assert(
      fc.property(
        fc.integer({ min: dataOffset, max: whole.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, mask) => {
          const bytes = Uint8Array.from(whole);
          bytes[at] = (bytes[at] ?? 0) ^ mask;
          const isReserve = bytes.length === whole.length && readsTheSame(bytes);
          expect(isReserve || outcome(() => readAll(openBytes(bytes))) !== "fine").toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  /** Bytes of reserved areas count for nothing, and a checksum of 0 is none. */
  const readsTheSame = (bytes: Uint8Array) => {
    try {
      return readAll(openBytes(bytes)).join() === readAll(openBytes(whole)).join();
    } catch {
      return false;
    }
  };
});
