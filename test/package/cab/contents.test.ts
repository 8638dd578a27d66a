import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { Cabinet, type CabinetOptions } from "../../../src/package/cab/index.ts";
import {
  buildCabinet,
  type LabCabinet,
  type LabEncoder,
  type LabMember,
  mszip,
  stored,
} from "../../lab/cab.ts";
import { lzx } from "../../lab/lzx.ts";
import { nameAndDigest, openAll, readAll } from "./reading.ts";

const open = (cabinet: LabCabinet, options: CabinetOptions = {}) =>
  Cabinet.open(new MemorySource(buildCabinet(cabinet)), options);
const content = (size: number, seed = 7) => new Uint8Array(size).map((_, at) => (at * seed) >> 4);
const failure = (code: string) => expect.objectContaining({ code });

/** Members that are ranges of the same content, wherever they begin and end. */
function rangesOf(
  bytes: Uint8Array,
  ranges: readonly (readonly [start: number, end: number])[],
): LabMember[] {
  const whole = { name: "whole", bytes };
  const others = ranges.map(([start, end], index) => ({
    name: `${index}`,
    fields: { folderOffset: start, sizeBytes: end - start },
  }));
  return [whole, ...others];
}

describe("the contents of a folder", () => {
  test("come in the order in which they are stored, not in that of the list", () => {
    const members = rangesOf(content(300), [
      [200, 300],
      [0, 100],
      [100, 200],
    ]).slice(1);
    const cabinet = open({ folders: [{ members, blocks: stored.encode(content(300)) }] });
    expect(cabinet.members.map(({ name }) => name)).toEqual(["0", "1", "2"]);
    expect(readAll(cabinet).map((line) => line.split(" ")[0])).toEqual(["1", "2", "0"]);
  });

  test("are the same for members that overlap, in one pass and opened one by one", () => {
    const bytes = content(100_000);
    const end = fc.nat(bytes.length);
    const ranges = fc.array(fc.tuple(end, end).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const));
    fc.assert(
      fc.property(ranges, fc.constantFrom(stored, mszip), (ranges, encoder) => {
        const members = rangesOf(bytes, ranges);
        const cabinet = open({ folders: [{ encoder, members }] });
        const expected = [
          nameAndDigest("whole", bytes),
          ...ranges.map(([start, end], index) => nameAndDigest(`${index}`, bytes.subarray(start, end))),
        ];
        expect(readAll(cabinet).toSorted()).toEqual(expected.toSorted());
        expect(openAll(cabinet)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test("are unpacked once, as far as they are gone through", () => {
    const bytes = content(10 * 32_768);
    const third = 100_000;
    const members = [0, 1, 2].map((index) => ({
      name: `${index}`,
      bytes: bytes.subarray(index * third, (index + 1) * third),
    }));
    const limits = { totalBytes: 10 * 32_768, ratioFreeBytes: 10 * 32_768 };
    const cabinet = open({ folders: [{ encoder: mszip, members }] }, { limits });
    expect(readAll(cabinet)).toHaveLength(3);
    const tight = { totalBytes: 4 * 32_768 };
    const first = open({ folders: [{ encoder: mszip, members }] }, { limits: tight });
    expect(readAll(first, ({ name }) => name === "0")).toEqual([
      nameAndDigest("0", members[0]?.bytes ?? expect.fail()),
    ]);
    expect(() => readAll(first, ({ name }) => name === "1")).toThrow(failure("CAB_LIMIT"));
  });

  test("may be left aside, and gone on with at the next member", () => {
    const members = [1, 2, 3, 4].map((seed) => ({ name: `${seed}`, bytes: content(50_000, seed) }));
    const cabinet = open({ folders: [{ encoder: mszip, members }] });
    const seen: string[] = [];
    for (const { member, chunks } of cabinet.contents()) {
      if (member.name === "1" || member.name === "4") {
        seen.push(nameAndDigest(member.name, Buffer.concat(Array.from(chunks, (chunk) => chunk.slice()))));
      } else if (member.name === "2") {
        for (const _ of chunks) break;
      }
    }
    expect(seen).toEqual([1, 4].map((seed) => nameAndDigest(`${seed}`, content(50_000, seed))));
  });

  test("are refused in another order than theirs, instead of being wrong", () => {
    const members = [1, 2, 3].map((seed) => ({ name: `${seed}`, bytes: content(50_000, seed) }));
    const [first, , third] = [...open({ folders: [{ members }] }).contents()];
    expect([...(third?.chunks ?? [])].length).toBeGreaterThan(0);
    expect(() => [...(first?.chunks ?? [])]).toThrow(failure("USAGE"));
  });

  test("need no data for members that are empty", () => {
    const members = [{ name: "a" }, { name: "b", fields: { folderOffset: 0xffff_ffff } }];
    const cabinet = open({ folders: [{ members, blocks: [], fields: { dataOffset: 0xffff_ffff } }] });
    expect(readAll(cabinet)).toEqual([nameAndDigest("a"), nameAndDigest("b")]);
    expect(openAll(cabinet)).toEqual([nameAndDigest("a"), nameAndDigest("b")]);
  });

  test("of other folders can be read when those of one cannot", () => {
    const bytes = content(100);
    const blocks = [{ data: bytes, outputSize: 100, fields: { checksum: 1 } }];
    const folders = [{ members: [{ name: "a", bytes }], blocks }, { members: [{ name: "b", bytes }] }];
    const results = Array.from(open({ folders }).contents(), ({ member, chunks }) => {
      try {
        return [member.name, [...chunks].length];
      } catch {
        return [member.name, "damaged"];
      }
    });
    expect(results).toEqual([
      ["a", "damaged"],
      ["b", 1],
    ]);
  });
});

describe("the limits", () => {
  const SMALL = { ratio: 1, ratioFreeBytes: 2 ** 24 };
  const zeros = (size: number) => new Uint8Array(size);
  const bomb = { folders: [{ encoder: mszip, members: [{ name: "zeros", bytes: zeros(4 * 2 ** 20) }] }] };

  test("let a small cabinet grow by any ratio, up to the size that is free", () => {
    expect(readAll(open(bomb))).toEqual([nameAndDigest("zeros", zeros(4 * 2 ** 20))]);
  });

  test.each([
    { what: "a ratio", limits: { ratio: 100, ratioFreeBytes: 2 ** 20 } },
    { what: "a total", limits: { totalBytes: 2 ** 20 } },
  ])("stop at $what, in one pass and opened", ({ limits }) => {
    expect(() => readAll(open(bomb, { limits }))).toThrow(failure("CAB_LIMIT"));
    expect(() => openAll(open(bomb, { limits }))).toThrow(failure("CAB_LIMIT"));
  });

  test("count what folders that share their data make of it", () => {
    const sizeBytes = 2 ** 20;
    const blocks = mszip.encode(zeros(sizeBytes));
    const folders = Array.from({ length: 20 }, (_, index) => ({
      encoder: mszip,
      members: [{ name: `${index}`, fields: { sizeBytes } }],
      blocks: index === 0 ? blocks : [],
    }));
    const first = buildCabinet({ folders });
    const dataOffset = new DataView(first.buffer, first.byteOffset).getUint32(36, true);
    const shared = folders.map((folder) => ({
      ...folder,
      fields: { dataOffset, blockCount: blocks.length },
    }));
    const cabinet = open({ folders: shared }, { limits: SMALL });
    let total = 0;
    expect(() => {
      for (const { chunks } of cabinet.contents()) for (const chunk of chunks) total += chunk.length;
    }).toThrow(failure("CAB_LIMIT"));
    expect(total).toBe(SMALL.ratioFreeBytes);
  });

  test.each([
    { what: "without a byte", data: new Uint8Array(0), outputSize: 0 },
    { what: "of one byte", data: Uint8Array.of(7), outputSize: 1 },
  ])("count blocks $what, of which folders share a long chain", ({ data, outputSize }) => {
    const blocks = Array.from({ length: 2000 }, () => ({ data, outputSize, fields: { checksum: 0 } }));
    const members = [{ name: "a", fields: { sizeBytes: 1_000_000 } }];
    const folder = { members, blocks: [] };
    const built = (dataOffset: number) =>
      buildCabinet({
        folders: Array.from({ length: 5 }, (_, index) => ({
          ...folder,
          ...(index === 0 && { blocks }),
          fields: { blockCount: blocks.length, dataOffset },
        })),
      });
    const bytes = built(built(0).length - blocks.length * (8 + data.length));
    for (const read of [readAll, openAll]) {
      let blockCount = 0;
      const cabinet = Cabinet.open(new MemorySource(bytes), { limits: SMALL });
      const failures = Array.from(cabinet.contents(), ({ chunks }) => {
        try {
          for (const _ of chunks) blockCount++;
          return "fine";
        } catch (error) {
          return error instanceof VmguestError ? error.code : "untyped";
        }
      });
      expect(failures[0]).toBe("CAB_MEMBER_RANGE");
      expect(failures.at(-1)).toBe("CAB_LIMIT");
      expect(blockCount).toBeLessThanOrEqual(4096);
      expect(() => read(cabinet)).toThrow(VmguestError);
    }
  });

  test("count the memory that decoders take for windows", () => {
    const lzx: LabEncoder = {
      typeCompress: 0x1503,
      encode: () => [{ data: new Uint8Array(30), outputSize: 3 }],
    };
    const folders = Array.from({ length: 100 }, (_, index) => ({
      encoder: lzx,
      members: [{ name: `${index}`, bytes: new Uint8Array(3) }],
      fields: { blockCount: 65_535 },
    }));
    const codes = Array.from(open({ folders }, { limits: SMALL }).contents(), ({ chunks }) => {
      try {
        return [...chunks].length;
      } catch (error) {
        return error instanceof VmguestError ? error.code : "untyped";
      }
    });
    expect(codes[0]).toBe("LZX_CORRUPT");
    expect(codes.at(-1)).toBe("CAB_LIMIT");
  });

  test("count what members that share their data hand out", () => {
    const bytes = content(2 ** 20);
    const members = rangesOf(
      bytes,
      Array.from({ length: 50 }, () => [0, bytes.length] as const),
    );
    const limits = { totalBytes: 20 * 2 ** 20, ratioFreeBytes: 20 * 2 ** 20 };
    expect(() => readAll(open({ folders: [{ members }] }, { limits }))).toThrow(failure("CAB_LIMIT"));
  });

  test("hold back overlapping members that would have to be kept in memory", () => {
    const bytes = content(2 ** 20);
    const members = rangesOf(bytes, [[0, bytes.length]]);
    const cabinet = open({ folders: [{ members }] }, { limits: { keptBytes: 2 ** 19 } });
    expect(() => readAll(cabinet)).toThrow(failure("CAB_LIMIT"));
  });

  test("let a long member overlap with many short ones", () => {
    const bytes = content(2 ** 20);
    const short = Array.from({ length: 100 }, (_, index) => [index * 10, index * 10 + 5] as const);
    const members = rangesOf(bytes, short);
    const cabinet = open({ folders: [{ members }] }, { limits: { keptBytes: 2 ** 17 } });
    expect(readAll(cabinet)).toHaveLength(101);
  });

  test("hold back a compressed member that is too large to be read at once", () => {
    const cabinet = open(bomb, { limits: { keptBytes: 2 ** 20 } });
    expect(() => openAll(cabinet)).toThrow(failure("CAB_LIMIT"));
    expect(readAll(cabinet)).toHaveLength(1);
  });
});

describe("a damaged cabinet", () => {
  const members = [1, 2, 3, 4].map((seed) => ({ name: `${seed}`, bytes: content(32_768, seed) }));
  const wholeContent = Buffer.concat(members.map(({ bytes }) => bytes));
  const zeros = new Uint8Array(32_768);
  const good = members.map(({ name, bytes }) => nameAndDigest(name, bytes));
  /** The second block is not what it should be. */
  const damaged = (
    encoder: LabEncoder,
    change: (data: Uint8Array) => Uint8Array,
    checksum?: number,
  ): LabCabinet => {
    const blocks = encoder.encode(wholeContent);
    return {
      folders: [
        {
          encoder,
          members,
          blocks: blocks.map((block, index) =>
            index === 1
              ? {
                  ...block,
                  data: change(block.data),
                  ...(checksum !== undefined && { fields: { checksum } }),
                }
              : block,
          ),
        },
        { members: [{ name: "other", bytes: content(10) }] },
      ],
    };
  };
  const salvaging = { isSalvaging: true };
  const codesOf = ({ findings }: Cabinet) => findings.map(({ code }) => code);
  const noMethod = (): LabEncoder => ({ typeCompress: 0x000f, encode: stored.encode });

  test.each([
    { what: "a wrong checksum", cabinet: damaged(mszip, (data) => data, 1), code: "CAB_CHECKSUM" },
    { what: "a damaged block", cabinet: damaged(mszip, (data) => data.fill(0)), code: "MSZIP_CORRUPT" },
    {
      what: "a stored block too short",
      cabinet: damaged(stored, (data) => data.subarray(1)),
      code: "CAB_BLOCK",
    },
    { what: "no such method", cabinet: damaged(noMethod(), (data) => data), code: "CAB_METHOD" },
  ])("with $what is refused where it is to be sound", ({ cabinet, code }) => {
    expect(() => readAll(open(cabinet))).toThrow(failure(code));
    expect(() => openAll(open(cabinet))).toThrow(failure(code));
    expect(() => readAll(open(cabinet), ({ name }) => name === "other")).not.toThrow();
  });

  test("is read in spite of a wrong checksum when salvaging", () => {
    const cabinet = open(
      damaged(mszip, (data) => data, 1),
      salvaging,
    );
    expect(readAll(cabinet)).toEqual([...good, nameAndDigest("other", content(10))]);
    expect(codesOf(cabinet)).toEqual(["CAB_CHECKSUM"]);
  });

  test.each([
    { encoder: stored, change: (data: Uint8Array) => data.subarray(1), code: "CAB_BLOCK" },
    { encoder: mszip, change: (data: Uint8Array) => data.fill(0), code: "MSZIP_CORRUPT" },
  ])("has zeros in place of a block that is lost, and loses no more ($code)", ({ encoder, change, code }) => {
    // Blocks that stand alone, so that those behind the lost one do not refer to it.
    const apart = { ...encoder, encode: (bytes: Uint8Array) => framesApart(encoder, bytes) };
    const cabinet = open(damaged(apart, change), salvaging);
    const expected = [
      good[0],
      nameAndDigest("2", zeros),
      ...good.slice(2),
      nameAndDigest("other", content(10)),
    ];
    expect(readAll(cabinet)).toEqual(expected);
    expect(codesOf(cabinet)).toEqual([code, "CAB_MEMBER_LOST"]);
    expect(cabinet.findings[1]).toMatchObject({ where: { path: "2" } });
    expect(openAll(cabinet)).toEqual(expected);
  });

  test("loses what comes after damage that nothing can be read behind", () => {
    const { folders } = damaged(stored, (data) => data);
    const blocks = folders[0]?.blocks?.map((block, index) =>
      index === 1 ? { ...block, fields: { outputSize: 0xffff } } : block,
    );
    const cabinet = open(
      {
        folders: folders.map((folder, index) => (index === 0 ? { ...folder, blocks: blocks ?? [] } : folder)),
      },
      salvaging,
    );
    expect(readAll(cabinet)).toEqual([good[0], nameAndDigest("2"), nameAndDigest("other", content(10))]);
    expect(codesOf(cabinet)).toEqual(["CAB_BLOCK", "CAB_MEMBER_LOST", "CAB_MEMBER_LOST", "CAB_MEMBER_LOST"]);
    expect(() => openAll(cabinet)).toThrow(failure("CAB_BLOCK"));
  });

  test("loses what comes after a damaged block of LZX, which is needed to understand the others", () => {
    const cabinet = open(
      damaged(lzx(), (data) => data.fill(0)),
      salvaging,
    );
    expect(readAll(cabinet)).toEqual([good[0], nameAndDigest("2"), nameAndDigest("other", content(10))]);
    const path = (name: string) =>
      expect.objectContaining({ where: expect.objectContaining({ path: name }) });
    expect(cabinet.findings.slice(1)).toEqual(["2", "3", "4"].map(path));
    expect(codesOf(cabinet)[0]).toBe("LZX_CORRUPT");
  });

  test("is listed as far as its list of members goes", () => {
    const rows = [{ name: "a" }, { name: "b", fields: { folder: 7 } }, { name: "c" }];
    const folders = [{ members: rows, blocks: [] }];
    const cabinet = { folders, fields: { fileCount: 10 } };
    expect(() => open(cabinet)).toThrow(failure("CAB_TRUNCATED"));
    const saved = open(cabinet, salvaging);
    expect(saved.members.map(({ name }) => name)).toEqual(["a", "c"]);
    expect(codesOf(saved)).toEqual(["CAB_TRUNCATED", "CAB_MEMBER"]);
  });

  test("does not get around the limits by being salvaged", () => {
    const limits = { totalBytes: 70_000 };
    expect(() => readAll(open({ folders: [{ members }] }, { ...salvaging, limits }))).toThrow(
      failure("CAB_LIMIT"),
    );
  });
});

function framesApart(encoder: LabEncoder, bytes: Uint8Array) {
  return [0, 1, 2, 3].flatMap((frame) =>
    encoder.encode(bytes.subarray(frame * 32_768, (frame + 1) * 32_768)),
  );
}
