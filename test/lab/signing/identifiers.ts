import type { KeyObject } from "node:crypto";
import { createHash, createSign } from "node:crypto";
import { nullValue, objectIdentifier, sequence } from "./der.ts";

/** Digest algorithms, and the object identifiers of each and of RSA with it. */
export const DIGESTS = {
  md5: { digest: "1.2.840.113549.2.5", rsa: "1.2.840.113549.1.1.4" },
  sha1: { digest: "1.3.14.3.2.26", rsa: "1.2.840.113549.1.1.5" },
  sha256: { digest: "2.16.840.1.101.3.4.2.1", rsa: "1.2.840.113549.1.1.11" },
  sha384: { digest: "2.16.840.1.101.3.4.2.2", rsa: "1.2.840.113549.1.1.12" },
  sha512: { digest: "2.16.840.1.101.3.4.2.3", rsa: "1.2.840.113549.1.1.13" },
} as const;

export type DigestName = keyof typeof DIGESTS;

/** Object identifiers by what they stand for. */
export const OID = {
  rsaEncryption: "1.2.840.113549.1.1.1",
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  countersignature: "1.2.840.113549.1.9.6",
  timestampInfo: "1.2.840.113549.1.9.16.1.4",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  indirectData: "1.3.6.1.4.1.311.2.1.4",
  statementType: "1.3.6.1.4.1.311.2.1.11",
  programInfo: "1.3.6.1.4.1.311.2.1.12",
  peImageData: "1.3.6.1.4.1.311.2.1.15",
  individualCodeSigning: "1.3.6.1.4.1.311.2.1.21",
  cabinetData: "1.3.6.1.4.1.311.2.1.25",
  link: "1.3.6.1.4.1.311.2.1.28",
  interfaceInfo: "1.3.6.1.4.1.311.2.1.30",
  pageDigests: "1.3.6.1.4.1.311.2.3.2",
  nestedSignature: "1.3.6.1.4.1.311.2.4.1",
  enhancedDigest: "1.3.6.1.4.1.311.2.5.1",
  timestampToken: "1.3.6.1.4.1.311.3.3.1",
  certificateTrustList: "1.3.6.1.4.1.311.10.1",
  catalogList: "1.3.6.1.4.1.311.12.1.1",
  catalogMemberV1: "1.3.6.1.4.1.311.12.1.2",
  catalogMemberV2: "1.3.6.1.4.1.311.12.1.3",
  catalogNameValue: "1.3.6.1.4.1.311.12.2.1",
  catalogMemberInfoV1: "1.3.6.1.4.1.311.12.2.2",
  catalogMemberInfoV2: "1.3.6.1.4.1.311.12.2.3",
} as const;

/** Purposes that a certificate can be restricted to. */
export const EKU = {
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timestamping: "1.3.6.1.5.5.7.3.8",
  windowsComponent: "1.3.6.1.4.1.311.10.3.6",
} as const;

/** An AlgorithmIdentifier with NULL parameters, as RSA and the digests have them. */
export const algorithm = (dotted: string) => sequence(objectIdentifier(dotted), nullValue());

export function hash(name: DigestName, ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash(name);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** RSA with PKCS #1 v1.5 padding: the same bytes and key give the same signature every time. */
export function sign(name: DigestName, bytes: Uint8Array, key: KeyObject): Uint8Array {
  return createSign(name).update(bytes).sign(key);
}
