import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decompressLznt1 } from "../../../src/fs/ntfs/lznt1.ts";
import { compressLznt1 } from "../../lab/ntfs.ts";

const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("LZNT1", () => {
  test("expands the example of MS-XCA 3.3", () => {
    const packed = hex(
      "38b08846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358028c091601484500be009e000401189000",
    );
    const text =
      "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\0";
    expect(latin1(decompressLznt1(packed, text.length))).toBe(text);
  });

  test.each([
    { what: "a repeated text", packed: "05b0086162632621", text: "abc".repeat(100) },
    { what: "a chunk of one byte", packed: "03b00200fc0f", text: "\0".repeat(4096) },
    { what: "a stored chunk", packed: "0230616263", text: "abc" },
    { what: "nothing", packed: "", text: "\0\0\0\0" },
    { what: "an end mark and slack", packed: "0230616263000042", text: "abc" },
    { what: "one byte of slack", packed: "023061626300", text: "abc" },
  ])("expands $what", ({ packed, text }) => {
    expect(latin1(decompressLznt1(hex(packed), text.length))).toBe(text);
  });

  test("gives every chunk its own 4096 bytes, and zeros where it stays short", () => {
    const output = decompressLznt1(hex("02306162630230646566"), 8192);
    expect(latin1(output.subarray(0, 4))).toBe("abc\0");
    expect(latin1(output.subarray(4095, 4100))).toBe("\0def\0");
  });

  test("gives back what was compressed", () => {
    const words = fc.array(fc.constantFrom("the ", "quick ", "\0\0\0\0\0\0\0\0", "x"), { maxLength: 4000 });
    const noise = fc.uint8Array({ maxLength: 9000 });
    const input = fc.oneof(
      words.map((list) => new TextEncoder().encode(list.join(""))),
      noise,
    );
    fc.assert(
      fc.property(input, (bytes) => {
        expect(Buffer.compare(decompressLznt1(compressLznt1(bytes), bytes.length), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    { fault: "a chunk longer than its input", packed: "05b00861", says: "a chunk ends at 8 of 4 bytes" },
    { fault: "a token that points before the chunk", packed: "03b001fc0f00", says: "1 bytes back, after 0" },
    { fault: "half a token", packed: "02b0026126", says: "ends inside a token" },
    { fault: "a match beyond the chunk", packed: "03b00261ff0f", says: "beyond its place" },
    {
      fault: "more output than asked for",
      packed: "05b0086162632621",
      says: "beyond its place",
      sizeBytes: 5,
    },
    { fault: "a literal too many", packed: "04b00061626364", says: "beyond its place", sizeBytes: 3 },
    {
      fault: "a stored chunk that is too long",
      packed: "0230616263",
      says: "longer than its place",
      sizeBytes: 2,
    },
  ])("with $fault is LZNT1", ({ packed, says, sizeBytes = 4096 }) => {
    expect(() => decompressLznt1(hex(packed), sizeBytes)).toThrow(
      expect.objectContaining({ code: "LZNT1", message: expect.stringContaining(says) }),
    );
  });

  test("never throws anything else, whatever the input", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(9000), (input, sizeBytes) => {
        try {
          expect(decompressLznt1(input, sizeBytes)).toHaveLength(sizeBytes);
        } catch (error) {
          expect(error).toMatchObject({ code: "LZNT1" });
        }
      }),
    );
  });
});
