import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockChecksum, checksumMatches } from "../../../src/package/cab/checksum.ts";

/** The checksum as MS-CAB describes it, byte by byte. */
function naive(bytes: Uint8Array, seed: number): number {
  const sum = [seed & 0xff, (seed >>> 8) & 0xff, (seed >>> 16) & 0xff, seed >>> 24];
  const whole = bytes.length - (bytes.length % 4);
  bytes.forEach((byte, at) => {
    const lane = at < whole ? at % 4 : bytes.length - 1 - at;
    sum[lane] = (sum[lane] ?? 0) ^ byte;
  });
  return sum.reduce((total, byte, lane) => total + byte * 256 ** lane, 0);
}

describe("the checksum of a block", () => {
  test.each([
    { text: "", sum: 0 },
    { text: "a", sum: 0x61 },
    { text: "ab", sum: 0x6162 },
    { text: "abc", sum: 0x616263 },
    { text: "abcd", sum: 0x64636261 },
    { text: "abcdefg", sum: 0x64060406 },
  ])("of $text is $sum", ({ text, sum }) => {
    expect(blockChecksum(Buffer.from(text), 0)).toBe(sum);
  });

  test("is that of the description for any bytes and seeds", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(0xffff_ffff), (bytes, seed) => {
        expect(blockChecksum(bytes, seed)).toBe(naive(bytes, seed));
      }),
    );
  });

  test("may count the reserved area or not", () => {
    const head = Uint8Array.of(5, 0, 5, 0, 0xaa, 0xbb, 0xcc);
    const data = Buffer.from("hello");
    const ofData = blockChecksum(data, 0);
    expect(checksumMatches(blockChecksum(head, ofData), head, data)).toBe(true);
    expect(checksumMatches(blockChecksum(head.subarray(0, 4), ofData), head, data)).toBe(true);
    expect(checksumMatches(ofData, head, data)).toBe(false);
  });
});
