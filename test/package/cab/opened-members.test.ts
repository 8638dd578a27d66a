import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ByteSource, FileSource, MemorySource } from "../../../src/io/index.ts";
import { Cabinet } from "../../../src/package/cab/index.ts";
import {
  buildCabinet,
  buildCabinetSet,
  type LabBlock,
  type LabMember,
  mszip,
  stored,
} from "../../lab/cab.ts";
import { bytesOf, resolverOf } from "./reading.ts";

const content = (size: number, seed = 7) => new Uint8Array(size).map((_, at) => (at * seed) >> 4);
const failure = (code: string) => expect.objectContaining({ code });
const MEMBERS: LabMember[] = [
  { name: "a", bytes: content(1000) },
  { name: "b", bytes: content(100_000, 11) },
];
const BYTES = Buffer.concat(MEMBERS.map(({ bytes }) => bytes ?? new Uint8Array(0)));

function openOnly(source: ByteSource, name: string): ByteSource {
  const cabinet = Cabinet.open(source);
  return cabinet.open(cabinet.find(name) ?? expect.fail(`no ${name}`));
}

function withFile(bytes: Uint8Array, work: (source: FileSource, path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "vmguest-cab-"));
  try {
    const path = join(folder, "a.cab");
    writeFileSync(path, bytes);
    const source = FileSource.open(path);
    try {
      work(source, path);
    } finally {
      source.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a stored member", () => {
  test("is a window on its cabinet, where a block has all of a range", () => {
    const bytes = buildCabinet({ folders: [{ members: MEMBERS }] });
    const view = openOnly(new MemorySource(bytes), "b").read(100, 50);
    expect(view.buffer).toBe(bytes.buffer);
    expect(Buffer.from(view.buffer, view.byteOffset, 50).equals(BYTES.subarray(1100, 1150))).toBe(true);
  });

  test("can be read in any pieces", () => {
    const source = openOnly(new MemorySource(buildCabinet({ folders: [{ members: MEMBERS }] })), "b");
    for (const [offset, length] of [
      [99_999, 1],
      [0, 0],
      [31_767, 2],
      [31_000, 69_000],
      [0, 100_000],
      [100_000, 0],
    ] as const) {
      const view = source.read(offset, length);
      const got = Buffer.from(view.buffer, view.byteOffset, length);
      expect(got.equals(BYTES.subarray(1000 + offset, 1000 + offset + length))).toBe(true);
    }
    expect(() => source.read(99_999, 2)).toThrow(failure("OUT_OF_BOUNDS"));
  });

  test("knows where in the file of the host its bytes are", () => {
    withFile(buildCabinet({ folders: [{ members: MEMBERS }], dataReserveBytes: 5 }), (source, path) => {
      const member = openOnly(source, "b");
      for (const offset of [0, 30_000, 31_768, 99_000]) {
        const view = member.read(offset, 1000);
        const origin = member.originOf?.(offset, 1000) ?? expect.fail("no origin");
        expect(origin.file).toBe(path);
        expect(bytesOf(new MemorySource(new Uint8Array(view.buffer, view.byteOffset, 1000)))).toEqual(
          Buffer.from(
            source.read(origin.offset, 1000).buffer,
            source.read(origin.offset, 1000).byteOffset,
            1000,
          ),
        );
      }
      expect(member.originOf?.(31_767, 2)).toBeUndefined();
      expect(member.originOf?.(0, 0)).toBeUndefined();
    });
  });

  test("costs the reading of the blocks that are touched, and of the headers before them", () => {
    const bytes = buildCabinet({ folders: [{ members: [{ name: "large", bytes: content(40 * 32_768) }] }] });
    let readBytes = 0;
    const inner = new MemorySource(bytes);
    const member = openOnly(
      {
        sizeBytes: inner.sizeBytes,
        read: (offset, length) => {
          readBytes += length;
          return inner.read(offset, length);
        },
      },
      "large",
    );
    readBytes = 0;
    member.read(39 * 32_768, 10);
    expect(readBytes).toBeLessThan(40 * 8 + 32_768 + 100);
    readBytes = 0;
    member.read(39 * 32_768 + 500, 10);
    expect(readBytes).toBe(10);
  });

  test("may lie in several cabinets", () => {
    const cuts = [
      { folder: 0, block: 1, byte: 5 },
      { folder: 0, block: 2, byte: 32_000 },
    ];
    const parts = buildCabinetSet([{ members: MEMBERS }], { cuts });
    const first = new MemorySource(parts.get("part1.cab") ?? expect.fail());
    const cabinet = Cabinet.open(first, { resolvePart: resolverOf(parts) });
    const member = cabinet.open(cabinet.find("b") ?? expect.fail());
    expect(bytesOf(member).equals(BYTES.subarray(1000))).toBe(true);
    const view = member.read(31_770, 10);
    expect(Buffer.from(view.buffer, view.byteOffset, 10).equals(BYTES.subarray(32_770, 32_780))).toBe(true);
  });

  const blocks = stored.encode(BYTES);
  const changed = (index: number, fields: LabBlock["fields"]) =>
    blocks.map((block, at) => (at === index && fields ? { ...block, fields } : block));

  test.each([
    { what: "a wrong checksum", blocks: changed(1, { checksum: 5 }), code: "CAB_CHECKSUM" },
    { what: "a size that is not that of its data", blocks: changed(1, { outputSize: 5 }), code: "CAB_BLOCK" },
    { what: "a size above 32 KiB", blocks: changed(1, { outputSize: 0x8001 }), code: "CAB_BLOCK" },
    { what: "an end in another cabinet", blocks: changed(1, { outputSize: 0 }), code: "CAB_BLOCK" },
    { what: "an end in a next cabinet", blocks: changed(3, { outputSize: 0 }), code: "CAB_SET_INCOMPLETE" },
    { what: "no last block", blocks: blocks.slice(0, -1), code: "CAB_MEMBER_RANGE" },
  ])("is refused where a block has $what, and only there", ({ blocks, code }) => {
    const source = openOnly(new MemorySource(buildCabinet({ folders: [{ members: MEMBERS, blocks }] })), "b");
    expect(source.read(0, 10).byteLength).toBe(10);
    expect(() => source.read(0, 100_000)).toThrow(failure(code));
    expect(() => source.read(0, 100_000)).toThrow(failure(code));
    expect(source.read(0, 10).byteLength).toBe(10);
  });

  test("takes no memory for what the list of members promises", () => {
    const members = [{ name: "a", bytes: content(10), fields: { sizeBytes: 0xffff_ffff } }];
    const source = openOnly(new MemorySource(buildCabinet({ folders: [{ members }] })), "a");
    expect(source.sizeBytes).toBe(0xffff_ffff);
    expect(() => source.read(0, 0xffff_ffff)).toThrow(failure("CAB_MEMBER_RANGE"));
  });
});

describe("a compressed member", () => {
  const cabinetOf = (members: LabMember[]) =>
    Cabinet.open(new MemorySource(buildCabinet({ folders: [{ encoder: mszip, members }] })));

  test("is unpacked at the first read, and not again", () => {
    const bytes = buildCabinet({ folders: [{ encoder: mszip, members: MEMBERS }] });
    const inner = new MemorySource(bytes);
    let reads = 0;
    const read = (offset: number, length: number) => {
      reads++;
      return inner.read(offset, length);
    };
    const member = openOnly({ sizeBytes: inner.sizeBytes, read }, "b");
    const before = reads;
    expect(bytesOf(member).equals(BYTES.subarray(1000))).toBe(true);
    const after = reads;
    expect(after).toBeGreaterThan(before);
    expect(bytesOf(member).equals(BYTES.subarray(1000))).toBe(true);
    expect(reads).toBe(after);
    expect(member.originOf?.(0, 1)).toBeUndefined();
    expect(() => member.read(100_000, 1)).toThrow(failure("OUT_OF_BOUNDS"));
  });

  test("takes no memory for what the list of members promises", () => {
    const cabinet = cabinetOf([{ name: "a", bytes: content(10), fields: { sizeBytes: 2 ** 27 } }]);
    expect(() => cabinet.open(cabinet.members[0] ?? expect.fail()).read(0, 10)).toThrow(
      failure("CAB_MEMBER_RANGE"),
    );
  });

  test("can be read in pieces where it is too large to be held in memory, forwards and back", () => {
    const bytes = Buffer.alloc(34 * 2 ** 20);
    for (let at = 0; at < bytes.length; at += 1024) bytes.writeUInt32LE(at, at);
    const members = [
      { name: "small", bytes: content(5, 3) },
      { name: "large", bytes },
    ];
    const built = buildCabinet({ folders: [{ encoder: mszip, members }] });
    const cabinet = Cabinet.open(new MemorySource(built), { limits: { keptBytes: 2 ** 20 } });
    const large = cabinet.open(cabinet.find("large") ?? expect.fail());
    for (const offset of [0, 2 ** 20, 33 * 2 ** 20, 32 * 2 ** 20, 17, 34 * 2 ** 20 - 500_000]) {
      const view = large.read(offset, 500_000);
      const wanted = bytes.subarray(offset, offset + 500_000);
      expect(Buffer.from(view.buffer, view.byteOffset, 500_000).equals(wanted), `at ${offset}`).toBe(true);
    }
    expect(large.read(bytes.length, 0).byteLength).toBe(0);
    expect(() => large.read(bytes.length, 1)).toThrow(failure("OUT_OF_BOUNDS"));
  });

  test("shares the unpacking of its folder with the others", () => {
    const members = Array.from({ length: 200 }, (_, index) => ({
      name: `${index}`,
      bytes: content(5000, index),
    }));
    const limits = { totalBytes: 200 * 5000 };
    const bytes = buildCabinet({ folders: [{ encoder: mszip, members }] });
    const cabinet = Cabinet.open(new MemorySource(bytes), { limits });
    for (const index of [199, 0, 100, 7, 198]) {
      const member = cabinet.members[index] ?? expect.fail();
      expect(bytesOf(cabinet.open(member)).equals(content(5000, index))).toBe(true);
    }
  });

  test("must be one of the cabinet it is opened from", () => {
    const [one, other] = [cabinetOf(MEMBERS), cabinetOf(MEMBERS)];
    expect(() => one.open(other.members[0] ?? expect.fail())).toThrow(failure("USAGE"));
  });
});
