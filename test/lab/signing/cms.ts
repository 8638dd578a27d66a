import type { Credential } from "./certificates.ts";
import { context, der, integer, objectIdentifier, octetString, sequence, set, setOf } from "./der.ts";
import { algorithm, DIGESTS, type DigestName, hash, OID, sign } from "./identifiers.ts";

/** What can be made wrong, or merely unusual, in a SignerInfo. */
export interface SignerFaults {
  /** Digest in the messageDigest attribute in place of the true one. */
  readonly messageDigest?: Uint8Array;
  /** Content type in the contentType attribute in place of the true one. */
  readonly contentTypeAttribute?: string;
  /** Changes the signed attributes, each a whole SEQUENCE, before they are sorted and signed. */
  readonly editAttributes?: (attributes: Uint8Array[]) => Uint8Array[];
  /** Leaves signed attributes out: the signature is over the content itself. */
  readonly hasNoSignedAttributes?: boolean;
  /** Signs and stores the attributes as they come instead of in DER's order. */
  readonly isUnsorted?: boolean;
  /** Changes the finished signature. */
  readonly editSignature?: (signature: Uint8Array) => Uint8Array;
  /** Names another certificate than that of the key that signs. */
  readonly namedCredential?: Credential;
  /** Object identifier of the signature algorithm; plain RSA unless said otherwise. */
  readonly signatureAlgorithm?: string;
  /** Changes the unsigned attributes, each a whole SEQUENCE. */
  readonly editUnsigned?: (attributes: Uint8Array[]) => Uint8Array[];
}

/** One signer's part of a SignedData. */
export interface LabSignerInfo {
  readonly credential: Credential;
  readonly digest: DigestName;
  readonly contentType: string;
  /** The bytes that are signed: the content's value without its outer tag and length. */
  readonly content: Uint8Array;
  /** Signed attributes beside contentType and messageDigest. */
  readonly attributes?: readonly Uint8Array[];
  /** Unsigned attributes, made from the signature that they are about. */
  readonly unsigned?: (signature: Uint8Array) => Uint8Array[];
  readonly faults?: SignerFaults | undefined;
}

/** A SignerInfo (RFC 5652, 5.3), version 1. */
export function buildSignerInfo(info: LabSignerInfo): Uint8Array {
  const { credential, digest, content, faults = {} } = info;
  const plain = [
    attribute(OID.contentType, objectIdentifier(faults.contentTypeAttribute ?? info.contentType)),
    ...(info.attributes ?? []),
    attribute(OID.messageDigest, octetString(faults.messageDigest ?? hash(digest, content))),
  ];
  const edited = faults.editAttributes?.(plain) ?? plain;
  const signedAttributes = faults.isUnsorted === true ? set(...edited) : setOf(...edited);
  const isPlain = faults.hasNoSignedAttributes === true;
  const trueSignature = sign(digest, isPlain ? content : signedAttributes, credential.key);
  const signature = faults.editSignature?.(trueSignature) ?? trueSignature;
  const unsigned = info.unsigned?.(signature) ?? [];
  const unsignedEdited = faults.editUnsigned?.(unsigned) ?? unsigned;
  const named = faults.namedCredential ?? credential;
  return sequence(
    integer(1),
    sequence(named.issuer, integer(named.serial)),
    algorithm(DIGESTS[digest].digest),
    ...(isPlain ? [] : [retagged(signedAttributes, 0xa0)]),
    algorithm(faults.signatureAlgorithm ?? OID.rsaEncryption),
    octetString(signature),
    ...(unsignedEdited.length === 0 ? [] : [context(1, ...unsignedEdited)]),
  );
}

/** A SignedData in its ContentInfo. */
export interface LabSignedData {
  readonly contentType: string;
  /** The content's DER as it stands inside `[0]`: a SEQUENCE in Authenticode, an OCTET STRING in RFC 5652. */
  readonly content: Uint8Array;
  readonly version?: number;
  readonly digests: readonly DigestName[];
  /** Certificates of the bag, in stored order. */
  readonly bag: readonly Uint8Array[];
  readonly signerInfos: readonly Uint8Array[];
}

/** ContentInfo of a SignedData (RFC 5652, 3 and 5.1). */
export function buildSignedData(data: LabSignedData): Uint8Array {
  const signedData = sequence(
    integer(data.version ?? 1),
    set(...data.digests.map((digest) => algorithm(DIGESTS[digest].digest))),
    sequence(objectIdentifier(data.contentType), context(0, data.content)),
    ...(data.bag.length === 0 ? [] : [context(0, ...data.bag)]),
    set(...data.signerInfos),
  );
  return sequence(objectIdentifier(OID.signedData), context(0, signedData));
}

/** An attribute: a type and a SET of values. */
export function attribute(type: string, ...values: readonly Uint8Array[]): Uint8Array {
  return sequence(objectIdentifier(type), set(...values));
}

/** The value octets of a DER value: what stands behind its tag and length. */
export function contentOctets(value: Uint8Array): Uint8Array {
  const first = value[1] ?? 0;
  return value.subarray(first < 0x80 ? 2 : 2 + first - 0x80);
}

/** The same value under another tag byte. */
export function retagged(value: Uint8Array, tag: number): Uint8Array {
  return der(tag, contentOctets(value));
}
