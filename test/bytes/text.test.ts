import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dateToFiletime,
  decodeLatin1,
  decodeUtf16,
  encodeUtf16,
  filetimeToDate,
  formatGuid,
  parseGuid,
} from "../../src/bytes/index.ts";

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

describe("text", () => {
  test("UTF-16 survives a round trip unit for unit, unpaired surrogates and NULs included", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 10_000 }), (units) => {
        const text = units.map((unit) => String.fromCharCode(unit)).join("");
        const bytes = encodeUtf16(text);
        return decodeUtf16(viewOf(bytes), 0, bytes.length) === text;
      }),
    );
  });

  test("an odd last byte of UTF-16 is ignored", () => {
    expect(decodeUtf16(viewOf(Uint8Array.of(0x41, 0, 0x42)), 0, 3)).toBe("A");
  });

  test("Latin-1 maps each byte to the character of that number", () => {
    expect(decodeLatin1(viewOf(Uint8Array.of(0x41, 0xe4, 0xff)), 0, 3)).toBe("Aäÿ");
  });
});

describe("GUID", () => {
  test("is stored in Microsoft's mixed byte order", () => {
    const stored = parseGuid("{2DC27766-F623-4200-9D64-115E9BFD4A08}");
    expect(Buffer.from(stored).toString("hex")).toBe("6677c22d23f600429d64115e9bfd4a08");
    expect(formatGuid(viewOf(stored))).toBe("2dc27766-f623-4200-9d64-115e9bfd4a08");
  });

  test("anything else is no GUID", () => {
    expect(() => parseGuid("2dc27766")).toThrow("not a GUID");
  });
});

describe("FILETIME", () => {
  test("of 2015-07-14T12:00Z is 130813488000000000, both ways", () => {
    const date = new Date("2015-07-14T12:00:00Z");
    expect(dateToFiletime(date)).toBe(130813488000000000n);
    expect(filetimeToDate(130813488000000000n)).toEqual(date);
  });

  test("that no Date can hold is undefined", () => {
    expect(filetimeToDate(2n ** 64n - 1n)).toBeInstanceOf(Date);
    expect(filetimeToDate(2n ** 80n)).toBeUndefined();
  });
});
