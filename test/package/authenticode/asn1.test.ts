import { describe, expect, test } from "vitest";
import { readCertificate } from "../../../src/package/authenticode/certificate.ts";
import { readElement } from "../../../src/package/authenticode/der.ts";
import { OID } from "../../../src/package/authenticode/identifiers.ts";
import { parseSignerInfo, parseTime, parseTimestampInfo } from "../../../src/package/authenticode/pkcs7.ts";
import {
  bitString,
  der,
  generalizedTime,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
} from "../../lab/signing/der.ts";
import { THROW_AWAY } from "../../lab/signing/index.ts";

const MALFORMED = expect.objectContaining({ code: "SIGNATURE_MALFORMED" });
const SHA256 = sequence(objectIdentifier("2.16.840.1.101.3.4.2.1"), nullValue());

describe("a time", () => {
  test.each([
    {
      what: "UTCTime of this century",
      encoded: time("2019-08-10T18:52:41Z"),
      iso: "2019-08-10T18:52:41.000Z",
    },
    {
      what: "UTCTime of the last",
      encoded: der(0x17, Buffer.from("970110070000Z")),
      iso: "1997-01-10T07:00:00.000Z",
    },
    { what: "GeneralizedTime", encoded: time("2050-01-01T00:00:00Z"), iso: "2050-01-01T00:00:00.000Z" },
    {
      what: "GeneralizedTime with a fraction",
      encoded: generalizedTime("2019-08-10T18:52:41.799Z"),
      iso: "2019-08-10T18:52:41.799Z",
    },
    {
      what: "GeneralizedTime with a fraction that ends in zeros",
      encoded: der(0x18, Buffer.from("20190810185241.500Z")),
      iso: "2019-08-10T18:52:41.500Z",
    },
  ])("is read: $what", ({ encoded, iso }) => {
    expect(parseTime(readElement(encoded)).toISOString()).toBe(iso);
  });

  test.each([
    { what: "a number", encoded: integer(1) },
    { what: "empty", encoded: der(0x17) },
    { what: "a local time", encoded: der(0x17, Buffer.from("190810185241+0100")) },
    { what: "a local time of the host's", encoded: der(0x18, Buffer.from("20190810185241")) },
    { what: "a local time with its zone", encoded: der(0x18, Buffer.from("20190810185241+0100")) },
    { what: "a UTCTime without seconds", encoded: der(0x17, Buffer.from("1908101852Z")) },
    { what: "a GeneralizedTime without seconds", encoded: der(0x18, Buffer.from("201908101852Z")) },
    { what: "a fraction after a comma", encoded: der(0x18, Buffer.from("20190810185241,5Z")) },
    { what: "more digits in front", encoded: der(0x17, Buffer.from("20190810185241Z")) },
    { what: "the 31st of February", encoded: der(0x17, Buffer.from("190231000000Z")) },
    { what: "month 13", encoded: der(0x17, Buffer.from("191301000000Z")) },
  ])("is refused: $what", ({ encoded }) => {
    expect(() => parseTime(readElement(encoded))).toThrow(MALFORMED);
  });

  test("is refused inside of what it is a part of", () => {
    const info = (genTime: string) =>
      sequence(
        integer(1),
        objectIdentifier("1.2.3"),
        sequence(SHA256, octetString(new Uint8Array(32))),
        integer(1),
        der(0x18, Buffer.from(genTime)),
      );
    expect(parseTimestampInfo(info("20190810185241Z")).time.toISOString()).toBe("2019-08-10T18:52:41.000Z");
    expect(() => parseTimestampInfo(info("20190231000000Z"))).toThrow(MALFORMED);
    expect(() => parseTimestampInfo(info("20190810185241"))).toThrow(MALFORMED);
  });
});

describe("a SignerInfo", () => {
  const NAME = sequence(set(sequence(objectIdentifier("2.5.4.3"), der(0x13, Buffer.from("Somebody")))));
  const attribute = (...values: Uint8Array[]) =>
    sequence(objectIdentifier(OID.messageDigest), set(...values));
  const FIELDS = {
    version: integer(1),
    sid: sequence(NAME, integer(0x1234)),
    digest: SHA256,
    signed: der(0xa0, attribute(octetString(Uint8Array.of(1)))),
    algorithm: SHA256,
    signature: octetString(Uint8Array.of(2)),
    unsigned: der(0xa1, attribute(octetString(Uint8Array.of(3))), attribute(integer(4))),
  };
  const built = (changes: Partial<Record<keyof typeof FIELDS | "more", Uint8Array>> = {}) =>
    sequence(...Object.values({ ...FIELDS, ...changes }));
  const parse = (encoded: Uint8Array) => parseSignerInfo(readElement(encoded));

  test("is read, the values of a repeated attribute together", () => {
    const info = parse(built());
    expect(Buffer.from(info.issuer)).toEqual(Buffer.from(NAME));
    expect([...info.serial]).toEqual([0x12, 0x34]);
    expect(info.digestAlgorithm).toBe("2.16.840.1.101.3.4.2.1");
    expect([...info.signature]).toEqual([2]);
    expect(info.signed.get(OID.messageDigest)?.map(({ content }) => [...content])).toEqual([[1]]);
    expect(info.unsigned.get(OID.messageDigest)?.map(({ content }) => [...content])).toEqual([[3], [4]]);
  });

  test("is signed over its attributes as a SET OF, and keeps its own bytes", () => {
    const encoded = Buffer.from(built());
    const before = Buffer.from(encoded).toString("hex");
    const { signedBytes } = parse(encoded);
    expect(Buffer.from(signedBytes ?? [])).toEqual(
      Buffer.from(der(0x31, attribute(octetString(Uint8Array.of(1))))),
    );
    expect(encoded.toString("hex")).toBe(before);
  });

  test.each([
    { what: "with a field too many", encoded: built({ more: nullValue() }) },
    { what: "with one too many and no unsigned attributes", encoded: built({ unsigned: nullValue() }) },
    { what: "with fields without end", encoded: sequence(...Array.from({ length: 50 }, () => nullValue())) },
    { what: "that names its certificate by its key", encoded: built({ sid: implicit(0, Uint8Array.of(1)) }) },
    { what: "with a signature of another sort", encoded: built({ signature: bitString(Uint8Array.of(2)) }) },
    {
      what: "with a signature in pieces",
      encoded: built({ signature: der(0x24, octetString(Uint8Array.of(2))) }),
    },
    { what: "with a signed attribute that is none", encoded: built({ signed: der(0xa0, integer(1)) }) },
    { what: "with an unsigned attribute that is none", encoded: built({ unsigned: der(0xa1, integer(1)) }) },
    {
      what: "with more attributes than anybody needs",
      encoded: built({ unsigned: der(0xa1, ...Array.from({ length: 65 }, () => attribute())) }),
    },
    {
      what: "that is a SET",
      encoded: set(...Object.values(FIELDS)),
    },
  ])("$what is refused", ({ encoded }) => {
    expect(() => parse(encoded)).toThrow(MALFORMED);
  });
});

describe("a certificate", () => {
  test("leaves the bytes that it is read from as they are", () => {
    const encoded = Buffer.from(THROW_AWAY.signer.certificate);
    expect(readCertificate(encoded).name).toBe("Throw-away Signer");
    expect(encoded).toEqual(Buffer.from(THROW_AWAY.signer.certificate));
  });

  test("that breaks off anywhere is refused", () => {
    const { certificate } = THROW_AWAY.signer;
    for (let length = 0; length < certificate.length; length += 7) {
      expect(() => readCertificate(certificate.subarray(0, length))).toThrow(MALFORMED);
    }
  });

  test("is not what is larger than any", () => {
    expect(() => readCertificate(sequence(octetString(new Uint8Array(1024 * 1024))))).toThrow(MALFORMED);
  });
});
