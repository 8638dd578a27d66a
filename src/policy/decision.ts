// SPDX-License-Identifier: MIT

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
  /** Row of the table. */
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
