// SPDX-License-Identifier: MIT
import type { Severity } from "../../errors.ts";
import type { ErrorReport, FindingReport } from "../report.ts";

/** The report of a structural check, `check --format json`. */
export interface CheckReport {
  readonly schema: "vmguest.check/1";
  readonly image: string;
  /** In the order of the check: from the container inwards. */
  readonly parts: readonly CheckedPart[];
  readonly summary: CheckSummary;
  /** What kept the check from being made to its end; null where nothing did. */
  readonly error: ErrorReport | null;
}

/** Where in an image a structure belongs, from the outside in. */
export type CheckLayer = "container" | "partitions" | "file-system" | "registry";

/** One structure that was checked as a whole: the container, the partition table, a file system, a hive. */
export interface CheckedPart {
  readonly layer: CheckLayer;
  /** `vhdx`, `gpt`, `volume 1 (ntfs)`, `volume 1: Windows/System32/config/SYSTEM`. */
  readonly name: string;
  /** How many findings of each severity there are, the ones not listed too. */
  readonly counts: SeverityCounts;
  readonly findings: readonly FindingReport[];
  /** Findings that are counted, but not listed, because there are so many of their code. */
  readonly omitted: number;
}

/** How many findings there are of each severity. */
export type SeverityCounts = Readonly<Record<Severity, number>>;

/** How many parts were checked, and how many findings of each severity they have. */
export interface CheckSummary extends SeverityCounts {
  readonly parts: number;
}
