import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCatalog, verifyCatalog } from "../../../src/package/authenticode/index.ts";
import { buildPe } from "../../lab/pe.ts";
import { context, integer, objectIdentifier, octetString, sequence, set } from "../../lab/signing/der.ts";
import { buildCatalog, hash, OID, peDigest, signCabinet, THROW_AWAY } from "../../lab/signing/index.ts";
import { CABINET, LAB_ROOT } from "./signed.ts";

const TEXT = Buffer.from("a flat file");
const IMAGE = buildPe();
const FILES = [{ bytes: TEXT }, { bytes: IMAGE, name: "driver.sys" }];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** A catalog with any content in the place of its list, signed by nobody. */
function withList(...content: Uint8Array[]): Uint8Array {
  const data = sequence(objectIdentifier(OID.certificateTrustList), context(0, ...content));
  return sequence(objectIdentifier(OID.signedData), context(0, sequence(integer(1), set(), data, set())));
}

describe("a catalog", () => {
  test.each([
    { version: 1, digests: ["sha1"] },
    { version: 2, digests: ["sha1", "sha256"] },
  ] as const)(
    "of version $version lists $digests digests, of images without their signature",
    ({ version, digests }) => {
      const catalog = readCatalog(buildCatalog({ files: FILES, version }));
      const expected = digests.flatMap((algorithm) => [
        { algorithm, kind: "flat", digest: hex(hash(algorithm, TEXT)) },
        { algorithm, kind: "pe", digest: hex(peDigest(IMAGE)(algorithm)), fileName: "driver.sys" },
      ]);
      expect(catalog.members).toHaveLength(expected.length);
      expect(catalog.members).toEqual(expect.arrayContaining(expected));
      expect(expected.every(({ digest }) => catalog.has(digest))).toBe(true);
      expect(catalog.has(hex(hash("sha256", IMAGE)))).toBe(false);
    },
  );

  test("has names and values", () => {
    const { attributes } = readCatalog(
      buildCatalog({
        files: [],
        systems: "2:6.1,2:6.2",
        attributes: { PackageName: "Microsoft-Hyper-V-Package" },
      }),
    );
    expect([...attributes]).toEqual([
      ["OSAttr", "2:6.1,2:6.2"],
      ["PackageName", "Microsoft-Hyper-V-Package"],
    ]);
  });

  test("lists the digest that a member has, not the one that it is named by", () => {
    const { members } = readCatalog(
      buildCatalog({ files: [{ bytes: TEXT, digest: new Uint8Array(20) }], version: 1 }),
    );
    expect(members.map(({ digest }) => digest)).toEqual(["00".repeat(20)]);
  });

  test("of any files has a member for each, and each digest", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), (texts) => {
        const files = texts.map((text) => ({ bytes: Buffer.from(text) }));
        const catalog = readCatalog(buildCatalog({ files, signing: null }));
        expect(catalog.members).toHaveLength(files.length * 2);
        expect(files.every(({ bytes }) => catalog.has(hex(hash("sha1", bytes))))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    { what: "nothing", bytes: new Uint8Array(0), code: "CATALOG_NOT" },
    { what: "text", bytes: TEXT, code: "CATALOG_NOT" },
    { what: "a cabinet's signature", bytes: signCabinet(CABINET).subarray(105), code: "CATALOG_NOT" },
    { what: "a list without anything in it", bytes: withList(sequence()), code: "SIGNATURE_MALFORMED" },
    { what: "no list at all", bytes: withList(octetString(TEXT)), code: "CATALOG_NOT" },
    {
      what: "half a catalog",
      bytes: buildCatalog({ files: FILES }).subarray(0, 1000),
      code: "SIGNATURE_MALFORMED",
    },
  ])("is refused where it is $what", ({ bytes, code }) => {
    expect(() => readCatalog(bytes)).toThrow(expect.objectContaining({ code }));
  });

  test("is refused where it is too large, before anything is made of it", () => {
    const bytes = new Uint8Array(64 * 1024 * 1024 + 1);
    expect(() => readCatalog(bytes)).toThrow(expect.objectContaining({ code: "LIMIT_EXCEEDED" }));
    expect(verifyCatalog(bytes).verdict).toBe("tampered");
  });
});

describe("the signature of a catalog", () => {
  test.each([1, 2] as const)("of version %i is judged like that of a cabinet", (version) => {
    const report = verifyCatalog(buildCatalog({ files: FILES, version }), LAB_ROOT);
    expect(report).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: true,
      digestAlgorithms: ["sha256"],
    });
    expect(report.signers[0]).toMatchObject({ digestMatches: true, isValid: true });
  });

  test("is there or not", () => {
    expect(verifyCatalog(buildCatalog({ files: FILES, signing: null }))).toMatchObject({
      verdict: "unsigned",
      reasons: ["the catalog has no signer"],
    });
  });

  test("covers the list from its first byte to its last", () => {
    const catalog = buildCatalog({ files: [{ bytes: TEXT }], version: 1 });
    const { offset, length } = listPlace(catalog);
    const verdicts = new Set<string>();
    for (let at = offset; at < offset + length; at += 7) {
      const copy = Uint8Array.from(catalog);
      copy[at]! ^= 0x10;
      verdicts.add(verifyCatalog(copy, LAB_ROOT).verdict);
    }
    expect([...verdicts]).toEqual(["tampered"]);
  });

  test("is not one of something else", () => {
    const cabinet = signCabinet(CABINET);
    const report = verifyCatalog(cabinet.subarray(105), LAB_ROOT);
    expect(report).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(report.reasons.join()).toContain("no catalog");
  });

  test.each([
    {
      what: "somebody else's digest",
      signing: { faults: { messageDigest: new Uint8Array(32) } },
      digestMatches: false,
    },
    {
      what: "a damaged signature",
      signing: { faults: { editSignature: () => new Uint8Array(256) } },
      digestMatches: true,
    },
  ])("tells of $what", ({ signing, digestMatches }) => {
    const report = verifyCatalog(buildCatalog({ files: FILES, signing }), LAB_ROOT);
    expect(report.verdict).toBe("tampered");
    expect(report.signers[0]?.digestMatches).toBe(digestMatches);
  });

  test("may be followed by zeros, and by nothing else", () => {
    const catalog = buildCatalog({ files: FILES });
    expect(verifyCatalog(Buffer.concat([catalog, new Uint8Array(6)]), LAB_ROOT).isTrusted).toBe(true);
    expect(verifyCatalog(Buffer.concat([catalog, Uint8Array.of(0, 1)]), LAB_ROOT).verdict).toBe("tampered");
  });

  test("needs a root like any other", () => {
    const roots = [THROW_AWAY.timestamper.certificate];
    expect(verifyCatalog(buildCatalog({ files: FILES }), { roots }).isTrusted).toBe(false);
  });
});

/** Where the octets of the list begin: behind its content type and two heads, and before the bag. */
function listPlace(catalog: Uint8Array): { offset: number; length: number } {
  const bytes = Buffer.from(catalog);
  const type = Buffer.from(objectIdentifier(OID.certificateTrustList));
  const offset = bytes.indexOf(type) + type.length + 8;
  const length = bytes.readUInt16BE(offset - 2);
  expect(bytes[offset - 4]).toBe(0x30);
  return { offset, length };
}
