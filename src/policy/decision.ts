// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type {
  Architecture,
  GuestFacts,
  IntegrationServicesFacts,
  OsFacts,
  WindowsUpdateFacts,
} from "../guest/index.ts";
import type { MinimumRule } from "./minimums.ts";

/** Hyper-V hosts as the report names them. */
export type HostId =
  | "win8"
  | "ws2012"
  | "win8.1"
  | "ws2012r2"
  | "win10"
  | "ws2016"
  | "ws2019"
  | "win11"
  | "ws2022"
  | "ws2025";

/** Generations of hosts: Microsoft's tables have one table for each. */
export type HostGeneration = "2012" | "2012r2" | "2016";

/** A host, and the generation whose table it is judged by. */
export interface HostSummary {
  readonly id: HostId;
  readonly generation: HostGeneration;
  /** True for hosts newer than the documents, which are judged as the newest generation they have. */
  readonly extrapolated: boolean;
}

/** How a guest is to be updated. `integration-services-disk`: the CAB or vmguest.iso way. */
export type Mechanism = "windows-update" | "integration-services-disk" | "package-manager" | "none";

/** What Microsoft's tables say of one guest on one host. */
export interface Rule {
  readonly host: HostId;
  /** Row of the table (`vista-sp2`); the operating system's id where no row can be meant. */
  readonly guest: string;
  readonly mechanism: Mechanism;
  /** The other document's mechanism, where the two documents differ. */
  readonly alternative: Mechanism | null;
  readonly requiresDataExchange: boolean;
  readonly note: string;
  /** Document, table and row. */
  readonly source: string;
  readonly extrapolated: boolean;
}

/** What the integration services of a guest are; `not-applicable` where they are part of its kernel, not Windows'. */
export type Status = "current" | "outdated" | "missing" | "unknown" | "not-applicable";

/** What is to be done; `refuse` where nothing may be done before a person has looked. */
export type Action = "none" | "windows-update" | "stage-cab" | "install-msi" | "package-manager" | "refuse";

/** What is to be done, and why. */
export interface Verdict {
  readonly status: Status;
  readonly action: Action;
  /** Name of Microsoft's package that serves this guest, without extension; null where none does. */
  readonly package: string | null;
  /** The very file that was chosen of those offered; null where none was, and where none were offered. */
  readonly offered: ChosenOffer | null;
  /** The other packages that were offered, each with the reason why it is not that one. */
  readonly passedOver: readonly PassedOverOffer[];
  readonly reasons: readonly string[];
}

/** A package that the user has at hand, as far as choosing goes; an `OfferedPackage` of the package layer is one. */
export interface PackageOffer {
  /** A file of the host, then the way inside it. */
  readonly place: readonly string[];
  /** Name of the file. */
  readonly name: string;
  readonly kind: "cab" | "msi";
  readonly isIntegrationServices: boolean;
  /** The version of the integration services in it. */
  readonly version: string;
  readonly architecture: Architecture;
  /** Parts of Windows of which a guest must have one; an MSI has none. */
  readonly parents: readonly PackageParent[];
  readonly signature: OfferSignature;
}

/** A part of Windows that a package extends: it installs where one of its parents is, in this version or a newer one. */
export interface PackageParent {
  readonly identity: {
    readonly name: string;
    readonly version: string;
  };
}

/** What a package's signature says of it. */
export interface OfferSignature {
  readonly verdict: "microsoft" | "signed-unknown-root" | "tampered" | "unsigned";
  /** Signed by Microsoft, or under a root that the user gave. */
  readonly isTrusted: boolean;
  /** Signed as a part of Windows, as all of Microsoft's CABs of integration services are. */
  readonly isWindowsComponent: boolean;
  /** Those of the signatures that make it trusted: `sha1`, `sha256`. */
  readonly digestAlgorithms: readonly string[];
  /** Whether a guest that does not support SHA-2 can check it. */
  readonly isCheckableWithoutSha2: boolean;
  readonly reasons: readonly string[];
}

/** A package that was chosen, as the report names it. */
export type ChosenOffer = Pick<PackageOffer, "place" | "name" | "kind" | "version"> &
  Pick<OfferSignature, "digestAlgorithms">;

/** A package that was not chosen, as the report names it. */
export type PassedOverOffer = Pick<PackageOffer, "place"> & Objection;

/**
 * Why a package is not the one, from the first thing that is asked of it to the last. `sort`: no integration
 * services. `guest`: there is no package for such a guest. `system`: it serves another Windows. `parent`: it serves
 * this Windows, but no such edition or build of it. `version`: it says none that can be compared. `signature`: it is not trusted. `sha2`: the guest may not take its signature.
 * `not-newer`: the guest has as new a version. `rank`: another is newer, or as new and first in order.
 */
export type ObjectionWord =
  | "sort"
  | "guest"
  | "system"
  | "architecture"
  | "parent"
  | "version"
  | "signature"
  | "sha2"
  | "not-newer"
  | "rank";

/** Why a package is not the one that a guest gets. */
export interface Objection {
  readonly because: ObjectionWord;
  /** In words, of the package as "it". */
  readonly reason: string;
}

/** What a guest is judged by. */
export interface JudgeInput {
  readonly host: HostId;
  /** What `decide` gave for this host and guest. */
  readonly rule: Rule;
  readonly os: OsFacts;
  /** Null where there are none to be had, as in Linux. */
  readonly integrationServices: IntegrationServicesFacts | null;
  /** What the guest's facts say; `disabled` where the user knows that the guest is not on Windows Update. */
  readonly windowsUpdate: WindowsUpdateFacts["verdict"];
  /**
   * The packages at hand: the one that is chosen of them is what the guest is measured by first. Undefined where
   * nobody asked for any, which is not the same as none being there.
   */
  readonly offered?: readonly PackageOffer[] | undefined;
  /** The version a policy asks for, which counts where no package that is offered serves the guest. */
  readonly minimum?: string | undefined;
  /** The rules of a policy, of which the first that fits counts; only where there is no `minimum`. */
  readonly minimums?: readonly MinimumRule[] | undefined;
  /** What the guest's facts report: what could not be read is not missing. */
  readonly findings?: readonly Finding[];
  /** Whether the guest's facts show support for SHA-2 signatures, which the newest CABs need. */
  readonly sha2?: GuestFacts["sha2"];
}
