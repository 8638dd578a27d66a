import { readdirSync } from "node:fs";
import { Certificate, SignerInfo, TSTInfo } from "pkijs";
import { expect, test } from "vitest";
import { readCertificate } from "../../src/package/authenticode/certificate.ts";
import { type DerElement, elementsOf, readElement } from "../../src/package/authenticode/der.ts";
import { OID } from "../../src/package/authenticode/identifiers.ts";
import {
  parseSignedData,
  parseSignerInfo,
  parseTimestampInfo,
} from "../../src/package/authenticode/pkcs7.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

// Our reader of signatures, field by field, against one that others made.

/** PKCS #7 of every signed fixture, with the signatures nested in it and the tokens on it. */
const SIGNATURES = readdirSync(FIXTURES, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) =>
    /^(ic-cab\/6.*\.cab|msu\/.*\.msu|cat\/.*\.cat|mum\/.*\.cat|cab\/gcab\/test-signed\.cab)$/.test(name),
  )
  .flatMap((name) => {
    const bytes = readFixture(name);
    const isCabinet = bytes.subarray(0, 4).toString() === "MSCF";
    return withInner(readElement(isCabinet ? bytes.subarray(bytes.readUInt32LE(44)) : bytes));
  });

function withInner(contentInfo: DerElement): DerElement[] {
  const inner = parseSignedData(contentInfo).signers.flatMap(({ unsigned }) => [
    ...(unsigned.get(OID.nestedSignature) ?? []),
    ...(unsigned.get(OID.timestampToken) ?? []),
  ]);
  return [contentInfo, ...inner.flatMap(withInner)];
}

/** The signers of a ContentInfo and the countersigners on them, as they stand there. */
function signersOf(contentInfo: DerElement): DerElement[] {
  const [, wrapped] = elementsOf(contentInfo.content);
  const [signedData] = elementsOf(wrapped!.content);
  const signers = [...elementsOf([...elementsOf(signedData!.content)].at(-1)!.content)];
  return signers.flatMap((signer) => [
    signer,
    ...(parseSignerInfo(signer).unsigned.get(OID.countersignature) ?? []),
  ]);
}

const hex = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(new Uint8Array(bytes)).toString("hex");

test("the fixtures have signatures, nested ones and tokens", () => {
  expect(SIGNATURES.length).toBeGreaterThan(60);
});

test("signers are what pkijs reads", () => {
  for (const element of SIGNATURES.flatMap(signersOf)) {
    const ours = parseSignerInfo(element);
    const theirs = SignerInfo.fromBER(Uint8Array.from(element.encoded));
    expect({
      issuer: hex(ours.issuer),
      serial: hex(ours.serial),
      digestAlgorithm: ours.digestAlgorithm,
      signatureAlgorithm: ours.signatureAlgorithm,
      signature: hex(ours.signature),
      signedBytes: hex(ours.signedBytes ?? new Uint8Array(0)),
      signed: [...ours.signed.keys()],
      unsigned: [...ours.unsigned.keys()],
    }).toEqual({
      issuer: hex(theirs.sid.issuer.valueBeforeDecode),
      serial: hex(theirs.sid.serialNumber.valueBlock.valueHexView),
      digestAlgorithm: theirs.digestAlgorithm.algorithmId,
      signatureAlgorithm: theirs.signatureAlgorithm.algorithmId,
      signature: hex(theirs.signature.valueBlock.valueHexView),
      signedBytes: hex(theirs.signedAttrs?.encodedValue ?? new Uint8Array(0)),
      signed: (theirs.signedAttrs?.attributes ?? []).map(({ type }) => type),
      unsigned: (theirs.unsignedAttrs?.attributes ?? []).map(({ type }) => type),
    });
  }
});

test("certificates are what pkijs reads", () => {
  const seen = new Map(
    SIGNATURES.flatMap((element) => parseSignedData(element).certificates.map((der) => [hex(der), der])),
  );
  for (const der of seen.values()) {
    const ours = readCertificate(der);
    const theirs = Certificate.fromBER(Uint8Array.from(der));
    const find = (identifier: string) =>
      theirs.extensions?.find(({ extnID }) => extnID === identifier)?.parsedValue;
    expect({
      issuer: ours.issuerKey,
      subject: ours.subjectKey,
      serial: ours.serialKey,
      notBefore: ours.notBefore,
      notAfter: ours.notAfter,
      isAuthority: ours.isAuthority,
      purposes: ours.purposes && [...ours.purposes],
      keyUsage: ours.keyUsage,
      subjectKeyId: ours.subjectKeyId,
      authorityKeyId: ours.authorityKeyId,
    }).toEqual({
      issuer: hex(theirs.issuer.valueBeforeDecode),
      subject: hex(theirs.subject.valueBeforeDecode),
      serial: hex(theirs.serialNumber.valueBlock.valueHexView),
      notBefore: theirs.notBefore.value,
      notAfter: theirs.notAfter.value,
      isAuthority: find("2.5.29.19")?.cA ?? false,
      purposes: find("2.5.29.37")?.keyPurposes,
      keyUsage: find("2.5.29.15")?.valueBlock.valueHexView[0],
      subjectKeyId: find("2.5.29.14") && hex(find("2.5.29.14").valueBlock.valueHexView),
      authorityKeyId: find("2.5.29.35") && hex(find("2.5.29.35").keyIdentifier.valueBlock.valueHexView),
    });
  }
  expect(seen.size).toBeGreaterThan(30);
});

test("time stamps are what pkijs reads", () => {
  const tokens = SIGNATURES.map(parseSignedData).filter(
    ({ contentType }) => contentType === OID.timestampInfo,
  );
  for (const { content } of tokens) {
    const ours = parseTimestampInfo(content);
    const { messageImprint, genTime } = TSTInfo.fromBER(Uint8Array.from(content));
    expect({ ...ours, imprint: hex(ours.imprint) }).toEqual({
      imprintAlgorithm: messageImprint.hashAlgorithm.algorithmId,
      imprint: hex(messageImprint.hashedMessage.valueBlock.valueHexView),
      time: genTime,
    });
  }
  expect(tokens.length).toBeGreaterThan(5);
});
