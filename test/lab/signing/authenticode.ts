import { type Credential, THROW_AWAY } from "./certificates.ts";
import { attribute, buildSignedData, buildSignerInfo, contentOctets, type SignerFaults } from "./cms.ts";
import {
  bitString,
  context,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from "./der.ts";
import { algorithm, DIGESTS, type DigestName, hash, OID } from "./identifiers.ts";
import { buildTimestamp, type LabTimestamp } from "./timestamp.ts";

/** How a file is signed; everything has a default: the throw-away signer, SHA-256, an RFC 3161 timestamp. */
export interface Signing {
  readonly credential?: Credential;
  /** Certificates of the bag; those of the throw-away chain without its root unless said otherwise. */
  readonly bag?: readonly Uint8Array[];
  readonly digest?: DigestName;
  /** Timestamps of the signature, often one, or none. */
  readonly timestamps?: readonly LabTimestamp[];
  /** Signatures inside this one, each with its own digest of the file. */
  readonly nested?: readonly Signing[];
  /** Digest of the file in place of the true one. */
  readonly fileDigest?: Uint8Array;
  /** Digest algorithm that stands beside the file's digest in place of the signer's. */
  readonly fileDigestName?: DigestName;
  /** What sort of file it says it is about, a whole SpcAttributeTypeAndOptionalValue, in place of the true one. */
  readonly subject?: Uint8Array;
  /** Signs twice: the SignerInfo is repeated. */
  readonly signerCount?: number;
  readonly faults?: SignerFaults;
}

export type SubjectKind = "cabinet" | "pe" | "msi";

/** Computes the digest of a file that is signed: Authenticode leaves out what the signature itself changes. */
export type FileDigest = (name: DigestName) => Uint8Array;

/** Certificates that a signature carries along: never the root. */
export const DEFAULT_BAG = [
  THROW_AWAY.signer.certificate,
  THROW_AWAY.authority.certificate,
  THROW_AWAY.timestamper.certificate,
];

/** ContentInfo of an Authenticode signature over a file. */
export function buildAuthenticode(
  kind: SubjectKind,
  digestOf: FileDigest,
  signing: Signing = {},
): Uint8Array {
  const { digest = "sha256", nested = [] } = signing;
  const name = signing.fileDigestName ?? digest;
  const content = indirectData(signing.subject ?? kind, name, signing.fileDigest ?? digestOf(name));
  return buildContentSignature(OID.indirectData, content, signing, (signature) => [
    ...stampsOf(signing, signature),
    ...(nested.length === 0
      ? []
      : [attribute(OID.nestedSignature, ...nested.map((inner) => buildAuthenticode(kind, digestOf, inner)))]),
  ]);
}

/** ContentInfo of a SignedData over any content that is a SEQUENCE: a catalog's list, or an indirect digest. */
export function buildContentSignature(
  contentType: string,
  content: Uint8Array,
  signing: Signing = {},
  unsigned: (signature: Uint8Array) => Uint8Array[] = (signature) => stampsOf(signing, signature),
): Uint8Array {
  const { digest = "sha256", credential = THROW_AWAY.signer, signerCount = 1 } = signing;
  const signerInfo = () =>
    buildSignerInfo({
      credential,
      digest,
      contentType,
      content: contentOctets(content),
      attributes: [
        attribute(OID.statementType, sequence(objectIdentifier(OID.individualCodeSigning))),
        attribute(OID.programInfo, sequence(context(1, implicit(0, Buffer.from("https://vmguest.invalid"))))),
      ],
      unsigned,
      faults: signing.faults,
    });
  return buildSignedData({
    contentType,
    content,
    digests: [digest],
    bag: signing.bag ?? DEFAULT_BAG,
    signerInfos: Array.from({ length: signerCount }, signerInfo),
  });
}

/** SpcIndirectDataContent: what kind of file it is, and its digest. */
export function indirectData(
  subject: SubjectKind | "flat" | Uint8Array,
  name: DigestName,
  digest: Uint8Array,
): Uint8Array {
  const what = typeof subject === "string" ? SUBJECTS[subject]() : subject;
  return sequence(what, sequence(algorithm(DIGESTS[name].digest), octetString(digest)));
}

const fileLink = () => context(2, implicit(0));
const fileSubject = () => sequence(objectIdentifier(OID.cabinetData), fileLink());
const peSubject = () =>
  sequence(objectIdentifier(OID.peImageData), sequence(bitString(new Uint8Array(0)), context(0, fileLink())));

/** SpcSipInfo: a version, and the class of the interface that knows such files. */
export function interfaceSubject(classId: string): Uint8Array {
  const reserved = Array.from({ length: 5 }, () => integer(0));
  const info = sequence(integer(1), octetString(Buffer.from(classId, "hex")), ...reserved);
  return sequence(objectIdentifier(OID.interfaceInfo), info);
}

/** A link that is a moniker, as Microsoft's cabinets have it; `type` is that of the one attribute in it. */
export function monikerSubject(type: string, classId = ATTRIBUTES_CLASS): Uint8Array {
  const attributes = set(sequence(objectIdentifier(type), set(octetString(new Uint8Array(32)))));
  const moniker = context(1, octetString(Buffer.from(classId, "hex")), octetString(attributes));
  return sequence(objectIdentifier(OID.link), moniker);
}

/** Class of Windows Installer's interface. */
const MSI_INTERFACE = "f1100c0000000000c000000000000046";
const ATTRIBUTES_CLASS = "a6b586d5b4a12466ae05a217da8e60d6";

const SUBJECTS = {
  cabinet: fileSubject,
  flat: fileSubject,
  pe: peSubject,
  msi: () => interfaceSubject(MSI_INTERFACE),
} as const;

function stampsOf(signing: Signing, signature: Uint8Array): Uint8Array[] {
  const { timestamps = [{ kind: "rfc3161" }] } = signing;
  return timestamps.map((stamp) => buildTimestamp(stamp, signature));
}

/** The bytes followed by zeros up to a multiple of eight, as signatures in files are stored. */
export function paddedToEight(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, new Uint8Array(-bytes.length & 7)]);
}

/** Digest of a file as it stands, under each name. */
export const flatDigest =
  (bytes: Uint8Array): FileDigest =>
  (name) =>
    hash(name, bytes);
