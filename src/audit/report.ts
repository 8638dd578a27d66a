// SPDX-License-Identifier: MIT
import type { DiskFormat, DiskKind } from "../disk/index.ts";
import type { ErrorKind, Severity } from "../errors.ts";
import type { NtfsStateWord } from "../fs/index.ts";
import type {
  Evidence,
  EvidenceSource,
  IntegrationService,
  OsFacts,
  SetupState,
  WindowsUpdateFacts,
} from "../guest/index.ts";
import type { HostSummary, Rule, Verdict } from "../policy/index.ts";
import type { PartitionTable, VolumeContent, VolumeRole } from "../volume/index.ts";

/** The audit report, `--format json`; its JSON Schema is docs/schema/audit-1.schema.json. */
export interface AuditReport {
  readonly schema: "vmguest.audit/1";
  readonly tool: { readonly name: "vmguest"; readonly version: string };
  /** When the audit ran, ISO 8601; only with `--timestamp`, so that the same image gives the same bytes. */
  readonly timestamp?: string;
  readonly host: HostSummary;
  readonly images: readonly ImageReport[];
  readonly summary: AuditSummary;
}

export interface AuditSummary {
  readonly images: number;
  readonly guests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byAction: Readonly<Record<string, number>>;
  /** Images whose `error` is not null. */
  readonly errors: number;
}

export interface ImageReport {
  readonly path: string;
  readonly container: ContainerReport | null;
  readonly partitionTable: PartitionTable | null;
  readonly volumes: readonly VolumeReport[];
  readonly guests: readonly GuestReport[];
  readonly findings: readonly FindingReport[];
  readonly error: ErrorReport | null;
}

export interface ContainerReport {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  readonly virtualSize: number;
  readonly logicalSectorSize: number;
  readonly logState: "clean" | "replayed";
  /** The image and its parents, leaf first. */
  readonly chain: readonly string[];
  readonly dataWriteGuid: string | null;
}

export interface VolumeReport {
  readonly index: number;
  /** Bytes on the virtual disk. */
  readonly offset: number;
  readonly size: number;
  readonly fileSystem: VolumeContent;
  readonly role: VolumeRole;
  /** NTFS only; empty where all is well. */
  readonly state: readonly (NtfsStateWord | "unreadable")[];
}

export interface GuestReport {
  readonly volume: VolumeReport;
  /** Folder of Windows on the volume, e.g. `Windows`; null for other systems. */
  readonly systemRoot: string | null;
  readonly os: OsFacts;
  readonly setupState: SetupState;
  readonly integrationServices: {
    readonly version: string | null;
    readonly source: EvidenceSource | "none";
    readonly consistent: boolean;
    readonly evidence: readonly Evidence[];
    readonly services: readonly IntegrationService[];
    readonly drivers: readonly IntegrationService[];
    readonly dataExchange: "enabled" | "disabled" | "absent" | "unknown";
  };
  readonly windowsUpdate: WindowsUpdateFacts;
  readonly pendingServicing: readonly string[];
  readonly sha2: "supported" | "missing" | "unknown" | "not-needed";
  readonly rule: Rule;
  readonly verdict: Verdict;
  readonly staging: { readonly state: "none" | "not-applicable"; readonly detail: string };
}

export interface FindingReport {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly where: string;
}

export interface ErrorReport {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where: string;
  readonly hint: string | null;
}
