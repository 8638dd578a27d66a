// SPDX-License-Identifier: MIT
import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import { malformed } from "./der.ts";
import { signatureOf } from "./identifiers.ts";
import { parseCertificate } from "./x509.ts";

/** A certificate: what it says, and the key that it speaks for. Whether it is to be believed is the chain's matter. */
export interface Certificate {
  readonly der: Uint8Array;
  /** SHA-256 of the DER as lower-case hex. */
  readonly fingerprint: string;
  /** Names as people write them, `CN=Microsoft Windows, O=Microsoft Corporation, ...`. */
  readonly subject: string;
  readonly issuer: string;
  /** The most telling part of the subject: its common name, or all of it. */
  readonly name: string;
  /** Upper-case hex. */
  readonly serial: string;
  /** DER of the names, as lower-case hex: two names are the same where these are. */
  readonly subjectKey: string;
  readonly issuerKey: string;
  readonly serialKey: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** basicConstraints: false where the certificate has none. */
  readonly isAuthority: boolean;
  /** How many authorities may come between this one and the signer. */
  readonly pathLengthMax: number;
  /** First octet of keyUsage, see {@link KEY_USAGE}; undefined where there is none, which allows everything. */
  readonly keyUsage: number | undefined;
  /** extKeyUsage; undefined where there is none, which allows everything to an authority and nothing to a signer. */
  readonly purposes: ReadonlySet<string> | undefined;
  /** Key identifiers as lower-case hex. */
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** Critical extensions whose rules are not known, so that nobody may rely on the certificate (RFC 5280, 4.2). */
  readonly unknownCritical: readonly string[];
  /** Undefined for a sort of key that Node does not know. */
  readonly key: KeyObject | undefined;
  /** Whether the certificate was signed with the key of `issuer`; false for digests that are not accepted. */
  isSignedBy(issuer: Certificate): boolean;
}

/** `Certificate.keyUsage` (RFC 5280, 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0x80, nonRepudiation: 0x40, keyCertSign: 0x04 } as const;

/** Reads a certificate. Throws SIGNATURE_MALFORMED. */
export function readCertificate(der: Uint8Array): Certificate {
  const fields = parseCertificate(der);
  const x509 = openX509(der);
  const { subjectKeyId, authorityKeyId, ...extensions } = fields.extensions;
  const signature = signatureOf(fields.signatureAlgorithm);
  return {
    ...extensions,
    der,
    fingerprint: createHash("sha256").update(der).digest("hex"),
    subject: nameOf(x509.subject),
    issuer: nameOf(x509.issuer),
    name: /^CN=(.*)$/m.exec(x509.subject)?.[1] ?? nameOf(x509.subject),
    serial: x509.serialNumber,
    subjectKey: toHex(fields.subject),
    issuerKey: toHex(fields.issuer),
    serialKey: toHex(fields.serial),
    notBefore: fields.notBefore,
    notAfter: fields.notAfter,
    subjectKeyId: subjectKeyId && toHex(subjectKeyId),
    authorityKeyId: authorityKeyId && toHex(authorityKeyId),
    key: orUndefined(() => x509.publicKey),
    isSignedBy: ({ key }) =>
      signature !== undefined && key !== undefined && orUndefined(() => x509.verify(key)) === true,
  };
}

/** The same certificate as Node sees it, which knows how to check its signature. */
function openX509(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (error) {
    throw malformed("the certificate cannot be read", undefined, error);
  }
}

/** A bag may hold certificates of any kind; what Node cannot use, it throws for, and that proves nothing. */
function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Node gives the parts of a name one a line, from the country down. */
function nameOf(lines: string): string {
  return lines.split("\n").toReversed().join(", ");
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
