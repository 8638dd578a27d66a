// SPDX-License-Identifier: MIT
import type { DiskFormat, DiskKind } from "../disk/index.ts";
import type { ErrorKind, Severity } from "../errors.ts";
import type { NtfsStateWord } from "../fs/index.ts";
import type {
  EvidenceSource,
  IntegrationService,
  OsFacts,
  SetupState,
  StagingState,
  TriggerId,
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
  /** Which part of a batch this is; left out where it is all of it. */
  readonly shard?: ShardReport;
  readonly images: readonly ImageReport[];
  readonly summary: AuditSummary;
}

/** An audit report whose images may be many: they are gone through one after the other, as often as is needed. */
export type StreamedReport = Omit<AuditReport, "images"> & { readonly images: Iterable<ImageReport> };

/** One of the parts that a batch was spread over, and where its images stand in the whole. */
export interface ShardReport {
  /** From 0. */
  readonly index: number;
  readonly count: number;
  /** Images of all shards together. */
  readonly total: number;
  /** SHA-256, in hexadecimal, of what all shards must have in common: the list of images, and how they are judged. */
  readonly batch: string;
  /** The place in the whole, from 0, of each of `images`. */
  readonly positions: readonly number[];
}

/** What the images of a report come to. */
export interface AuditSummary {
  readonly images: number;
  /** Those of them that others are written over. */
  readonly parents: number;
  readonly guests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byAction: Readonly<Record<string, number>>;
  /** Images whose `error` is not null. */
  readonly errors: number;
}

/**
 * Whether other images of the same batch are written over this one: then its guests are an earlier state of theirs. An
 * image that stands alone is a leaf.
 */
export type ImageRole = "leaf" | "parent";

/** What an audit says of one image. What could not be read is null or empty, and `error` or a finding says why. */
export interface ImageReport {
  readonly path: string;
  readonly role: ImageRole;
  readonly container: ContainerReport | null;
  readonly partitionTable: PartitionTable | null;
  readonly volumes: readonly VolumeReport[];
  readonly guests: readonly GuestReport[];
  readonly findings: readonly FindingReport[];
  readonly error: ErrorReport | null;
}

/** The file that a disk is in; sizes in bytes. */
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

/** One volume of an image; offset and size in bytes. */
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

/** One operating system in an image: what it is, what was found of it, and what is to be done. */
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
    readonly evidence: readonly EvidenceReport[];
    readonly services: readonly IntegrationService[];
    readonly drivers: readonly IntegrationService[];
    readonly dataExchange: "enabled" | "disabled" | "absent" | "unknown";
  };
  readonly windowsUpdate: WindowsUpdateFacts;
  readonly pendingServicing: readonly string[];
  readonly sha2: "supported" | "missing" | "unknown" | "not-needed";
  readonly rule: Rule;
  readonly verdict: Verdict;
  readonly staging: StagingReport;
}

/** What an earlier staging left in the guest, and what came of it (docs/staging-states.md). */
export interface StagingReport {
  readonly state: StagingState;
  /** One sentence: what says so. */
  readonly detail: string;
  /** Null where there is no job that can be read. */
  readonly job: {
    /** A GUID, lower case, without braces. */
    readonly id: string;
    /** Version of the integration services that it brings. */
    readonly version: string;
    readonly packageName: string;
    readonly sha256: string;
    readonly trigger: TriggerId;
    /** How often the first-boot script began an installation. */
    readonly attempts: number;
    readonly maxAttempts: number;
  } | null;
  /** Exit code of the installer as cmd.exe shows it, a signed number of 32 bits. */
  readonly exitCode: number | null;
  /** What the state was judged by, each sign with its place. */
  readonly evidence: readonly string[];
}

/** What a version rests on: where it was found, and what stood there. */
export interface EvidenceReport {
  readonly source: EvidenceSource;
  /** The whole of {@link place} as one line. */
  readonly where: string;
  readonly value: string;
  readonly place: PlaceReport;
}

/** The way to a fact: volume, file, key and value, and the bytes themselves (docs/evidence.md). */
export interface PlaceReport {
  /** Index of the volume. */
  readonly volume: number;
  /** File on the volume. */
  readonly path: string;
  /** Key from the root of the hive; null in a file that is no hive. */
  readonly key: string | null;
  /** Name of the value; null where the name of the key says it. */
  readonly value: string | null;
  /** Byte offset in the file: of the cell, or of VS_FIXEDFILEINFO. */
  readonly fileOffset: number | null;
  /** The image of the chain that holds the bytes; null where they stand in no one piece as they are. */
  readonly image: string | null;
  /** Byte offset in that image. */
  readonly imageOffset: number | null;
}

/** A finding with its place as one text. */
export interface FindingReport {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly where: string;
}

/** What kept an image from being read, as data: a `VmguestError` with its place as one text. */
export interface ErrorReport {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where: string;
  readonly hint: string | null;
}
