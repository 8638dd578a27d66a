// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { GuestFacts, IntegrationServicesFacts, OsFacts, WindowsUpdateFacts } from "../guest/index.ts";

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

export type Status = "current" | "outdated" | "missing" | "unknown" | "not-applicable";

export type Action = "none" | "windows-update" | "stage-cab" | "install-msi" | "package-manager" | "refuse";

/** What is to be done, and why. */
export interface Verdict {
  readonly status: Status;
  readonly action: Action;
  /** Name of the package that serves this guest, without extension; null where none does. */
  readonly package: string | null;
  readonly reasons: readonly string[];
}

/** A package that the user has at hand. */
export interface OfferedPackage {
  /** The version of the integration services in it. */
  readonly version: string;
  /** Its name, with or without extension. */
  readonly name: string;
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
  /** What the guest is measured by first; passed over where it serves another sort of guest. */
  readonly offered?: OfferedPackage | undefined;
  /** The version a policy asks for, which counts where no package is offered. */
  readonly minimum?: string | undefined;
  /** What the guest's facts report: what could not be read is not missing. */
  readonly findings?: readonly Finding[];
  /** Whether the guest's facts show support for SHA-2 signatures, which the newest CABs need. */
  readonly sha2?: GuestFacts["sha2"];
}
