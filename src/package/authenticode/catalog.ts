// SPDX-License-Identifier: MIT
import { decodeUtf16, decodeUtf16be } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { toHex } from "./certificate.ts";
import { type DerElement, elementsOf, Fields, readElement, readOnlyElement, TAG } from "./der.ts";
import { digestOf, OID } from "./identifiers.ts";
import { readIndirectData } from "./indirect-data.ts";
import { parseSignedData } from "./pkcs7.ts";

/** A file that a catalog vouches for. */
export interface CatalogMember {
  /** Lower-case hex. */
  readonly digest: string;
  readonly algorithm: "sha1" | "sha256";
  /** How the file was digested: as it is, or as an image, without its own signature ({@link peDigests}). */
  readonly kind: "flat" | "pe" | "unknown";
  /** Only some tools put it in; Microsoft's catalogs do without. */
  readonly fileName?: string;
}

/** What a catalog lists. Only {@link verifyCatalog} says whether to believe it. */
export interface Catalog {
  /** In stored order; a file has one for each digest. */
  readonly members: readonly CatalogMember[];
  /** Names and values of the whole catalog: `OSAttr`, `PackageName`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Whether a file with this digest is listed; `digestHex` in lower case. */
  has(digestHex: string): boolean;
}

/** The catalogs of cumulative updates have 20 MiB. */
export const CATALOG_SIZE_MAX_BYTES = 64 * 1024 * 1024;
/** Those have 100,000 members; each costs us 200 bytes. */
const MEMBER_COUNT_MAX = 500_000;

/**
 * Reads a catalog (.cat) of either version. Throws CATALOG_NOT where it is something else, SIGNATURE_MALFORMED where it is
 * damaged, LIMIT_EXCEEDED where it is too large.
 *
 * Version 1 names each member by the text of its digest, version 2 by the digest; where a member has the digest itself
 * among its attributes, that counts and the name does not.
 */
export function readCatalog(bytes: Uint8Array): Catalog {
  if (bytes.length > CATALOG_SIZE_MAX_BYTES) throw tooLarge(`the catalog has ${bytes.length} bytes`);
  const list = new Fields(readList(bytes), "certificate trust list");
  list.takeIf(TAG.integer); // the version
  list.take(TAG.sequence, "usage");
  list.takeIf(TAG.octetString); // the identifier of the list
  list.takeIf(TAG.integer); // its sequence number
  while (list.takeIf(TAG.utcTime) !== undefined || list.takeIf(TAG.generalizedTime) !== undefined) {
    // When it was made, and until when it counts: Windows asks for neither.
  }
  list.takeAlgorithm("sort of members");
  const subjects = list.takeIf(TAG.sequence);
  const extensions = list.takeIf(TAG.context0);
  list.end();
  const members = readMembers(subjects);
  const digests = new Set(members.map(({ digest }) => digest));
  return {
    members,
    attributes: readExtensions(extensions),
    has: (digestHex) => digests.has(digestHex),
  };
}

/** The value octets of the trust list that a catalog is. */
function readList(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== TAG.sequence)
    throw new VmguestError("CATALOG_NOT", "the file is no PKCS #7", { offset: 0 });
  const { contentType, contentTag, content } = parseSignedData(readElement(bytes));
  if (contentType === OID.certificateTrustList && contentTag === TAG.sequence) return content;
  throw new VmguestError("CATALOG_NOT", `what is signed is of type ${contentType}, no list`, { offset: 0 });
}

function readMembers(subjects: DerElement | undefined): CatalogMember[] {
  const members: CatalogMember[] = [];
  for (const element of subjects === undefined ? [] : elementsOf(subjects.content)) {
    if (members.length === MEMBER_COUNT_MAX)
      throw tooLarge(`the catalog has more than ${MEMBER_COUNT_MAX} members`);
    const member = readMember(element);
    if (member !== undefined) members.push(member);
  }
  return members;
}

/** Version 2 says by the tag of an empty value how a file was digested. */
const KIND_TAG: ReadonlyMap<number, CatalogMember["kind"]> = new Map([
  [0x80, "pe"],
  [0x82, "flat"],
]);

/** A member, or undefined where it is not known by a digest that is accepted. */
function readMember(element: DerElement): CatalogMember | undefined {
  const fields = Fields.of(element, "member of the catalog");
  const name = fields.take(TAG.octetString, "identifier").content;
  const attributes = fields.takeIf(TAG.set);
  fields.end();
  let kind: CatalogMember["kind"] = "unknown";
  let fileName: string | undefined;
  let digest: Digest | undefined;
  for (const item of attributes === undefined ? [] : elementsOf(attributes.content)) {
    const attribute = Fields.of(item, "attribute of a member");
    const type = attribute.takeIdentifier("type");
    const [value] = elementsOf(attribute.take(TAG.set, "values").content);
    if (value === undefined) continue;
    if (type === OID.catalogMemberInfoV2) kind = KIND_TAG.get(value.tag) ?? kind;
    if (type === OID.catalogNameValue) fileName ??= readNameValue(value, "File");
    if (type !== OID.indirectData || value.tag !== TAG.sequence) continue;
    const data = readIndirectData(value.content);
    if (data.type === OID.peImageData) kind = "pe";
    if (data.type === OID.cabinetData) kind = "flat";
    digest = acceptedDigest(digestOf(data.algorithm), data.digest);
  }
  digest ??= acceptedDigest(name.length === 20 ? "sha1" : "sha256", name);
  if (digest === undefined) return undefined;
  return { ...digest, kind, ...(fileName === undefined ? {} : { fileName }) };
}

type Digest = Pick<CatalogMember, "digest" | "algorithm">;

function acceptedDigest(algorithm: string | undefined, bytes: Uint8Array): Digest | undefined {
  if (algorithm === "sha1" && bytes.length === 20) return { algorithm, digest: toHex(bytes) };
  if (algorithm === "sha256" && bytes.length === 32) return { algorithm, digest: toHex(bytes) };
  return undefined;
}

/** Extensions that are names with values; the values of a repeated name come together. */
function readExtensions(extensions: DerElement | undefined): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (extensions === undefined) return attributes;
  const list = Fields.of(readOnlyElement(extensions.content), "extensions of the catalog");
  for (let item = list.takeIf(TAG.sequence); item !== undefined; item = list.takeIf(TAG.sequence)) {
    const extension = Fields.of(item, "extension of the catalog");
    const isNameValue = extension.takeIdentifier("identifier") === OID.catalogNameValue;
    extension.takeIf(TAG.boolean); // whether it is critical
    const value = extension.take(TAG.octetString, "value").content;
    if (!isNameValue) continue;
    const [name, text] = parseNameValue(readOnlyElement(value));
    const before = attributes.get(name);
    attributes.set(name, before === undefined ? text : `${before},${text}`);
  }
  return attributes;
}

function readNameValue(element: DerElement, wanted: string): string | undefined {
  const [name, text] = parseNameValue(element);
  return name === wanted ? text : undefined;
}

/** CatalogNameValue ::= SEQUENCE { name BMPString, flags INTEGER, value OCTET STRING }, the value UTF-16 up to a NUL. */
function parseNameValue(element: DerElement): [name: string, text: string] {
  const fields = Fields.of(element, "name and value");
  const name = viewOf(fields.take(TAG.bmpString, "name").content);
  fields.take(TAG.integer, "flags");
  const value = viewOf(fields.take(TAG.octetString, "value").content);
  const text = decodeUtf16(value, 0, value.byteLength);
  const end = text.indexOf("\0");
  return [decodeUtf16be(name, 0, name.byteLength), end === -1 ? text : text.slice(0, end)];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function tooLarge(message: string): VmguestError {
  return new VmguestError("LIMIT_EXCEEDED", message, { structure: "catalog" });
}
