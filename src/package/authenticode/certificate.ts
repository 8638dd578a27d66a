// SPDX-License-Identifier: MIT
import { createHash, type KeyObject, X509Certificate } from "node:crypto";
import {
  type DerElement,
  decodeObjectIdentifier,
  decodeTime,
  elementsOf,
  expectTag,
  Fields,
  malformed,
  readOnlyElement,
  TAG,
} from "./der.ts";
import { signatureOf } from "./identifiers.ts";

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

const EXTENSION = {
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  purposes: "2.5.29.37",
  /** Policies bind only those who ask for one (RFC 5280, 6.1.1); nobody does here. */
  policies: "2.5.29.32",
} as const;
/** The extensions that may be critical, because their rules are followed. */
const FOLLOWED: ReadonlySet<string> = new Set(Object.values(EXTENSION));

/** Reads a certificate. Throws SIGNATURE_MALFORMED. */
export function readCertificate(der: Uint8Array): Certificate {
  const fields = parseCertificate(der);
  const x509 = openX509(der);
  const { extensions } = fields;
  const constraints = constraintsOf(extensionOf(extensions, EXTENSION.basicConstraints));
  const signature = signatureOf(fields.signatureAlgorithm);
  return {
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
    ...constraints,
    keyUsage: keyUsageOf(extensionOf(extensions, EXTENSION.keyUsage)),
    purposes: purposesOf(extensionOf(extensions, EXTENSION.purposes)),
    subjectKeyId: subjectKeyIdOf(extensionOf(extensions, EXTENSION.subjectKeyId)),
    authorityKeyId: authorityKeyIdOf(extensionOf(extensions, EXTENSION.authorityKeyId)),
    unknownCritical: extensions
      .filter(({ isCritical, identifier }) => isCritical && !FOLLOWED.has(identifier))
      .map(({ identifier }) => identifier),
    key: orUndefined(() => x509.publicKey),
    isSignedBy: ({ key }) =>
      signature !== undefined && key !== undefined && orUndefined(() => x509.verify(key)) === true,
  };
}

/** An extension (RFC 5280, 4.2). */
interface Extension {
  readonly identifier: string;
  readonly isCritical: boolean;
  /** DER of the value. */
  readonly value: Uint8Array;
}

/** A certificate's own fields (RFC 5280, 4.1). The bytes of the names are kept, for names are compared by them. */
function parseCertificate(der: Uint8Array) {
  const certificate = Fields.of(readOnlyElement(der), "Certificate");
  const body = Fields.of(certificate.take(TAG.sequence, "TBSCertificate"), "TBSCertificate");
  const outerAlgorithm = certificate.takeAlgorithm("signature algorithm");
  certificate.take(TAG.bitString, "signature");
  certificate.end();
  body.takeIf(TAG.context0); // the version
  const serial = body.take(TAG.integer, "serial number").content;
  const signatureAlgorithm = body.takeAlgorithm("signature algorithm");
  if (signatureAlgorithm !== outerAlgorithm)
    throw malformed("the certificate names two signature algorithms");
  const issuer = body.take(TAG.sequence, "issuer").encoded;
  const validity = Fields.of(body.take(TAG.sequence, "validity"), "Validity");
  const notBefore = decodeTime(validity.takeAny(), "the beginning of the validity");
  const notAfter = decodeTime(validity.takeAny(), "the end of the validity");
  validity.end();
  const subject = body.take(TAG.sequence, "subject").encoded;
  body.take(TAG.sequence, "public key");
  body.takeIf(UNIQUE_ID.issuer);
  body.takeIf(UNIQUE_ID.subject);
  const list = body.takeIf(TAG.context3);
  body.end();
  const extensions =
    list === undefined
      ? []
      : [...elementsOf(expectTag(readOnlyElement(list.content), TAG.sequence, "extensions"))].map(
          parseExtension,
        );
  return { serial, signatureAlgorithm, issuer, notBefore, notAfter, subject, extensions };
}

/** [1] and [2] IMPLICIT of a BIT STRING, which nobody uses. */
const UNIQUE_ID = { issuer: 0x81, subject: 0x82 } as const;

function parseExtension(element: DerElement): Extension {
  const fields = Fields.of(element, "Extension");
  const identifier = fields.takeIdentifier("identifier");
  const isCritical = isTrue(fields.takeIf(TAG.boolean));
  const value = fields.take(TAG.octetString, "value").content;
  fields.end();
  return { identifier, isCritical, value };
}

function isTrue(boolean: DerElement | undefined): boolean {
  return boolean !== undefined && boolean.content[0] !== 0;
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

function extensionOf(extensions: readonly Extension[], wanted: string): Uint8Array | undefined {
  const [found, ...more] = extensions.filter(({ identifier }) => identifier === wanted);
  if (more.length > 0) throw malformed(`the certificate has extension ${wanted} more than once`);
  return found?.value;
}

/** BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }. */
function constraintsOf(value: Uint8Array | undefined) {
  if (value === undefined) return { isAuthority: false, pathLengthMax: Number.POSITIVE_INFINITY };
  const fields = Fields.of(readOnlyElement(value), "basicConstraints");
  const isAuthority = isTrue(fields.takeIf(TAG.boolean));
  const length = fields.takeIf(TAG.integer)?.content;
  fields.end();
  const pathLengthMax = length?.reduce((number, octet) => number * 256 + octet, 0);
  return { isAuthority, pathLengthMax: pathLengthMax ?? Number.POSITIVE_INFINITY };
}

/** KeyUsage ::= BIT STRING; its first octet counts the bits at the end that are not used. */
function keyUsageOf(value: Uint8Array | undefined): number | undefined {
  return value === undefined
    ? undefined
    : (expectTag(readOnlyElement(value), TAG.bitString, "keyUsage")[1] ?? 0);
}

/** ExtKeyUsageSyntax ::= SEQUENCE OF OBJECT IDENTIFIER. */
function purposesOf(value: Uint8Array | undefined): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined;
  const purposes = elementsOf(expectTag(readOnlyElement(value), TAG.sequence, "extKeyUsage"));
  return new Set(
    Array.from(purposes, (item) =>
      decodeObjectIdentifier(expectTag(item, TAG.objectIdentifier, "a purpose")),
    ),
  );
}

function subjectKeyIdOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  return toHex(expectTag(readOnlyElement(value), TAG.octetString, "subjectKeyIdentifier"));
}

/** AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] OCTET STRING OPTIONAL, ... }. */
function authorityKeyIdOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  const parts = elementsOf(expectTag(readOnlyElement(value), TAG.sequence, "authorityKeyIdentifier"));
  const keyId = [...parts].find(({ tag }) => tag === TAG.implicit0);
  return keyId === undefined ? undefined : toHex(keyId.content);
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
