import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkDer,
  decodeObjectIdentifier,
  elementsOf,
  Fields,
  readElement,
  readOnlyElement,
  TAG,
} from "../../../src/package/authenticode/der.ts";
import { der, integer, objectIdentifier, octetString, sequence } from "../../lab/signing/der.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const MALFORMED = expect.objectContaining({ code: "SIGNATURE_MALFORMED" });

describe("an element", () => {
  test("is read back as it was written, whatever its size", () => {
    fc.assert(
      fc.property(fc.constantFrom(0x04, 0x30, 0xa0), fc.uint8Array({ maxLength: 70_000 }), (tag, content) => {
        const encoded = der(tag, content);
        const element = readElement(Buffer.concat([encoded, Uint8Array.of(0, 0)]));
        expect(element.tag).toBe(tag);
        expect(Buffer.compare(element.content, content)).toBe(0);
        expect(element.encoded.length).toBe(encoded.length);
      }),
      { numRuns: 50 },
    );
  });

  test.each([
    { what: "nothing", hex: "" },
    { what: "a tag alone", hex: "30" },
    { what: "an indefinite length", hex: "30800000" },
    { what: "a length of two octets where one would do", hex: "308105" + "0000000000" },
    { what: "a length with a leading zero", hex: `30820080${"00".repeat(128)}` },
    { what: "a length of five octets", hex: "30850000000001" + "00" },
    { what: "a length whose octets are missing", hex: "3082" },
    { what: "content that is not all there", hex: "300500" },
    { what: "a tag of two octets", hex: "3f8101" + "00" },
  ])("is refused: $what", ({ hex }) => {
    expect(() => readElement(bytes(hex))).toThrow(MALFORMED);
  });

  test("must be the only one where one is expected", () => {
    expect(() => readOnlyElement(bytes("020101" + "00"))).toThrow(MALFORMED);
  });

  test("gives back what it holds, which must fill it exactly", () => {
    const { content } = readElement(sequence(integer(1), octetString(bytes("ff"))));
    expect([...elementsOf(content)].map(({ tag }) => tag)).toEqual([TAG.integer, TAG.octetString]);
    expect(() => [...elementsOf(content.subarray(0, content.length - 1))]).toThrow(MALFORMED);
  });
});

describe("what a parser that recurses is given", () => {
  const nested = (depth: number) => {
    let inner = octetString(bytes("ff"));
    for (let level = 0; level < depth; level++) inner = sequence(inner);
    return inner;
  };

  test("is one element, as deep and as much as signatures are", () => {
    expect(() => checkDer(nested(32))).not.toThrow();
    expect(() => checkDer(sequence(...Array.from({ length: 999 }, () => sequence())))).not.toThrow();
  });

  test.each([
    { what: "nothing", encoded: bytes("") },
    { what: "two elements", encoded: bytes("0500" + "0500") },
    { what: "one nested too deep", encoded: nested(33) },
    { what: "too many", encoded: sequence(...Array.from({ length: 1_000 }, () => sequence())) },
    { what: "an indefinite length inside", encoded: sequence(bytes("24800401ff0000")) },
    {
      what: "an element that goes on behind the one around it",
      encoded: bytes("3006" + "30020401" + "0500"),
    },
  ])("is not $what", ({ encoded }) => {
    expect(() => checkDer(encoded)).toThrow(MALFORMED);
  });
});

describe("the fields of a structure", () => {
  const fields = () => Fields.of(readElement(sequence(integer(1), octetString(bytes("ff")))), "pair");

  test("are taken in order, the optional ones where they are there", () => {
    const pair = fields();
    expect(pair.takeIf(TAG.boolean)).toBeUndefined();
    expect(pair.take(TAG.integer, "number").content).toEqual(bytes("01"));
    expect(pair.takeIf(TAG.octetString)?.content).toEqual(bytes("ff"));
    pair.end();
  });

  test("must be there, and nothing else", () => {
    expect(() => fields().take(TAG.octetString, "text")).toThrow("pair: text should have tag 0x4");
    expect(() => fields().end()).toThrow("pair has more fields than it may");
    const taken = fields();
    taken.take(TAG.integer, "number");
    taken.take(TAG.octetString, "text");
    expect(() => taken.take(TAG.integer, "more")).toThrow("there is nothing");
  });
});

describe("an object identifier", () => {
  test.each([
    "1.2.840.113549.1.7.2",
    "2.5.29.37.0",
    "0.9.2342.19200300.100.1.25",
    "2.999.1",
    "1.3.6.1.4.1.311.2.1.4",
  ])("%s is read back as it was written", (dotted) => {
    expect(decodeObjectIdentifier(readElement(objectIdentifier(dotted)).content)).toBe(dotted);
  });

  test.each([
    { what: "empty", hex: "" },
    { what: "cut in an arc", hex: "2b86" },
    { what: "an arc beyond all use", hex: `2b${"ff".repeat(12)}01` },
  ])("is refused: $what", ({ hex }) => {
    expect(() => decodeObjectIdentifier(bytes(hex))).toThrow(MALFORMED);
  });
});
