import { buildContentSignature, indirectData, type Signing } from "./authenticode.ts";
import { SIGNING_TIME } from "./certificates.ts";
import { attribute } from "./cms.ts";
import {
  bmpString,
  context,
  implicit,
  integer,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
} from "./der.ts";
import { type DigestName, hash, OID } from "./identifiers.ts";
import { isPe, peDigest } from "./pe.ts";

/** A file that a catalog lists. */
export interface CatalogFile {
  readonly bytes: Uint8Array;
  /** How its digest is taken; as an image where it is one, unless said otherwise. */
  readonly kind?: "flat" | "pe";
  /** Digest in place of the true one. */
  readonly digest?: Uint8Array;
  /** File name in the member's attributes; none unless said otherwise, as in Microsoft's. */
  readonly name?: string;
}

/** A catalog as it is to be. */
export interface LabCatalog {
  readonly files: readonly CatalogFile[];
  /** 1 lists SHA-1 digests as text, 2 lists digests as they are. */
  readonly version?: 1 | 2;
  /** Digests of each file; SHA-1 alone in version 1, SHA-1 and SHA-256 in version 2. */
  readonly digests?: readonly ("sha1" | "sha256")[];
  /** Systems that the catalog is for; null leaves the attribute out. */
  readonly systems?: string | null;
  /** Further names and values of the whole catalog. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly time?: string;
  /** How it is signed; null gives a catalog with no signer. */
  readonly signing?: Signing | null;
}

const FLAT_FILE_SUBJECT = "{DE351A42-8E59-11D0-8C47-00C04FC295EE}";
const PE_IMAGE_SUBJECT = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}";
const SYSTEMS = "2:5.1,2:5.2,2:6.0,2:6.1,2:6.2,2:6.3";
/** Flags of a name and value: authenticated, and the value is text. */
const TEXT_VALUE = 0x0001_0001;

/** A catalog file: a signed certificate trust list of digests, sorted as Microsoft's are. */
export function buildCatalog(catalog: LabCatalog): Uint8Array {
  const list = buildTrustList(catalog);
  if (catalog.signing !== null) {
    return buildContentSignature(OID.certificateTrustList, list, catalog.signing);
  }
  const content = sequence(objectIdentifier(OID.certificateTrustList), context(0, list));
  return sequence(objectIdentifier(OID.signedData), context(0, sequence(integer(1), set(), content, set())));
}

function buildTrustList(catalog: LabCatalog): Uint8Array {
  const { version = 2, files, systems = SYSTEMS } = catalog;
  const digests = catalog.digests ?? (version === 1 ? ["sha1"] : ["sha1", "sha256"]);
  const members = files
    .flatMap((file) => digests.map((name) => buildMember(version, file, name)))
    .toSorted((a, b) => Buffer.compare(a.identifier, b.identifier));
  const values = Object.entries({ ...(systems !== null && { OSAttr: systems }), ...catalog.attributes });
  const identifier = hash("sha256", ...members.map((member) => member.identifier)).subarray(0, 16);
  return sequence(
    sequence(objectIdentifier(OID.catalogList)),
    octetString(identifier),
    time(catalog.time ?? SIGNING_TIME),
    sequence(objectIdentifier(version === 1 ? OID.catalogMemberV1 : OID.catalogMemberV2), nullValue()),
    sequence(...members.map((member) => member.entry)),
    context(0, sequence(...values.map(([name, text]) => nameValueExtension(name, text)))),
  );
}

function buildMember(version: 1 | 2, file: CatalogFile, name: DigestName) {
  const kind = file.kind ?? (isPe(file.bytes) ? "pe" : "flat");
  const digest = file.digest ?? (kind === "pe" ? peDigest(file.bytes)(name) : hash(name, file.bytes));
  const identifier =
    version === 1 ? Buffer.from(`${Buffer.from(digest).toString("hex").toUpperCase()}\0`, "utf16le") : digest;
  const digestAttribute = attribute(OID.indirectData, indirectData(kind, name, digest));
  const names =
    file.name === undefined ? [] : [attribute(OID.catalogNameValue, nameValue("File", file.name))];
  const attributes =
    version === 1
      ? [digestAttribute, attribute(OID.catalogMemberInfoV1, memberInfoV1(kind)), ...names]
      : [
          attribute(OID.catalogMemberInfoV2, implicit(kind === "pe" ? 0 : 2)),
          ...names,
          ...(name === "sha1" ? [] : [digestAttribute]),
        ];
  return { identifier, entry: sequence(octetString(identifier), set(...attributes)) };
}

function memberInfoV1(kind: "flat" | "pe"): Uint8Array {
  return sequence(bmpString(kind === "pe" ? PE_IMAGE_SUBJECT : FLAT_FILE_SUBJECT), integer(0x0200));
}

function nameValue(name: string, text: string): Uint8Array {
  return sequence(bmpString(name), integer(TEXT_VALUE), octetString(Buffer.from(`${text}\0`, "utf16le")));
}

function nameValueExtension(name: string, text: string): Uint8Array {
  return sequence(objectIdentifier(OID.catalogNameValue), octetString(nameValue(name, text)));
}
