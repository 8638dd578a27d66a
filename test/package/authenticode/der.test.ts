import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeObjectIdentifier,
  decodeTime,
  elementsOf,
  Fields,
  readElement,
  readOnlyElement,
  TAG,
} from "../../../src/package/authenticode/der.ts";
import {
  der,
  generalizedTime,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  time,
} from "../../lab/signing/der.ts";

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
    taken.takeAny();
    taken.takeAny();
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

describe("a time", () => {
  test.each([
    {
      what: "UTCTime of this century",
      encoded: time("2019-08-10T18:52:41Z"),
      expected: "2019-08-10T18:52:41.000Z",
    },
    {
      what: "UTCTime of the last",
      encoded: der(0x17, Buffer.from("970110070000Z")),
      expected: "1997-01-10T07:00:00.000Z",
    },
    { what: "GeneralizedTime", encoded: time("2050-01-01T00:00:00Z"), expected: "2050-01-01T00:00:00.000Z" },
    {
      what: "GeneralizedTime with a fraction",
      encoded: generalizedTime("2019-08-10T18:52:41.799Z"),
      expected: "2019-08-10T18:52:41.799Z",
    },
  ])("is read: $what", ({ encoded, expected }) => {
    expect(decodeTime(readElement(encoded), "it").toISOString()).toBe(expected);
  });

  test.each([
    { what: "nothing", element: undefined },
    { what: "a number", element: readElement(integer(1)) },
    { what: "a local time", element: readElement(der(0x17, Buffer.from("190810185241+0100"))) },
    { what: "a time without seconds", element: readElement(der(0x17, Buffer.from("1908101852Z"))) },
    { what: "the 31st of February", element: readElement(der(0x17, Buffer.from("190231000000Z"))) },
    { what: "month 13", element: readElement(der(0x17, Buffer.from("191301000000Z"))) },
  ])("is refused: $what", ({ element }) => {
    expect(() => decodeTime(element, "it")).toThrow(MALFORMED);
  });
});
