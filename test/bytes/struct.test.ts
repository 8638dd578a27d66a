import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ascii,
  bytes,
  guid,
  readSize64,
  reserved,
  size64,
  struct,
  u8,
  u16,
  u32be,
  u48,
  u64,
  utf16,
} from "../../src/bytes/index.ts";
import { VmguestError } from "../../src/errors.ts";

const Sample = struct("sample", 72, {
  signature: ascii(0, 4, "always `samp`"),
  count: u16(4, "number of things"),
  record: u48(6, "record number"),
  big: u32be(12, "a big-endian number"),
  identity: u64(16, "a sequence number"),
  sizeBytes: size64(24, "a size"),
  id: guid(32, "an identity"),
  label: utf16(48, 8, "a name"),
  raw: bytes(56, 8, "payload"),
  flag: u8(64, "a flag"),
  rest: reserved(65, 7),
});

const blank = () => new Sample(new DataView(new ArrayBuffer(80)), 8);

describe("struct", () => {
  test("gives back what was written, through every field type", () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.nat({ max: 2 ** 48 - 1 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.nat({ max: 2 ** 53 - 1 }),
        fc.uuid(),
        (count, record, identity, sizeBytes, id) => {
          const sample = blank();
          Object.assign(sample, { signature: "samp", count, record, identity, sizeBytes, id, label: "Näme" });
          expect(sample.signature).toBe("samp");
          expect(sample.count).toBe(count);
          expect(sample.record).toBe(record);
          expect(sample.identity).toBe(identity);
          expect(sample.sizeBytes).toBe(sizeBytes);
          expect(sample.id).toBe(id);
          expect(sample.label).toBe("Näme");
        },
      ),
    );
  });

  test("writes touch only their own bytes", () => {
    const sample = blank();
    sample.big = 0x01020304;
    const all = new Uint8Array(sample.view.buffer);
    expect([...all.slice(20, 24)]).toEqual([1, 2, 3, 4]);
    expect(all.filter((byte) => byte !== 0)).toHaveLength(4);
  });

  test.each([
    {
      fault: "a hole",
      make: () => struct("x", 4, { a: u16(0, ""), b: u8(3, "") }),
      says: "leaves a hole before b",
    },
    { fault: "an overlap", make: () => struct("x", 3, { a: u16(0, ""), b: u8(1, "") }), says: "overlaps b" },
    {
      fault: "a wrong total",
      make: () => struct("x", 4, { a: u16(0, "") }),
      says: "the fields end at 2, declared are 4",
    },
  ])("$fault in a declaration stops it from loading", ({ make, says }) => {
    expect(make).toThrow(says);
  });

  test("a view that is too short is a typed error", () => {
    expect(() => new Sample(new DataView(new ArrayBuffer(71)))).toThrow(VmguestError);
    expect(() => new Sample(new DataView(new ArrayBuffer(80)), 9)).toThrow(
      "sample needs 72 bytes, but only 71 are left",
    );
  });

  test("prints its own documentation", () => {
    expect(Sample.table().split("\n").slice(0, 4)).toEqual([
      "| Offset | Size | Field | Type | Meaning |",
      "| --- | --- | --- | --- | --- |",
      "| 0x00 | 4 | signature | char[4] | always `samp` |",
      "| 0x04 | 2 | count | u16 | number of things |",
    ]);
    expect(Sample.offsetOf.raw).toBe(56);
  });
});

test("a 64-bit size from 2^53 on is refused, the largest below is read", () => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, 2n ** 53n - 1n, true);
  expect(readSize64(view, 0)).toBe(2 ** 53 - 1);
  view.setBigUint64(0, 2n ** 53n, true);
  expect(() => readSize64(view, 0)).toThrow(expect.objectContaining({ code: "VALUE_TOO_LARGE" }));
});
