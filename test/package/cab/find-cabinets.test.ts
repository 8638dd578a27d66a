import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource, SliceSource } from "../../../src/io/index.ts";
import { Cabinet, findCabinets } from "../../../src/package/cab/index.ts";
import { buildCabinet, type LabCabinet, SIGNATURE_ROOM, stored } from "../../lab/cab.ts";
import { bytesOf, readAll } from "./reading.ts";

const ONE: LabCabinet = { folders: [{ members: [{ name: "a.txt", bytes: Buffer.from("hello\n") }] }] };
const junk = (size: number) => new Uint8Array(size).fill(0x4d);
const found = (bytes: Uint8Array) =>
  [...findCabinets(new MemorySource(bytes))].map((source) => bytesOf(source));

describe("findCabinets", () => {
  const one = Buffer.from(buildCabinet(ONE));
  const two = Buffer.from(buildCabinet({ ...ONE, setId: 2 }));

  test("gives a file that is a cabinet itself, and what is behind it", () => {
    expect(found(one)).toEqual([one]);
    expect(found(Buffer.concat([one, junk(5), two]))).toEqual([one, two]);
  });

  test("gives each with its signature", () => {
    const sizeBytes = buildCabinet({ ...ONE, headerReserve: SIGNATURE_ROOM }).length;
    const reserve = Buffer.from(SIGNATURE_ROOM);
    reserve.writeUInt32LE(sizeBytes, 4);
    reserve.writeUInt32LE(24, 8);
    const signed = Buffer.from(buildCabinet({ ...ONE, headerReserve: reserve, appended: junk(24) }));
    expect(found(Buffer.concat([junk(100), signed, junk(3), two]))).toEqual([signed, two]);
    expect(found(Buffer.concat([junk(100), signed.subarray(0, -1)]))).toEqual([
      signed.subarray(0, sizeBytes),
    ]);
  });

  test("finds them wherever they are, at the ends of what is read at once too", () => {
    const window = 1 << 20;
    for (const offset of [-one.length, -36, -35, -4, -1, 0, 1].map((distance) => window + distance)) {
      const sources = [...findCabinets(new MemorySource(Buffer.concat([junk(offset), one])))];
      expect(sources.map((source) => bytesOf(source).equals(one))).toEqual([true]);
    }
  });

  test("does not look inside of a cabinet", () => {
    const outer = buildCabinet({
      folders: [{ encoder: stored, members: [{ name: "inner.cab", bytes: one }] }],
    });
    expect(found(outer)).toEqual([Buffer.from(outer)]);
  });

  test.each([
    { what: "of another version", fields: { majorVersion: 2 } },
    { what: "of a later version", fields: { minorVersion: 4 } },
    { what: "without folders", fields: { folderCount: 0 } },
    { what: "without members", fields: { fileCount: 0 } },
    { what: "longer than the file", fields: { sizeBytes: 0xffff_ffff } },
    { what: "shorter than its header", fields: { sizeBytes: 30 } },
    { what: "with its list of members in its header", fields: { filesOffset: 20 } },
    { what: "with its list of members in its folders", fields: { filesOffset: 40 } },
    { what: "with names of neighbours that do not end", fields: { flags: 3 } },
  ])("passes over a header $what, and finds what is behind it", ({ fields }) => {
    const wrong = buildCabinet({ ...ONE, fields });
    expect(found(Buffer.concat([wrong, two]))).toEqual([two]);
  });

  test("gives sources that are cabinets", () => {
    const [source] = findCabinets(new MemorySource(Buffer.concat([junk(7), one])));
    expect(source).toBeInstanceOf(SliceSource);
    expect(readAll(Cabinet.open(source ?? expect.fail()))).toEqual([
      "a.txt b1946ac92492d2347c6235b4d2611184",
    ]);
  });

  test("finds nothing in short or in plain files", () => {
    expect(found(new Uint8Array(0))).toEqual([]);
    expect(found(Buffer.from("MSCF"))).toEqual([]);
    expect(found(one.subarray(0, -1))).toEqual([]);
    expect(found(Buffer.alloc(100_000, "MSCF"))).toEqual([]);
  });

  test("finds every one of those that follow each other with anything in between", () => {
    const between = fc.uint8Array({ maxLength: 50 });
    fc.assert(
      fc.property(fc.array(between, { maxLength: 5 }), (gaps) => {
        const bytes = Buffer.concat(gaps.flatMap((gap) => [gap, one]));
        expect(found(bytes).length).toBe(gaps.length);
      }),
      { numRuns: 50 },
    );
  });
});
