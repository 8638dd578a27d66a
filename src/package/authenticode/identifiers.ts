// SPDX-License-Identifier: MIT

/** Object identifiers of what a signature is made of, by what they stand for. */
export const OID = {
  // PKCS #7 and PKCS #9 (RFC 2315, RFC 2985), time stamps (RFC 3161)
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  countersignature: "1.2.840.113549.1.9.6",
  timestampInfo: "1.2.840.113549.1.9.16.1.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  // Authenticode ("Windows Authenticode Portable Executable Signature Format")
  indirectData: "1.3.6.1.4.1.311.2.1.4",
  peImageData: "1.3.6.1.4.1.311.2.1.15",
  cabinetData: "1.3.6.1.4.1.311.2.1.25",
  link: "1.3.6.1.4.1.311.2.1.28",
  interfaceInfo: "1.3.6.1.4.1.311.2.1.30",
  enhancedDigest: "1.3.6.1.4.1.311.2.5.1",
  nestedSignature: "1.3.6.1.4.1.311.2.4.1",
  timestampToken: "1.3.6.1.4.1.311.3.3.1",
  // Catalogs
  certificateTrustList: "1.3.6.1.4.1.311.10.1",
  catalogList: "1.3.6.1.4.1.311.12.1.1",
  catalogMemberV1: "1.3.6.1.4.1.311.12.1.2",
  catalogMemberV2: "1.3.6.1.4.1.311.12.1.3",
  catalogNameValue: "1.3.6.1.4.1.311.12.2.1",
  catalogMemberInfoV2: "1.3.6.1.4.1.311.12.2.3",
} as const;

/** What a certificate may be used for (RFC 5280, 4.2.1.12), and Microsoft's own purposes. */
export const PURPOSE = {
  any: "2.5.29.37.0",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timestamping: "1.3.6.1.5.5.7.3.8",
  /** Windows System Component Verification: what is a part of Windows itself. */
  windowsComponent: "1.3.6.1.4.1.311.10.3.6",
  /** Lifetime Signing: what is signed ends with the certificate, whatever a time stamp says. */
  lifetimeSigning: "1.3.6.1.4.1.311.10.3.13",
} as const;

/** A digest that Authenticode is made with. MD5 is not among them: anybody can make two files with the same one. */
export type DigestAlgorithm = "sha1" | "sha256" | "sha384" | "sha512";

const DIGESTS: ReadonlyMap<string, DigestAlgorithm> = new Map([
  ["1.3.14.3.2.26", "sha1"],
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

/** The digest that an object identifier names, or undefined for one that is not accepted. */
export function digestOf(identifier: string): DigestAlgorithm | undefined {
  return DIGESTS.get(identifier);
}

/** A way to sign: the sort of key, and the digest where the identifier names one. */
export interface SignatureAlgorithm {
  readonly keyType: "rsa" | "ec";
  /** Undefined where the identifier names the key alone, so that the digest is the one stated beside it. */
  readonly digest: DigestAlgorithm | undefined;
}

const SIGNATURES: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ["1.2.840.113549.1.1.1", { keyType: "rsa", digest: undefined }],
  ["1.2.840.113549.1.1.5", { keyType: "rsa", digest: "sha1" }],
  ["1.3.14.3.2.29", { keyType: "rsa", digest: "sha1" }],
  ["1.2.840.113549.1.1.11", { keyType: "rsa", digest: "sha256" }],
  ["1.2.840.113549.1.1.12", { keyType: "rsa", digest: "sha384" }],
  ["1.2.840.113549.1.1.13", { keyType: "rsa", digest: "sha512" }],
  ["1.2.840.10045.2.1", { keyType: "ec", digest: undefined }],
  ["1.2.840.10045.4.1", { keyType: "ec", digest: "sha1" }],
  ["1.2.840.10045.4.3.2", { keyType: "ec", digest: "sha256" }],
  ["1.2.840.10045.4.3.3", { keyType: "ec", digest: "sha384" }],
  ["1.2.840.10045.4.3.4", { keyType: "ec", digest: "sha512" }],
]);

/** The way to sign that an object identifier names, or undefined for one that is not accepted. */
export function signatureOf(identifier: string): SignatureAlgorithm | undefined {
  return SIGNATURES.get(identifier);
}
