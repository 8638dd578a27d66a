// SPDX-License-Identifier: MIT
import { createHash, timingSafeEqual, verify } from "node:crypto";
import { type Certificate, toHex } from "./certificate.ts";
import { type DerElement, decodeObjectIdentifier, expectTag, malformed, TAG } from "./der.ts";
import { type DigestAlgorithm, digestOf, OID, signatureOf } from "./identifiers.ts";
import type { Attributes, SignerInfo } from "./pkcs7.ts";

/** What came of checking one signer's part against what it is about. */
export interface SignerCheck {
  /** The signer's certificate, or undefined where it was not sent along. */
  readonly certificate: Certificate | undefined;
  readonly digestAlgorithm: DigestAlgorithm | undefined;
  /** What does not match, so that somebody changed something. */
  readonly broken: readonly string[];
  /** What keeps the signature from being checked at all. */
  readonly unsupported: readonly string[];
}

/** What is signed: the octets, and what sort of content they are. */
export interface SignedContent {
  readonly bytes: Uint8Array;
  readonly type: string;
  /** Countersignatures have no content type, though Microsoft's say one (RFC 5652, 11.4). */
  readonly isTypeOptional?: boolean;
}

/**
 * Checks a SignerInfo (RFC 5652, 5.4): the digest of the content is the one that was signed, the content is of the sort
 * that was signed, and the signature over both is that of the certificate. Whether that certificate is to be believed
 * is the chain's matter. Throws SIGNATURE_MALFORMED.
 */
export function checkSigner(
  info: SignerInfo,
  content: SignedContent,
  bag: readonly Certificate[],
): SignerCheck {
  const digestAlgorithm = digestOf(info.digestAlgorithm);
  const issuerKey = toHex(info.issuer);
  const serialKey = toHex(info.serial);
  const certificate = bag.find((other) => other.issuerKey === issuerKey && other.serialKey === serialKey);
  const broken: string[] = [];
  const unsupported: string[] = [];
  if (digestAlgorithm === undefined) unsupported.push(`digest ${info.digestAlgorithm} is not accepted`);
  else broken.push(...attributeFaults(info, content, digestAlgorithm));
  if (certificate === undefined) {
    broken.push(`the certificate with serial number ${serialKey} that signed is missing`);
  } else if (digestAlgorithm !== undefined) {
    const outcome = checkSignature(info, digestAlgorithm, certificate);
    if (outcome === "unsupported") {
      unsupported.push(`signature algorithm ${info.signatureAlgorithm} is not accepted with this key`);
    }
    if (outcome === "mismatch") broken.push(`the signature is not that of ${certificate.name}`);
  }
  return { certificate, digestAlgorithm, broken, unsupported };
}

/** Faults of the signed attributes. Without any, nothing would say what sort of content was signed. */
function attributeFaults(
  { signed, signedBytes }: SignerInfo,
  content: SignedContent,
  digest: DigestAlgorithm,
): string[] {
  if (signedBytes === undefined) return ["there are no signed attributes"];
  const faults: string[] = [];
  const stated = expectTag(only(signed, OID.messageDigest), TAG.octetString, "messageDigest");
  if (!isSame(stated, hash(digest, content.bytes))) faults.push("what was signed has another digest");
  if (content.isTypeOptional === true && !signed.has(OID.contentType)) return faults;
  const type = decodeObjectIdentifier(
    expectTag(only(signed, OID.contentType), TAG.objectIdentifier, "contentType"),
  );
  if (type !== content.type) faults.push(`content of type ${type} was signed, not ${content.type}`);
  return faults;
}

/** The one value of an attribute that must have exactly one. Throws SIGNATURE_MALFORMED. */
export function only(attributes: Attributes, identifier: string): DerElement {
  const values = attributes.get(identifier) ?? [];
  const [value] = values;
  if (value === undefined || values.length > 1) {
    throw malformed(`attribute ${identifier} has ${values.length} values instead of one`);
  }
  return value;
}

function checkSignature(
  { signedBytes = new Uint8Array(0), signature, signatureAlgorithm }: SignerInfo,
  digest: DigestAlgorithm,
  { key }: Certificate,
): "match" | "mismatch" | "unsupported" {
  const algorithm = signatureOf(signatureAlgorithm);
  const isKnown = key !== undefined && key.asymmetricKeyType === algorithm?.keyType;
  if (!isKnown || (algorithm?.digest ?? digest) !== digest) return "unsupported";
  try {
    return verify(digest, signedBytes, key, signature) ? "match" : "mismatch";
  } catch {
    // OpenSSL throws for keys of senseless numbers.
    return "unsupported";
  }
}

export function hash(algorithm: DigestAlgorithm, bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
