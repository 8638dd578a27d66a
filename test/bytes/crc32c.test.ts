import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "../../src/bytes/index.ts";

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);

describe("CRC-32C", () => {
  test.each([
    { name: "nothing", bytes: filled(0, 0), crc: 0x00000000 },
    { name: "the digits 1 to 9", bytes: new TextEncoder().encode("123456789"), crc: 0xe3069283 },
    { name: "32 zero bytes", bytes: filled(32, 0), crc: 0x8a9136aa },
    { name: "32 bytes of ones", bytes: filled(32, 0xff), crc: 0x62a8ab43 },
    { name: "0 to 31", bytes: Uint8Array.from({ length: 32 }, (_, index) => index), crc: 0x46dd794e },
    { name: "a page of zeros", bytes: filled(4096, 0), crc: 0x98f94189 },
    { name: "64 KiB of zeros", bytes: filled(65536, 0), crc: 0x72c0c4a4 },
  ])("of $name is the published one", ({ bytes, crc }) => {
    expect(crc32c(bytes)).toBe(crc);
  });

  test("over pieces equals the whole, wherever it is cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const whole = crc32c(bytes);
        return crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut))) === whole;
      }),
    );
  });
});
