// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import type * as Pkijs from "pkijs";
import { VmguestError } from "../../errors.ts";
import {
  checkDer,
  type DerElement,
  decodeObjectIdentifier,
  elementsOf,
  expectTag,
  malformed,
  readElement,
  TAG,
} from "./der.ts";
import { OID } from "./identifiers.ts";

/**
 * The one file that knows pkijs: it turns DER into plain records whose bytes are windows on what was read, so that
 * digests are taken over exactly what was signed.
 *
 * The outermost levels are cut here, because a catalog's list has a hundred thousand elements that pkijs would make
 * objects of. pkijs reads what is inside: SignerInfo, Certificate, TSTInfo. It recurses and it accepts BER, so whatever
 * it is given has passed {@link checkDer}. All functions throw SIGNATURE_MALFORMED, also for too much of anything.
 */

/** Certificates of one signature: real ones have four; each costs a signature check for every one it may have issued. */
const CERTIFICATE_COUNT_MAX = 64;
/** Authenticode has one signer in a signature; more are tolerated, each is judged. */
const SIGNER_COUNT_MAX = 8;
/** What pkijs is given at once: a signer with a nested signature and two time stamps has 13 KiB. */
const PART_SIZE_MAX_BYTES = 1024 * 1024;

/** A PKCS #7 SignedData (RFC 2315, 9.1; RFC 5652, 5.1). */
export interface SignedData {
  readonly contentType: string;
  /** The value octets of the content, without its tag and length: what the digest is taken over. */
  readonly content: Uint8Array;
  /** Tag of the content: a SEQUENCE in Authenticode and in catalogs, an OCTET STRING in time stamps. */
  readonly contentTag: number | undefined;
  /** DER of the X.509 certificates that were sent along; nothing vouches for them but their own signatures. */
  readonly certificates: readonly Uint8Array[];
  /** DER of the SignerInfos. */
  readonly signers: readonly Uint8Array[];
}

/** One signer's part (RFC 5652, 5.3). */
export interface SignerInfo {
  /** DER of the issuer's name. */
  readonly issuer: Uint8Array;
  /** The value octets of the serial number. */
  readonly serial: Uint8Array;
  readonly digestAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  /** The signed attributes as the SET OF that the signature is over, or undefined where there are none. */
  readonly signedBytes: Uint8Array | undefined;
  readonly signed: Attributes;
  /** Attributes that nothing vouches for: time stamps and nested signatures, which stand on their own. */
  readonly unsigned: Attributes;
}

/** DER of the values of each attribute, by object identifier. */
export type Attributes = ReadonlyMap<string, readonly Uint8Array[]>;

/** What is said in a certificate (RFC 5280, 4.1). */
export interface CertificateFields {
  /** DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The value octets of the serial number. */
  readonly serial: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signatureAlgorithm: string;
  readonly extensions: readonly Extension[];
}

export interface Extension {
  readonly identifier: string;
  readonly isCritical: boolean;
  /** DER of the value. */
  readonly value: Uint8Array;
}

/** What a time stamp says (RFC 3161, 2.4.2). */
export interface TimestampInfo {
  readonly imprintAlgorithm: string;
  readonly imprint: Uint8Array;
  readonly time: Date;
}

/** A ContentInfo that holds a SignedData; zeros may follow it, as they fill up a table, and are not looked at. */
export function parseSignedData(bytes: Uint8Array): SignedData {
  const outer = [...elementsOf(expectTag(readElement(bytes), TAG.sequence, "ContentInfo"))];
  const type = identifierOf(outer[0], "type of ContentInfo");
  if (type !== OID.signedData) throw malformed(`ContentInfo is of type ${type}, not SignedData`);
  const wrapped = expectTag(outer[1], TAG.context0, "content of ContentInfo");
  const fields = [...elementsOf(expectTag(readElement(wrapped), TAG.sequence, "SignedData"))];
  expectTag(fields[0], TAG.integer, "version of SignedData");
  expectTag(fields[1], TAG.set, "digest algorithms of SignedData");
  const [contentType, content] = [...elementsOf(expectTag(fields[2], TAG.sequence, "content of SignedData"))];
  const inner =
    content === undefined ? undefined : readElement(expectTag(content, TAG.context0, "the signed content"));
  const bag = fields.find(({ tag }) => tag === TAG.context0);
  const signers = elementsOf(expectTag(fields.at(-1), TAG.set, "signers of SignedData"));
  return {
    contentType: identifierOf(contentType, "content type of SignedData"),
    content: inner?.content ?? new Uint8Array(0),
    contentTag: inner?.tag,
    // Others than SEQUENCE are attribute certificates, which some time stamps carry and nobody needs.
    certificates: take(
      bag === undefined ? [] : elementsOf(bag.content),
      CERTIFICATE_COUNT_MAX,
      "certificates",
    )
      .filter(({ tag }) => tag === TAG.sequence)
      .map(({ encoded }) => encoded),
    signers: take(signers, SIGNER_COUNT_MAX, "signers").map(({ encoded }) => encoded),
  };
}

/** A SignerInfo that names its certificate by issuer and serial number, as all of Microsoft's do. */
export function parseSignerInfo(der: Uint8Array): SignerInfo {
  return parsed("SignerInfo", der, ({ SignerInfo, IssuerAndSerialNumber }) => {
    const info = SignerInfo.fromBER(der);
    const { sid } = info;
    if (!(sid instanceof IssuerAndSerialNumber)) {
      throw malformed("the signer is not named by issuer and serial number");
    }
    return {
      issuer: new Uint8Array(sid.issuer.valueBeforeDecode),
      serial: sid.serialNumber.valueBlock.valueHexView,
      digestAlgorithm: info.digestAlgorithm.algorithmId,
      signatureAlgorithm: info.signatureAlgorithm.algorithmId,
      signature: info.signature.valueBlock.valueHexView,
      signedBytes: info.signedAttrs === undefined ? undefined : new Uint8Array(info.signedAttrs.encodedValue),
      signed: attributesOf(info.signedAttrs),
      unsigned: attributesOf(info.unsignedAttrs),
    };
  });
}

/** The values of repeated attributes come together: their number then tells whoever wants exactly one. */
function attributesOf(set: Pkijs.SignedAndUnsignedAttributes | undefined): Attributes {
  const attributes = new Map<string, Uint8Array[]>();
  for (const { type, values } of set?.attributes ?? []) {
    const encoded = values.map((value: { valueBeforeDecodeView: Uint8Array }) => value.valueBeforeDecodeView);
    attributes.set(type, [...(attributes.get(type) ?? []), ...encoded]);
  }
  return attributes;
}

/** An X.509 certificate's fields. */
export function parseCertificate(der: Uint8Array): CertificateFields {
  return parsed("certificate", der, ({ Certificate }) => {
    const certificate = Certificate.fromBER(der);
    return {
      issuer: new Uint8Array(certificate.issuer.valueBeforeDecode),
      subject: new Uint8Array(certificate.subject.valueBeforeDecode),
      serial: certificate.serialNumber.valueBlock.valueHexView,
      notBefore: dateOf(certificate.notBefore.value),
      notAfter: dateOf(certificate.notAfter.value),
      signatureAlgorithm: certificate.signatureAlgorithm.algorithmId,
      extensions: (certificate.extensions ?? []).map(({ extnID, critical, extnValue }) => ({
        identifier: extnID,
        isCritical: critical,
        value: extnValue.valueBlock.valueHexView,
      })),
    };
  });
}

/** A UTCTime or GeneralizedTime. */
export function parseTime(der: Uint8Array): Date {
  return parsed("time", der, ({ Time }) => dateOf(Time.fromBER(der).value));
}

/** A TSTInfo. */
export function parseTimestampInfo(der: Uint8Array): TimestampInfo {
  return parsed("TSTInfo", der, ({ TSTInfo }) => {
    const { messageImprint, genTime } = TSTInfo.fromBER(der);
    return {
      imprintAlgorithm: messageImprint.hashAlgorithm.algorithmId,
      imprint: messageImprint.hashedMessage.valueBlock.valueHexView,
      time: dateOf(genTime),
    };
  });
}

/** Runs pkijs on DER that has been checked; whatever it throws is a fault of the bytes. */
function parsed<T>(what: string, der: Uint8Array, parse: (library: typeof Pkijs) => T): T {
  if (der.length > PART_SIZE_MAX_BYTES) throw malformed(`the ${what} has ${der.length} bytes`);
  checkDer(der);
  const library = loadLibrary();
  try {
    return parse(library);
  } catch (error) {
    if (error instanceof VmguestError) throw error;
    throw malformed(`the ${what} cannot be read`, undefined, error);
  }
}

let library: typeof Pkijs | undefined;

/** pkijs costs 50 ms to load, so only whoever has a signature to read pays for it. */
function loadLibrary(): typeof Pkijs {
  library ??= createRequire(import.meta.url)("pkijs") as typeof Pkijs;
  return library;
}

function dateOf(date: Date): Date {
  if (Number.isNaN(date.getTime())) throw malformed("a time is none");
  return date;
}

function identifierOf(element: DerElement | undefined, what: string): string {
  return decodeObjectIdentifier(expectTag(element, TAG.objectIdentifier, what));
}

/** The items, of which there may be no more than `max`. */
function take(items: Iterable<DerElement>, max: number, what: string): DerElement[] {
  const taken: DerElement[] = [];
  for (const item of items) {
    if (taken.length === max) throw malformed(`there are more than ${max} ${what}`);
    taken.push(item);
  }
  return taken;
}
