import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { VmguestError } from "../../../src/errors.ts";
import { type ByteSource, MemorySource } from "../../../src/io/index.ts";
import { verifyCabinet } from "../../../src/package/authenticode/index.ts";
import { context, implicit, objectIdentifier, sequence } from "../../lab/signing/der.ts";
import {
  appendSignature,
  buildCertificate,
  cabinetDigest,
  EKU,
  hash,
  interfaceSubject,
  monikerSubject,
  OID,
  type Signing,
  signCabinet,
  THROW_AWAY,
} from "../../lab/signing/index.ts";
import { CABINET, judge, judgeSigned, LAB_ROOT, signedByAnybody } from "./signed.ts";

const SIGNED = signCabinet(CABINET);
/** Where the signature of {@link SIGNED} begins. */
const SIGNATURE_AT = new DataView(SIGNED.buffer, SIGNED.byteOffset).getUint32(44, true);

function edited(edit: (view: DataView, bytes: Uint8Array) => void, bytes: Uint8Array = SIGNED): Uint8Array {
  const copy = Uint8Array.from(bytes);
  edit(new DataView(copy.buffer), copy);
  return copy;
}

describe("a signed cabinet", () => {
  test("is trusted under a root that is given, and is not Microsoft's for that", () => {
    const report = judge(SIGNED);
    expect(report).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: true,
      isWindowsComponent: true,
      digestAlgorithms: ["sha256"],
      isCheckableWithoutSha2: false,
    });
    expect(report.signers).toEqual([
      {
        subject: "CN=Throw-away Signer, O=vmguest throw-away, C=XX",
        issuer: "CN=Throw-away Code Signing CA, O=vmguest throw-away, C=XX",
        serial: "33000001066EC325C431C9180E",
        digestAlgorithm: "sha256",
        digest: Buffer.from(cabinetDigest(SIGNED.subarray(0, SIGNATURE_AT))("sha256")).toString("hex"),
        digestMatches: true,
        isNested: false,
        anchor: {
          name: "Throw-away Root",
          fingerprint: createHash("sha256").update(THROW_AWAY.root.certificate).digest("hex"),
          origin: "given",
        },
        timestamp: { time: expect.any(String), kind: "rfc3161", signer: "Throw-away Timestamper" },
        isWindowsComponent: true,
        isValid: true,
        reasons: [],
      },
    ]);
  });

  test("is not trusted without that root, and says where its chain ends", () => {
    const report = judge(SIGNED, {});
    expect(report).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: false,
      isWindowsComponent: false,
    });
    expect(report.reasons[0]).toContain(
      "the chain ends at Throw-away Code Signing CA, issued by CN=Throw-away Root",
    );
  });

  test.each(["sha1", "sha256", "sha384", "sha512"] as const)("may be digested with %s", (digest) => {
    expect(judgeSigned({ digest })).toMatchObject({ isTrusted: true, digestAlgorithms: [digest] });
  });

  test("is not trusted for a digest that anybody can forge", () => {
    const report = judgeSigned({ digest: "md5" });
    expect(report).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: false,
      digestAlgorithms: [],
    });
    expect(report.signers.map(({ digestAlgorithm }) => digestAlgorithm)).toEqual(["unknown"]);
    expect(report.reasons.join()).toContain("is not accepted");
  });

  test("may have its nested signature beside the primary one", () => {
    const report = judgeSigned({ digest: "sha1", nested: [{ digest: "sha256" }] });
    expect(report).toMatchObject({ isTrusted: true, digestAlgorithms: ["sha1", "sha256"] });
    expect(report.signers.map(({ isNested }) => isNested)).toEqual([false, true]);
  });

  test("is judged by the best of its signatures", () => {
    const report = judgeSigned({ digest: "md5", nested: [{ digest: "sha256" }] });
    expect(report.isTrusted).toBe(true);
    expect(report.signers.map(({ isValid }) => isValid)).toEqual([false, true]);
  });

  test.each<{ what: string; signing: Signing; digestAlgorithms: string[]; isCheckableWithoutSha2: boolean }>([
    {
      what: "of SHA-1",
      signing: { digest: "sha1" },
      digestAlgorithms: ["sha1"],
      isCheckableWithoutSha2: true,
    },
    {
      what: "of SHA-1 with a newer one nested in it",
      signing: { digest: "sha1", nested: [{ digest: "sha256" }] },
      digestAlgorithms: ["sha1", "sha256"],
      isCheckableWithoutSha2: true,
    },
    {
      what: "of SHA-256 with an older one nested in it, which old guests do not see",
      signing: { digest: "sha256", nested: [{ digest: "sha1" }] },
      digestAlgorithms: ["sha256", "sha1"],
      isCheckableWithoutSha2: false,
    },
    {
      what: "of SHA-256 about a file that is digested with SHA-1",
      signing: { digest: "sha256", fileDigestName: "sha1" },
      digestAlgorithms: ["sha1"],
      isCheckableWithoutSha2: false,
    },
    {
      what: "of SHA-1 about a file that is digested with SHA-256",
      signing: { digest: "sha1", fileDigestName: "sha256" },
      digestAlgorithms: ["sha256"],
      isCheckableWithoutSha2: false,
    },
    {
      what: "of SHA-256 with one of anybody's nested in it",
      signing: { digest: "sha256", nested: [{ ...signedByAnybody(), digest: "sha1" }] },
      digestAlgorithms: ["sha256"],
      isCheckableWithoutSha2: false,
    },
    {
      what: "nested in one of anybody's",
      signing: { ...signedByAnybody(), digest: "sha1", nested: [{ digest: "sha256" }] },
      digestAlgorithms: ["sha256"],
      isCheckableWithoutSha2: false,
    },
  ])("has the digests of what makes it trusted: a signature $what", (row) => {
    const { signing, digestAlgorithms, isCheckableWithoutSha2 } = row;
    const expected = { isTrusted: true, digestAlgorithms, isCheckableWithoutSha2 };
    expect(judgeSigned(signing)).toMatchObject(expected);
  });

  test("is no part of Windows by the word of anybody", () => {
    const { authority, timestamper } = THROW_AWAY;
    const plain = buildCertificate({ name: "Signer", issuer: authority, purposes: [EKU.codeSigning] });
    const bag = [plain, authority, timestamper].map(({ certificate }) => certificate);
    const report = judgeSigned({ credential: plain, bag, nested: [signedByAnybody()] });
    expect(report).toMatchObject({ isTrusted: true, isWindowsComponent: false });
    expect(report.signers[1]).toMatchObject({ isWindowsComponent: true, isValid: false });
  });

  test.each([
    { what: "a link to its enhanced digest", subject: monikerSubject(OID.enhancedDigest), isTrusted: true },
    { what: "a link to digests of pages", subject: monikerSubject(OID.pageDigests), isTrusted: false },
    {
      what: "a link of another class",
      subject: monikerSubject(OID.enhancedDigest, "00".repeat(16)),
      isTrusted: false,
    },
    {
      what: "a link to nothing",
      subject: sequence(objectIdentifier(OID.link), context(2, implicit(0))),
      isTrusted: false,
    },
    { what: "a link that is missing", subject: sequence(objectIdentifier(OID.link)), isTrusted: false },
    { what: "no more than its type", subject: sequence(objectIdentifier(OID.cabinetData)), isTrusted: true },
    {
      what: "that of an image",
      subject: sequence(objectIdentifier(OID.peImageData), sequence()),
      isTrusted: false,
    },
    { what: "that of a script", subject: interfaceSubject("1fcc3b6077d04dd4"), isTrusted: false },
  ])("is trusted only where the signature is about one: $what", ({ subject, isTrusted }) => {
    const report = judgeSigned({ subject });
    expect(report).toMatchObject({ verdict: "signed-unknown-root", isTrusted });
    expect(report.reasons.join().includes("which is no cabinet")).toBe(!isTrusted);
  });

  test("is left as it was by whoever judges it, also where it is a Buffer", () => {
    const bytes = Buffer.from(SIGNED);
    judge(bytes);
    expect(bytes.equals(SIGNED)).toBe(true);
  });

  test("is read once, in chunks", () => {
    const large = signCabinet(grown(300_000));
    const inner = new MemorySource(large);
    let readBytes = 0;
    const source: ByteSource = {
      sizeBytes: inner.sizeBytes,
      read(offset, length) {
        readBytes += length;
        expect(length).toBeLessThanOrEqual(64 * 1024);
        return inner.read(offset, length);
      },
    };
    expect(verifyCabinet(source, LAB_ROOT).isTrusted).toBe(true);
    expect(readBytes).toBeLessThan(large.length + 1024);
  });
});

/** The cabinet with bytes behind its data, which its size counts in. */
function grown(sizeBytes: number): Uint8Array {
  const bytes = Buffer.concat([CABINET, new Uint8Array(sizeBytes)]);
  bytes.writeUInt32LE(bytes.length, 8);
  return bytes;
}

describe("a cabinet is unsigned", () => {
  test.each([
    { what: "when it has no room for a signature", bytes: CABINET, reason: "no room" },
    {
      what: "when the place for one is empty",
      bytes: edited((view) => {
        view.setUint32(44, 0, true);
        view.setUint32(48, 0, true);
      }).subarray(0, SIGNATURE_AT),
      reason: "empty",
    },
    {
      what: "when its reserved area is for something else",
      bytes: edited((view) => view.setUint16(36, 6144, true)),
      reason: "reserved area",
    },
    {
      what: "when the area is not marked as one",
      bytes: edited((view) => view.setUint32(40, 1)),
      reason: "reserved area",
    },
    { what: "when nobody signed", bytes: signCabinet(CABINET, { signerCount: 0 }), reason: "no signer" },
    {
      what: "when it is no cabinet",
      bytes: Buffer.from("MZ, and more than a header has"),
      reason: "no cabinet",
    },
    { what: "when it is empty", bytes: Buffer.alloc(0), reason: "no cabinet" },
    { what: "when it breaks off in its header", bytes: SIGNED.subarray(0, 59), reason: "no room" },
  ])("$what", ({ bytes, reason }) => {
    const report = judge(bytes);
    expect(report).toMatchObject({ verdict: "unsigned", isTrusted: false, signers: [] });
    expect(report.reasons.join()).toContain(reason);
  });
});

describe("a cabinet is tampered with", () => {
  test.each([
    {
      what: "when a byte of its data differs",
      bytes: edited((_, bytes) => bytes.fill(0x58, SIGNATURE_AT - 2, SIGNATURE_AT)),
      reason: "digest of the file",
    },
    {
      what: "when a byte of its header differs",
      bytes: edited((view) => view.setUint16(32, 7, true)),
      reason: "digest of the file",
    },
    {
      what: "when the signature should begin inside of it",
      bytes: edited((view) => view.setUint32(44, SIGNATURE_AT - 8, true)),
      reason: "begin",
    },
    {
      what: "when the cabinet reaches into the signature",
      bytes: edited((view) => view.setUint32(8, SIGNATURE_AT + 8, true)),
      reason: "the cabinet ends at",
    },
    {
      what: "when the signature should be longer than the file",
      bytes: edited((view) => view.setUint32(48, 0xffff_fff0, true)),
      reason: "the file ends before",
    },
    {
      what: "when the signature is shorter than the file",
      bytes: edited((view) => view.setUint32(48, 8, true)),
      reason: "follow the signature",
    },
    {
      what: "when something follows the signature",
      bytes: Buffer.concat([SIGNED, Uint8Array.of(0)]),
      reason: "1 bytes that nothing vouches for",
    },
    {
      what: "when the signature is only its room",
      bytes: appendSignature(CABINET, () => new Uint8Array(64)),
      reason: "ContentInfo",
    },
    {
      what: "when the signature is something else",
      bytes: appendSignature(CABINET, () => Buffer.from("no signature at all")),
      reason: "cannot be read",
    },
    {
      what: "when something hides behind the signature",
      bytes: appendSignature(CABINET, (digestOf) =>
        Buffer.concat([buildSignature(digestOf), Buffer.from("hidden")]),
      ),
      reason: "data that nothing vouches for",
    },
    {
      what: "when the signature is larger than any",
      bytes: appendSignature(CABINET, () => new Uint8Array(1024 * 1024 + 8)),
      reason: "more than 1048576",
    },
    {
      what: "when it reserves bytes in its folders",
      bytes: edited((view) => view.setUint8(38, 4)),
      reason: "reserves bytes",
    },
    {
      what: "when it reserves bytes in its blocks",
      bytes: edited((view) => view.setUint8(39, 4)),
      reason: "reserves bytes",
    },
    {
      what: "when a reserved field is used",
      bytes: edited((view) => view.setUint32(4, 1, true)),
      reason: "not zero",
    },
    {
      what: "when the end of the reserved area is used",
      bytes: edited((view) => view.setUint32(52, 1, true)),
      reason: "not zero",
    },
    {
      what: "when it calls itself a part of a set that it is not in",
      bytes: edited((view) => view.setUint16(34, 1, true)),
      reason: "number 1 of a set",
    },
  ])("$what", ({ bytes, reason }) => {
    const report = judge(bytes);
    expect(report).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(report.reasons.join("\n")).toContain(reason);
  });

  test.each([
    {
      what: "when the digest was of another file",
      signing: { fileDigest: hash("sha256", CABINET) },
      reason: "digest of the file",
    },
    {
      what: "when the digest is said to be of another sort",
      signing: { fileDigestName: "sha1", fileDigest: hash("sha256", CABINET) } as const,
      reason: "digest of the file",
    },
    {
      what: "when the signed digest of the digest differs",
      signing: { faults: { messageDigest: new Uint8Array(32) } },
      reason: "another digest",
    },
    {
      what: "when another sort of content was signed",
      signing: { faults: { contentTypeAttribute: OID.data } },
      reason: "content of type",
    },
    {
      what: "when nothing says what was signed",
      signing: { faults: { hasNoSignedAttributes: true } },
      reason: "no signed attributes",
    },
    {
      what: "when the attribute with the digest is missing",
      signing: { faults: { editAttributes: (list: Uint8Array[]) => list.slice(0, -1) } },
      reason: "0 values instead of one",
    },
    {
      what: "when it is there twice",
      signing: { faults: { editAttributes: (list: Uint8Array[]) => [...list, list.at(-1)!] } },
      reason: "2 values instead of one",
    },
    {
      what: "when the signature differs",
      signing: { faults: { editSignature: flipFirst } },
      reason: "the signature is not that of Throw-away Signer",
    },
    {
      what: "when the signature is empty",
      signing: { faults: { editSignature: () => new Uint8Array(0) } },
      reason: "the signature is not that",
    },
    {
      what: "when somebody else signed than is named",
      signing: { faults: { namedCredential: THROW_AWAY.authority } },
      reason: "the signature is not that",
    },
    {
      what: "when the signer's certificate is missing",
      signing: { bag: [THROW_AWAY.authority.certificate] },
      reason: "is missing",
    },
    {
      what: "when what it says of the sort of file makes no sense",
      signing: { subject: sequence(objectIdentifier(OID.link), context(1, sequence())) },
      reason: "class of the moniker",
    },
    {
      what: "when a nested signature is of another file",
      signing: { nested: [{ fileDigest: new Uint8Array(32) }] },
      reason: "nested sha256 signature",
    },
  ])("$what", ({ signing, reason }) => {
    const report = judgeSigned(signing);
    expect(report).toMatchObject({ verdict: "tampered", isTrusted: false });
    expect(report.reasons.join("\n")).toContain(reason);
  });
});

function flipFirst(signature: Uint8Array): Uint8Array {
  return Uint8Array.from(signature, (octet, index) => (index === 20 ? octet ^ 1 : octet));
}

function buildSignature(digestOf: Parameters<Parameters<typeof appendSignature>[1]>[0]): Uint8Array {
  const { buffer, byteOffset, length } = SIGNED.subarray(SIGNATURE_AT);
  expect(digestOf("sha256")).toHaveLength(32);
  return new Uint8Array(buffer, byteOffset, length);
}

describe("what is thrown", () => {
  test("is only what the source throws", () => {
    const failing: ByteSource = {
      sizeBytes: SIGNED.length,
      read(offset, length) {
        if (offset >= 56 && offset < SIGNATURE_AT) throw new VmguestError("IO_READ", "the disk is broken");
        return new MemorySource(SIGNED).read(offset, length);
      },
    };
    expect(() => verifyCabinet(failing, LAB_ROOT)).toThrow(expect.objectContaining({ code: "IO_READ" }));
  });

  test("or that a root is no certificate", () => {
    expect(() => judge(SIGNED, { roots: [Buffer.from("PEM?")] })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});
