// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import type { SignatureReport, SignatureVerdict } from "../authenticode/index.ts";
import type { AssemblyIdentity } from "../mum/index.ts";

/**
 * What the catalogs of a package say of one of its members.
 *
 * - `matched`: a catalog that is trusted lists its digest.
 * - `untrusted`: a catalog lists its digest, and nobody vouches for that catalog.
 * - `contradicted`: no catalog lists it, nor a manifest that one lists, although a trusted one is there.
 * - `indirect`: no catalog lists it, but its digest is in a manifest that a trusted catalog lists.
 * - `none`: the package has no catalog, or the member is a catalog itself.
 * - `unread`: its bytes could not be read.
 */
export type CatalogStatus = "matched" | "untrusted" | "contradicted" | "indirect" | "none" | "unread";

/**
 * What the manifests of components say of one of its members: `matched` where a digest is that of its bytes;
 * `contradicted` where it is another's; `none` where no manifest names it or none states a digest that is checked.
 */
export type ManifestStatus = "matched" | "contradicted" | "none" | "unread";

/** One member of a package, with what was compared. */
export interface MemberVerification {
  readonly name: string;
  readonly sizeBytes: number;
  /** Lower-case hex; null where the bytes could not be read. */
  readonly sha1: string | null;
  readonly sha256: string | null;
  readonly catalog: CatalogStatus;
  readonly manifest: ManifestStatus;
}

/** A catalog of the package. */
export interface CatalogVerification {
  readonly name: string;
  readonly signature: SignatureReport;
  /** Digests in it. */
  readonly digestCount: number;
}

/** How much of a package is as its signer made it. Plain data, fit for a report. */
export interface PackageVerification {
  /** `cabinets` is a file of another kind with cabinets inside of it, such as a self-extractor. */
  readonly kind: "cab" | "msi" | "iso" | "cabinets";
  /** That of the signature; `tampered` where something inside contradicts what is signed. */
  readonly verdict: SignatureVerdict;
  /** Whether it may be relied on as a whole. */
  readonly isTrusted: boolean;
  /** Sentences that explain the verdict. */
  readonly reasons: readonly string[];
  /** The signature of the file. */
  readonly signature: SignatureReport;
  /** Null for what has no package manifest. */
  readonly identity: AssemblyIdentity | null;
  readonly catalogs: readonly CatalogVerification[];
  /** In stored order. */
  readonly members: readonly MemberVerification[];
  /** Damage, contradictions, and what was named but is not there. */
  readonly problems: readonly Finding[];
  /** The packages inside, each verified by itself. */
  readonly packages: readonly PackedVerification[];
}

/** A package inside of another. */
export interface PackedVerification {
  /** Its path inside. */
  readonly path: string;
  readonly verification: PackageVerification;
}
