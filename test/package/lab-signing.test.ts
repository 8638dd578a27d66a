import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { buildPe } from "../lab/pe.ts";
import {
  bitString,
  generalizedTime,
  integer,
  objectIdentifier,
  octetString,
  setOf,
  time,
} from "../lab/signing/der.ts";
import {
  buildCatalog,
  buildCertificate,
  cabinetDigest,
  EKU,
  hash,
  isPe,
  type LabCatalog,
  peDigest,
  pemOf,
  signCabinet,
  signPe,
  THROW_AWAY,
} from "../lab/signing/index.ts";

// The signatures themselves are read by osslsigncode and openssl in test/interop/lab-packages.test.ts.

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** One stored member, `a.txt`. */
const CABINET = Buffer.from(
  "4d5343460000000051000000000000002c000000000000000301010001000000010000004200000001000000" +
    "07000000000000000000744700602000612e747874006568046c0700070068656c6c6f0d0a",
  "hex",
);

describe("the lab's DER", () => {
  test.each([
    { what: "a small number", bytes: integer(1), expected: "020101" },
    { what: "zero", bytes: integer(0), expected: "020100" },
    { what: "a number whose highest bit is set", bytes: integer(0x80), expected: "02020080" },
    { what: "a long number", bytes: integer(0x0102030405060708090an), expected: "020a0102030405060708090a" },
    { what: "an identifier", bytes: objectIdentifier("1.2.840.113549"), expected: "06062a864886f70d" },
    { what: "an identifier of arc 2", bytes: objectIdentifier("2.5.4.3"), expected: "0603550403" },
    {
      what: "an identifier of Microsoft's",
      bytes: objectIdentifier("1.3.6.1.4.1.311"),
      expected: "06072b060104018237",
    },
    { what: "bits", bytes: bitString(Uint8Array.of(0x80), 7), expected: "03020780" },
    {
      what: "a set, sorted",
      bytes: setOf(integer(3), integer(1), integer(2)),
      expected: "3109020101020102020103",
    },
    {
      what: "a time",
      bytes: time("2049-12-31T23:59:59Z"),
      expected: `170d${hex(Buffer.from("491231235959Z"))}`,
    },
    {
      what: "a late time",
      bytes: time("2050-01-01T00:00:00Z"),
      expected: `180f${hex(Buffer.from("20500101000000Z"))}`,
    },
    {
      what: "a time with a fraction",
      bytes: generalizedTime("2019-08-10T18:52:41.799Z"),
      expected: `1813${hex(Buffer.from("20190810185241.799Z"))}`,
    },
  ])("writes $what", ({ bytes, expected }) => {
    expect(hex(bytes)).toBe(expected);
  });

  test.each([
    { size: 127, head: "047f" },
    { size: 128, head: "048180" },
    { size: 255, head: "0481ff" },
    { size: 256, head: "04820100" },
    { size: 65536, head: "0483010000" },
  ])("writes $size bytes with the shortest length", ({ size, head }) => {
    expect(hex(octetString(new Uint8Array(size))).slice(0, head.length)).toBe(head);
  });
});

describe("the lab's certificates", () => {
  const parse = (bytes: Uint8Array) => new X509Certificate(bytes);

  test("are a chain that Node accepts", () => {
    const [root, authority, signer, timestamper] = [
      THROW_AWAY.root,
      THROW_AWAY.authority,
      THROW_AWAY.signer,
      THROW_AWAY.timestamper,
    ].map(({ certificate }) => parse(certificate));
    expect(root?.verify(root.publicKey)).toBe(true);
    expect(authority?.checkIssued(root!)).toBe(true);
    expect(authority?.verify(root!.publicKey)).toBe(true);
    expect(signer?.checkIssued(authority!)).toBe(true);
    expect(signer?.verify(authority!.publicKey)).toBe(true);
    expect(timestamper?.verify(root!.publicKey)).toBe(true);
    expect(signer?.verify(root!.publicKey)).toBe(false);
    expect({ root: root?.ca, authority: authority?.ca, signer: signer?.ca }).toEqual({
      root: true,
      authority: true,
      signer: false,
    });
  });

  test("say what they are asked to say", () => {
    const certificate = parse(
      buildCertificate({
        name: "Somebody",
        serial: 0xdeadn,
        notBefore: "2001-02-03T04:05:06Z",
        notAfter: "2055-06-07T08:09:10Z",
        purposes: [EKU.codeSigning],
        digest: "sha384",
      }).certificate,
    );
    expect(certificate).toMatchObject({
      subject: "C=XX\nO=vmguest throw-away\nCN=Somebody",
      issuer: "C=XX\nO=vmguest throw-away\nCN=Somebody",
      serialNumber: "DEAD",
      validFrom: "Feb  3 04:05:06 2001 GMT",
      validTo: "Jun  7 08:09:10 2055 GMT",
      keyUsage: [EKU.codeSigning],
    });
  });

  test("can be read as text", () => {
    const { certificate } = THROW_AWAY.signer;
    expect(hex(parse(Buffer.from(pemOf(certificate))).raw)).toBe(hex(certificate));
  });
});

describe("the lab's signatures", () => {
  test("are the same bytes every time", () => {
    expect(hex(signCabinet(CABINET))).toBe(hex(signCabinet(CABINET)));
  });

  test("stand behind a cabinet, in whole eights, and the header says where", () => {
    const signed = signCabinet(CABINET);
    const view = new DataView(signed.buffer, signed.byteOffset, signed.length);
    expect(view.getUint32(8, true)).toBe(CABINET.length + 24);
    expect(view.getUint32(44, true)).toBe(CABINET.length + 24);
    expect(view.getUint32(44, true) + view.getUint32(48, true)).toBe(signed.length);
    expect(view.getUint32(48, true) % 8).toBe(0);
    expect(hex(signed.subarray(60, CABINET.length + 24))).toContain(hex(CABINET.subarray(44)));
  });

  test("of a signed cabinet replace the old one's place and leave its members alone", () => {
    const prepared = signCabinet(CABINET).subarray(0, CABINET.length + 24);
    expect(hex(cabinetDigest(signCabinet(prepared).subarray(0, prepared.length))("sha256"))).toBe(
      hex(cabinetDigest(prepared)("sha256")),
    );
  });

  test("of an image leave its digest as it was", () => {
    const image = buildPe();
    for (const name of ["sha1", "sha256"] as const) {
      expect(hex(peDigest(signPe(image))(name))).toBe(hex(peDigest(image)(name)));
    }
    expect([isPe(image), isPe(CABINET), isPe(new Uint8Array(3))]).toEqual([true, false, false]);
  });
});

describe("the lab's catalogs", () => {
  const lists = (catalog: LabCatalog, bytes: Uint8Array) =>
    Buffer.from(buildCatalog(catalog)).includes(Buffer.from(bytes));
  const files = [{ bytes: CABINET }, { bytes: signPe(buildPe()) }];

  test("of version 1 name members by their SHA-1 as text", () => {
    const name = Buffer.from(`${hex(hash("sha1", CABINET)).toUpperCase()}\0`, "utf16le");
    expect(lists({ files, version: 1 }, name)).toBe(true);
    expect(lists({ files, version: 2 }, name)).toBe(false);
  });

  test("list an image by the digest that its signature does not change", () => {
    const digest = peDigest(buildPe())("sha256");
    expect(lists({ files }, digest)).toBe(true);
    expect(lists({ files: [{ bytes: buildPe(), kind: "flat" }] }, digest)).toBe(false);
  });

  test("have a signer, or none", () => {
    const signer = THROW_AWAY.signer.certificate;
    expect(lists({ files }, signer)).toBe(true);
    expect(lists({ files, signing: null }, signer)).toBe(false);
  });
});
