// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, VmguestError } from "../../errors.ts";
import type { TrustOptions } from "../authenticode/index.ts";
import type { Cabinet, CabMember } from "../cab/index.ts";
import type { AssemblyIdentity } from "../mum/index.ts";
import { digestMember, isDocument, type MemberDigests } from "./member-digests.ts";
import { type OpenedCatalog, type PackageDocuments, pathKey, readDocuments } from "./package-documents.ts";
import type {
  CatalogStatus,
  CatalogVerification,
  ManifestStatus,
  MemberVerification,
} from "./verification.ts";

/** What the members of a cabinet are, held against its catalogs and manifests. */
export interface VerifiedMembers {
  readonly identity: AssemblyIdentity | null;
  readonly catalogs: readonly CatalogVerification[];
  readonly members: readonly MemberVerification[];
  readonly problems: readonly Finding[];
}

/**
 * Unpacks a cabinet once and compares: each member with the catalogs, by its plain digest or as an executable image, and
 * the files of components with their manifests. Damage is a problem, and ends the reading of its folder.
 */
export function verifyMembers(cabinet: Cabinet, trust: TrustOptions): VerifiedMembers {
  const problems: Finding[] = [];
  const digests = digestAll(cabinet, problems);
  const named = new Map<string, MemberDigests>();
  // Of two with one name the first is the one that Cabinet.find gives.
  for (const [{ name }, found] of digests) if (!named.has(name)) named.set(name, found);
  const documents = readDocuments(named, trust, problems);
  const members = cabinet.members.map((member) => {
    const found = digests.get(member);
    return found === undefined ? unread(member) : compare(member, found, documents, named);
  });
  problems.push(...findProblems(members, documents));
  const { identity, catalogs } = documents;
  return {
    identity,
    catalogs: catalogs.map(({ name, signature, digestCount }) => ({ name, signature, digestCount })),
    members,
    problems: [...cabinet.findings, ...problems],
  };
}

/** What the documents of one package may take together: those of the largest update have some ten megabytes. */
const DOCUMENTS_SIZE_MAX = 128 * 2 ** 20;

/** Unpacks everything. Behind damage in a folder nothing of it can be read, which is said once. */
function digestAll(cabinet: Cabinet, problems: Finding[]): Map<CabMember, MemberDigests> {
  const digests = new Map<CabMember, MemberDigests>();
  const damaged = new Set<number>();
  let documentsLeft = DOCUMENTS_SIZE_MAX;
  let isComplete = true;
  try {
    for (const content of cabinet.contents()) {
      const { folder, name } = content.member;
      if (damaged.has(folder)) continue;
      try {
        const found = digestMember(content, documentsLeft);
        digests.set(content.member, found);
        documentsLeft -= found.document?.length ?? 0;
        if (isComplete && isDocument(content.member) && found.document === undefined) {
          isComplete = false;
          problems.push(
            finding("OFFER_LIMIT", "it is too large to be read, and so may be others", { path: name }),
          );
        }
      } catch (error) {
        if (!(error instanceof VmguestError)) throw error;
        damaged.add(folder);
        problems.push(findingOf(error, { path: name }));
      }
    }
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    problems.push(findingOf(error));
  }
  return digests;
}

function unread({ name, sizeBytes }: CabMember): MemberVerification {
  return { name, sizeBytes, sha1: null, sha256: null, catalog: "unread", manifest: "unread" };
}

function compare(
  { name, sizeBytes }: CabMember,
  found: MemberDigests,
  documents: PackageDocuments,
  digests: ReadonlyMap<string, MemberDigests>,
): MemberVerification {
  const { sha1, sha256 } = found;
  const { claims, catalogs, hasDeltas } = documents;
  const claim = claims.get(pathKey(name));
  const manifest = claim === undefined ? "none" : judgeByClaim(found, claim.digests);
  const vouching = claim === undefined || manifest !== "matched" ? undefined : digests.get(claim.manifest);
  const listed = judgeByCatalogs(found, catalogs);
  const catalog =
    listed !== "contradicted"
      ? listed
      : vouching !== undefined && judgeByCatalogs(vouching, catalogs) === "matched"
        ? "indirect"
        : hasDeltas || /\.cat$/i.test(name)
          ? "none"
          : "contradicted";
  return { name, sizeBytes, sha1, sha256, catalog, manifest };
}

function judgeByCatalogs(found: MemberDigests, catalogs: readonly OpenedCatalog[]): CatalogStatus {
  const listing = catalogs.filter(({ list }) => isListed(found, list));
  if (listing.some(({ signature }) => signature.isTrusted)) return "matched";
  if (listing.length > 0) return "untrusted";
  return catalogs.some(({ signature }) => signature.isTrusted) ? "contradicted" : "none";
}

function isListed({ sha1, sha256, image }: MemberDigests, list: OpenedCatalog["list"]): boolean {
  return [sha1, sha256, image?.sha1, image?.sha256].some(
    (digest) => digest !== undefined && list.has(digest),
  );
}

function judgeByClaim({ sha1, sha256 }: MemberDigests, stated: ReadonlyMap<string, string>): ManifestStatus {
  const comparable = Object.entries({ sha1, sha256 }).filter(([algorithm]) => stated.has(algorithm));
  if (comparable.length === 0) return "none";
  return comparable.every(([algorithm, digest]) => stated.get(algorithm) === digest)
    ? "matched"
    : "contradicted";
}

function* findProblems(
  members: readonly MemberVerification[],
  documents: PackageDocuments,
): Generator<Finding> {
  if (documents.hasDeltas) yield finding("PACKAGE_DELTAS", "the files are stored as differences");
  yield* findChanged(members);
  if (!documents.hasDeltas) yield* findMissing(members, documents);
  yield* findUnnamed(members, documents);
}

function* findChanged(members: readonly MemberVerification[]): Generator<Finding> {
  for (const { name, catalog, manifest } of members) {
    const sources = [
      ...(manifest === "contradicted" ? ["has another digest than its manifest states"] : []),
      ...(catalog === "contradicted" ? ["is in none of the catalogs"] : []),
    ];
    if (sources.length === 0) continue;
    yield finding("PACKAGE_MEMBER_CHANGED", `the file ${sources.join(", and ")}`, { path: name });
  }
}

function* findMissing(
  members: readonly MemberVerification[],
  { claims }: PackageDocuments,
): Generator<Finding> {
  const present = new Set(members.map(({ name }) => pathKey(name)));
  for (const [key, { path, manifest }] of claims) {
    if (present.has(key)) continue;
    yield finding("PACKAGE_FILE_MISSING", `the file is not there, although ${manifest} names it`, { path });
  }
}

/** Files in the folders of components that their manifests do not have. Of other packages nothing can be said. */
function* findUnnamed(
  members: readonly MemberVerification[],
  { claims }: PackageDocuments,
): Generator<Finding> {
  const manifests = new Set(
    members.filter(({ name }) => /\.manifest$/i.test(name)).map(({ name }) => pathKey(name)),
  );
  for (const { name } of members) {
    const key = pathKey(name);
    const folder = key.slice(0, key.lastIndexOf("/"));
    if (claims.has(key) || !key.includes("/") || !manifests.has(`${folder}.manifest`)) continue;
    yield finding("PACKAGE_FILE_UNNAMED", `the file is not in the manifest of its component`, { path: name });
  }
}
