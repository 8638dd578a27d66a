// SPDX-License-Identifier: MIT
import { type Asn1Block, readAsn1, readSequence } from "./asn1.ts";
import { type DerElement, elementsOf, expectTag, Fields, malformed, readOnlyElement, TAG } from "./der.ts";
import { OID } from "./identifiers.ts";

// The outermost levels are cut here, for a catalog's list has a hundred thousand elements that pkijs would make objects
// of. What is inside is read by pkijs.

/**
 * Certificates and signers of one signature, what is nested in them included: real ones have 20 KiB. pkijs takes seconds
 * for this much of the smallest elements.
 */
const PARTS_SIZE_MAX_BYTES = 128 * 1024;
/** Certificates of one signature: real ones have four; each costs a signature check for every one it may have issued. */
const CERTIFICATE_COUNT_MAX = 64;
/** Authenticode has one signer in a signature; more are tolerated, each is judged. */
const SIGNER_COUNT_MAX = 8;
/** All that RFC 5652 has for them, the signed and the unsigned attributes included. */
const SIGNER_FIELD_COUNT_MAX = 7;
/** Real signers have five signed attributes and two unsigned ones. */
const ATTRIBUTE_COUNT_MAX = 64;

/** A PKCS #7 SignedData (RFC 2315, 9.1; RFC 5652, 5.1); all bytes are windows on what was read. */
export interface SignedData {
  readonly contentType: string;
  /** The value octets of the content, without its tag and length: what the digest is taken over. */
  readonly content: Uint8Array;
  /** Tag of the content: a SEQUENCE in Authenticode and in catalogs, an OCTET STRING in time stamps. */
  readonly contentTag: number | undefined;
  /** DER of the X.509 certificates that were sent along; nothing vouches for them but their own signatures. */
  readonly certificates: readonly Uint8Array[];
  readonly signers: readonly SignerInfo[];
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

/** The values of each attribute, by object identifier. */
export type Attributes = ReadonlyMap<string, readonly DerElement[]>;

/** What a time stamp says (RFC 3161, 2.4.2). */
export interface TimestampInfo {
  readonly imprintAlgorithm: string;
  readonly imprint: Uint8Array;
  readonly time: Date;
}

/** A ContentInfo that holds a SignedData. Throws SIGNATURE_MALFORMED, as all functions of this file do. */
export function parseSignedData(contentInfo: DerElement): SignedData {
  const outer = Fields.of(contentInfo, "ContentInfo");
  const type = outer.takeIdentifier("type");
  if (type !== OID.signedData) throw malformed(`ContentInfo is of type ${type}, not SignedData`);
  const wrapped = outer.take(TAG.context0, "content").content;
  outer.end();
  const fields = Fields.of(readOnlyElement(wrapped), "SignedData");
  fields.take(TAG.integer, "version");
  fields.take(TAG.set, "digest algorithms");
  const contents = new Fields(fields.take(TAG.sequence, "content").content, "content of SignedData");
  const contentType = contents.takeIdentifier("type");
  const content = contents.takeIf(TAG.context0);
  contents.end();
  const bag = fields.takeIf(TAG.context0);
  fields.takeIf(TAG.context1); // revocation lists, which age faster than the packages they are in
  const signers = fields.take(TAG.set, "signers");
  fields.end();
  const inner = content === undefined ? undefined : readOnlyElement(content.content);
  const certificates = bounded(bag, CERTIFICATE_COUNT_MAX, "certificates");
  const infos = bounded(signers, SIGNER_COUNT_MAX, "signers");
  const partsSizeBytes = (bag?.encoded.length ?? 0) + signers.encoded.length;
  if (partsSizeBytes > PARTS_SIZE_MAX_BYTES) {
    throw malformed(`certificates and signers have ${partsSizeBytes} bytes`);
  }
  return {
    contentType,
    content: inner?.content ?? new Uint8Array(0),
    contentTag: inner?.tag,
    // Others than SEQUENCE are attribute certificates, which some time stamps carry and nobody needs.
    certificates: certificates.filter(({ tag }) => tag === TAG.sequence).map(({ encoded }) => encoded),
    signers: infos.map(parseSignerInfo),
  };
}

/** A SignerInfo that names its certificate by issuer and serial number, as all of Microsoft's do. */
export function parseSignerInfo(element: DerElement): SignerInfo {
  expectTag(element, TAG.sequence, "SignerInfo");
  const fields = bounded(element, SIGNER_FIELD_COUNT_MAX, "fields of a SignerInfo");
  // Whole signatures may stand there, so they are left to whoever reads those.
  const unsigned = fields.at(-1)?.tag === TAG.context1 ? fields.pop() : undefined;
  return readSequence("SignerInfo", fields, (block, { pkijs }) => {
    const info = new pkijs.SignerInfo({ schema: block });
    const { sid, signedAttrs } = info;
    if (!(sid instanceof pkijs.IssuerAndSerialNumber)) {
      throw malformed("the signer is not named by issuer and serial number");
    }
    // pkijs passes over whatever follows the last field that it knows.
    if (fields.length > (signedAttrs === undefined ? 5 : 6)) {
      throw malformed("SignerInfo has more fields than it may");
    }
    return {
      issuer: new Uint8Array(sid.issuer.valueBeforeDecode),
      serial: sid.serialNumber.valueBlock.valueHexView,
      digestAlgorithm: info.digestAlgorithm.algorithmId,
      signatureAlgorithm: info.signatureAlgorithm.algorithmId,
      signature: info.signature.valueBlock.valueHexView,
      // A SET OF, whose tag the [0] in front of them stands for (RFC 5652, 5.4).
      signedBytes: signedAttrs === undefined ? undefined : new Uint8Array(signedAttrs.encodedValue),
      signed: groupByType(signedAttrs?.attributes.map(({ type, values }) => [type, values.map(asElement)])),
      unsigned: groupByType(cutAttributes(unsigned)),
    };
  });
}

type AttributeEntry = [type: string, values: DerElement[]];

/** The attributes in a SET OF, with their values as they stand. */
function cutAttributes(set: DerElement | undefined): AttributeEntry[] {
  return bounded(set, ATTRIBUTE_COUNT_MAX, "attributes").map((element) => {
    const fields = Fields.of(element, "attribute");
    const type = fields.takeIdentifier("type");
    const values = bounded(fields.take(TAG.set, "values"), ATTRIBUTE_COUNT_MAX, "values");
    fields.end();
    return [type, values];
  });
}

/** The values of a repeated attribute come together: their number then tells whoever wants exactly one. */
function groupByType(entries: readonly AttributeEntry[] = []): Attributes {
  const attributes = new Map<string, DerElement[]>();
  for (const [type, values] of entries) {
    attributes.set(type, [...(attributes.get(type) ?? []), ...values]);
  }
  return attributes;
}

function asElement({ valueBeforeDecodeView }: Asn1Block): DerElement {
  return readOnlyElement(valueBeforeDecodeView);
}

/** A UTCTime or GeneralizedTime. */
export function parseTime({ encoded }: DerElement): Date {
  return readAsn1("time", encoded, (block, { pkijs }) => new pkijs.Time({ schema: block }).value);
}

/** A TSTInfo. */
export function parseTimestampInfo(der: Uint8Array): TimestampInfo {
  return readAsn1("TSTInfo", der, (block, { pkijs }) => {
    const { messageImprint, genTime } = new pkijs.TSTInfo({ schema: block });
    return {
      imprintAlgorithm: messageImprint.hashAlgorithm.algorithmId,
      imprint: messageImprint.hashedMessage.valueBlock.valueHexView,
      time: genTime,
    };
  });
}

/** The elements inside a SET or SEQUENCE, of which there may be no more than `max`. */
function bounded(set: DerElement | undefined, max: number, what: string): DerElement[] {
  const taken: DerElement[] = [];
  if (set === undefined) return taken;
  for (const element of elementsOf(set.content)) {
    if (taken.length === max) throw malformed(`there are more than ${max} ${what}`);
    taken.push(element);
  }
  return taken;
}
