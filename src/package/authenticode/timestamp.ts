// SPDX-License-Identifier: MIT
import { type Certificate, readCertificate } from "./certificate.ts";
import { type DerElement, decodeObjectIdentifier, elementsOf, expectTag, malformed, TAG } from "./der.ts";
import { digestOf, OID } from "./identifiers.ts";
import {
  type Attributes,
  parseSignedData,
  parseSignerInfo,
  parseTime,
  parseTimestampInfo,
  type SignerInfo,
} from "./pkcs7.ts";
import { checkSigner, hash, isSame, only, type SignerCheck } from "./signer.ts";

/** One signature needs one time stamp; some have one of each kind. */
const TIMESTAMP_COUNT_MAX = 8;

/** A time stamp as it was found on a signature; whether its authority is to be believed is the chain's matter. */
export interface Timestamp {
  readonly kind: "pkcs9" | "rfc3161";
  readonly time: Date;
  readonly certificate: Certificate | undefined;
  /** Certificates for the chain of the authority. */
  readonly bag: readonly Certificate[];
  readonly broken: readonly string[];
  readonly unsupported: readonly string[];
}

/**
 * The time stamps of a signature, of both kinds: countersignatures (PKCS #9, 5.6) and tokens (RFC 3161). Each is checked
 * against the signature it is about. Throws SIGNATURE_MALFORMED.
 */
export function readTimestamps(
  { unsigned, signature }: SignerInfo,
  bag: readonly Certificate[],
): Timestamp[] {
  const countersignatures = unsigned.get(OID.countersignature) ?? [];
  const tokens = unsigned.get(OID.timestampToken) ?? [];
  if (countersignatures.length + tokens.length > TIMESTAMP_COUNT_MAX) {
    throw malformed(`the signature has more than ${TIMESTAMP_COUNT_MAX} time stamps`);
  }
  return [
    ...countersignatures.map((element) => readCountersignature(element, signature, bag)),
    ...tokens.map((element) => readToken(element, signature, bag)),
  ];
}

function readCountersignature(
  element: DerElement,
  stamped: Uint8Array,
  bag: readonly Certificate[],
): Timestamp {
  const info = parseSignerInfo(element);
  const check = checkSigner(info, { bytes: stamped, type: OID.data, isTypeOptional: true }, bag);
  return timestamp("pkcs9", parseTime(only(info.signed, OID.signingTime)), check, bag);
}

function readToken(element: DerElement, stamped: Uint8Array, outerBag: readonly Certificate[]): Timestamp {
  const token = parseSignedData(element);
  const [info, ...more] = token.signers;
  if (token.contentType !== OID.timestampInfo || token.contentTag !== TAG.octetString) {
    throw malformed(`the time stamp holds content of type ${token.contentType}`);
  }
  if (info === undefined || more.length > 0) throw malformed("the time stamp has not one signer");
  const bag = [...token.certificates.map((certificate) => readCertificate(certificate)), ...outerBag];
  const check = checkSigner(info, { bytes: token.content, type: OID.timestampInfo }, bag);
  const { imprint, imprintAlgorithm, time } = parseTimestampInfo(token.content);
  const algorithm = digestOf(imprintAlgorithm);
  const broken = [...check.broken];
  const unsupported = [...check.unsupported];
  if (algorithm === undefined) unsupported.push(`digest ${imprintAlgorithm} is not accepted`);
  else if (!isSame(imprint, hash(algorithm, stamped))) broken.push("it is about another signature");
  if (check.certificate !== undefined && !namesCertificate(info.signed, check.certificate)) {
    broken.push("it was signed with another certificate than it names");
  }
  return timestamp("rfc3161", time, { ...check, broken, unsupported }, bag);
}

/**
 * Whether the certificate is the one that the token says it was signed with, so that nobody can put another with the same
 * name and number in its place (RFC 2634, 5.4; RFC 5035, 4). True where the token does not say.
 */
function namesCertificate(signed: Attributes, { der }: Certificate): boolean {
  for (const identifier of [OID.signingCertificate, OID.signingCertificateV2]) {
    const value = signed.get(identifier)?.[0];
    if (value === undefined) continue;
    const [list] = elementsOf(expectTag(value, TAG.sequence, "signingCertificate"));
    const [first] = elementsOf(expectTag(list, TAG.sequence, "certificates of signingCertificate"));
    const parts = [...elementsOf(expectTag(first, TAG.sequence, "identifier of a certificate"))];
    const [algorithm] = parts[0]?.tag === TAG.sequence ? elementsOf(parts[0].content) : [];
    const byDefault = identifier === OID.signingCertificate ? "sha1" : "sha256";
    const digest = algorithm === undefined ? byDefault : digestOf(decodeObjectIdentifier(algorithm.content));
    const stated = parts.find(({ tag }) => tag === TAG.octetString);
    if (digest === undefined || stated === undefined || !isSame(stated.content, hash(digest, der)))
      return false;
  }
  return true;
}

function timestamp(
  kind: Timestamp["kind"],
  time: Date,
  { certificate, broken, unsupported }: SignerCheck,
  bag: readonly Certificate[],
): Timestamp {
  const named = (fault: string) => `time stamp: ${fault}`;
  return {
    kind,
    time,
    certificate,
    bag,
    broken: broken.map(named),
    unsupported: unsupported.map(named),
  };
}
