// SPDX-License-Identifier: MIT
import { type Finding, findingOf, VmguestError } from "../../errors.ts";
import { type Catalog, readCatalog, type TrustOptions, verifyCatalog } from "../authenticode/index.ts";
import { type AssemblyIdentity, readComponentManifest, readPackageManifest } from "../mum/index.ts";
import { PACKAGE_MANIFEST } from "./cabinet-members.ts";
import type { MemberDigests } from "./member-digests.ts";
import type { CatalogVerification } from "./verification.ts";

/** What a package says of its own files. */
export interface PackageDocuments {
  readonly identity: AssemblyIdentity | null;
  readonly catalogs: readonly OpenedCatalog[];
  /** What manifests say of the files of components, by {@link pathKey} of their paths. */
  readonly claims: ReadonlyMap<string, FileClaim>;
  /** Whether files are stored as differences from each other, under numbers: then no digest is of what is stored. */
  readonly hasDeltas: boolean;
}

/** A catalog, and what it lists. */
export interface OpenedCatalog extends CatalogVerification {
  readonly list: Catalog;
}

/** What a manifest says of one file. */
export interface FileClaim {
  readonly path: string;
  /** Name of the member that is the manifest. */
  readonly manifest: string;
  /** Lower-case hex, by algorithm; empty where no digest is stated that is checked. */
  readonly digests: ReadonlyMap<string, string>;
}

/** The same for names that Windows takes for the same. */
export function pathKey(path: string): string {
  return path.replaceAll("\\", "/").toLowerCase();
}

/** Says how the files of a package are to be made from the differences that are stored. */
const DELTA_INDEX = "_manifest_.cix.xml";

/** Reads the catalogs and manifests among the members; one that cannot be read is a problem. */
export function readDocuments(
  digests: Iterable<readonly [name: string, MemberDigests]>,
  trust: TrustOptions,
  problems: Finding[],
): PackageDocuments {
  let identity: AssemblyIdentity | null = null;
  let hasDeltas = false;
  const catalogs: OpenedCatalog[] = [];
  const claims = new Map<string, FileClaim>();
  const read = (name: string, bytes: Uint8Array): void => {
    if (/\.cat$/i.test(name)) {
      const list = readCatalog(bytes);
      const signature = verifyCatalog(bytes, trust);
      catalogs.push({ name, signature, digestCount: list.members.length, list });
    } else if (/\.manifest$/i.test(name)) {
      for (const claim of readClaims(name, bytes)) claims.set(pathKey(claim.path), claim);
    } else if (pathKey(name) === PACKAGE_MANIFEST) {
      // Of two the first counts, as it does for an offer.
      identity ??= readPackageManifest(bytes).identity;
    }
  };
  for (const [name, { document }] of digests) {
    hasDeltas ||= pathKey(name) === DELTA_INDEX;
    if (document === undefined) continue;
    try {
      read(name, document);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      problems.push(findingOf(error, { path: name }));
    }
  }
  return { identity, catalogs, claims, hasDeltas };
}

/** The files of a component lie in the folder that is called like its manifest. */
function readClaims(manifest: string, bytes: Uint8Array): FileClaim[] {
  const folder = manifest.replace(/\.manifest$/i, "");
  return readComponentManifest(bytes).files.map(({ name, digests }) => ({
    path: `${folder}/${name}`,
    manifest,
    digests: new Map(
      digests.flatMap(({ algorithm, digest }) => (digest === null ? [] : [[algorithm, digest] as const])),
    ),
  }));
}
