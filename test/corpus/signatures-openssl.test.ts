import { X509Certificate } from "node:crypto";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { readCertificate } from "../../src/package/authenticode/certificate.ts";
import { type DerElement, readElement } from "../../src/package/authenticode/der.ts";
import { OID } from "../../src/package/authenticode/identifiers.ts";
import { parseSignedData } from "../../src/package/authenticode/pkcs7.ts";
import { FIXTURES, readFixture } from "../support/fixtures.ts";

// The certificates of Microsoft's signatures, field by field, against what OpenSSL reads, which is in Node.

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

test("the fixtures have signatures, nested ones and tokens", () => {
  expect(SIGNATURES.length).toBeGreaterThan(60);
});

/** Each certificate once, as both read it. */
const CERTIFICATES = [
  ...new Map(
    SIGNATURES.flatMap((element) =>
      parseSignedData(element).certificates.map((der) => [Buffer.from(der).toString("hex"), der]),
    ),
  ).values(),
].map((der) => ({ ours: readCertificate(der), theirs: new X509Certificate(der) }));

test("certificates are what OpenSSL reads", () => {
  for (const { ours, theirs } of CERTIFICATES) {
    expect({
      serial: BigInt(`0x${ours.serialKey}`),
      notBefore: ours.notBefore,
      notAfter: ours.notAfter,
      isAuthority: ours.isAuthority,
      purposes: ours.purposes && [...ours.purposes],
      isOwnIssuer: ours.subjectKey === ours.issuerKey,
    }).toEqual({
      serial: BigInt(`0x${theirs.serialNumber}`),
      notBefore: new Date(theirs.validFrom),
      notAfter: new Date(theirs.validTo),
      isAuthority: theirs.ca,
      purposes: theirs.keyUsage,
      isOwnIssuer: theirs.subject === theirs.issuer,
    });
  }
  expect(CERTIFICATES.length).toBeGreaterThan(30);
});

test("issuers by name and key identifier are issuers to OpenSSL, and no others are", () => {
  const pairs = CERTIFICATES.flatMap((issued) => CERTIFICATES.map((issuer) => ({ issued, issuer })));
  const named = pairs.filter(({ issued: { ours }, issuer }) => {
    const isSameKey = ours.authorityKeyId === undefined || ours.authorityKeyId === issuer.ours.subjectKeyId;
    return ours.issuerKey === issuer.ours.subjectKey && isSameKey;
  });
  const issued = pairs.filter(({ issued, issuer }) => issued.theirs.checkIssued(issuer.theirs));
  const namesOf = (list: typeof pairs) =>
    list.map(({ issued, issuer }) => `${issued.ours.fingerprint} by ${issuer.ours.fingerprint}`);
  expect(namesOf(named)).toEqual(namesOf(issued));
  expect(named.length).toBeGreaterThan(20);
});
