import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemorySource } from "../../../src/io/index.ts";
import { peDigests } from "../../../src/package/authenticode/index.ts";
import { buildPe, PE_PLACES } from "../../lab/pe.ts";
import { peDigest, signPe } from "../../lab/signing/index.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const digestsOf = (bytes: Uint8Array) => peDigests(new MemorySource(bytes));
const expected = (bytes: Uint8Array) => ({
  sha1: hex(peDigest(bytes)("sha1")),
  sha256: hex(peDigest(bytes)("sha256")),
});

const OPTIONAL_HEADER = PE_PLACES.optionalHeader;
const CERTIFICATES = { 32: OPTIONAL_HEADER + 96 + 32, 64: OPTIONAL_HEADER + 112 + 32 } as const;
const IMAGE = buildPe();
const SIGNED = signPe(IMAGE);

function edited(bytes: Uint8Array, edit: (view: DataView) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  edit(new DataView(copy.buffer));
  return copy;
}

describe("the digests of an image", () => {
  test("are the same signed and unsigned", () => {
    expect(digestsOf(IMAGE)).toEqual(expected(IMAGE));
    expect(digestsOf(SIGNED)).toEqual(expected(IMAGE));
  });

  test.each([1, 3, 7, 8])("take %i further bytes as filled up to a multiple of eight", (count) => {
    const image = Buffer.concat([IMAGE, new Uint8Array(count).fill(0x55)]);
    expect(digestsOf(image)).toEqual(expected(image));
  });

  test("leave out the checksum and the place of the signature, and nothing else", () => {
    const before = digestsOf(SIGNED);
    const entry = CERTIFICATES[IMAGE[OPTIONAL_HEADER + 1] === 2 ? 64 : 32];
    const changed: number[] = [];
    for (let at = 0; at < PE_PLACES.headersSize; at++) {
      if (at >= entry && at < entry + 8) continue;
      const digests = digestsOf(edited(SIGNED, (view) => view.setUint8(at, view.getUint8(at) ^ 0xff)));
      if (digests !== undefined && digests.sha256 === before?.sha256) changed.push(at);
    }
    expect(changed).toEqual([64, 65, 66, 67].map((at) => OPTIONAL_HEADER + at));
  });

  test("count what follows the signature", () => {
    const image = Buffer.concat([SIGNED, Buffer.from("appended")]);
    expect(digestsOf(image)).not.toEqual(digestsOf(SIGNED));
  });

  test.each([
    { what: "nothing", bytes: new Uint8Array(0) },
    {
      what: "text",
      bytes: Buffer.from("MZ is how it begins, but there is no header where it should be, and so on"),
    },
    { what: "an image without its optional header", bytes: IMAGE.subarray(0, OPTIONAL_HEADER + 10) },
    {
      what: "an image of an unknown sort",
      bytes: edited(IMAGE, (view) => view.setUint16(OPTIONAL_HEADER, 0x107, true)),
    },
    {
      what: "an image whose header is beyond its end",
      bytes: edited(IMAGE, (view) => view.setUint32(0x3c, 0xffff_fff0, true)),
    },
  ])("are those of no image: $what", ({ bytes }) => {
    expect(digestsOf(bytes)).toBeUndefined();
  });

  test.each([
    { what: "begins in the headers", offset: 8, size: 8 },
    { what: "ends behind the file", offset: IMAGE.length, size: 0xffff_fff0 },
    { what: "begins behind the file", offset: 0xffff_fff0, size: 8 },
  ])("cannot be had where the certificate table $what", ({ offset, size }) => {
    const entry = CERTIFICATES[IMAGE[OPTIONAL_HEADER + 1] === 2 ? 64 : 32];
    const image = edited(SIGNED, (view) => {
      view.setUint32(entry, offset, true);
      view.setUint32(entry + 4, size, true);
    });
    expect(() => digestsOf(image)).toThrow(expect.objectContaining({ code: "PE_TRUNCATED" }));
  });

  test("of any damaged image are digests, none, or a typed error", () => {
    fc.assert(
      fc.property(
        fc.nat(PE_PLACES.headersSize - 4),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (at, value) => {
          const image = edited(SIGNED, (view) => view.setUint32(at, value, true));
          try {
            const digests = digestsOf(image);
            expect(digests === undefined || digests.sha256.length === 64).toBe(true);
          } catch (error) {
            expect(error).toMatchObject({ code: "PE_TRUNCATED" });
          }
        },
      ),
    );
  });
});
