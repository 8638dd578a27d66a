// SPDX-License-Identifier: MIT
import type { AuditReport, ShardReport } from "../report.ts";

/** What changed between two audits, `report diff --format json`; its JSON Schema is docs/schema/diff-1.schema.json. */
export interface DiffReport {
  readonly schema: "vmguest.diff/1";
  /** What compared the two. */
  readonly tool: AuditReport["tool"];
  readonly before: DiffSide;
  readonly after: DiffSide;
  /** Those that are not as they were, by their paths. */
  readonly images: readonly ImageDiff[];
  readonly summary: DiffSummary;
}

/** One of the two reports. */
export interface DiffSide extends Pick<AuditReport, "tool" | "timestamp" | "host"> {
  /** The file, as the user named it. */
  readonly report: string;
  /** Which part of a batch it is, index from 0; left out where it is all of it. */
  readonly shard?: Pick<ShardReport, "index" | "count">;
  readonly images: number;
}

/** Whether a change is for the worse; docs/report-files.md has the table. */
export type Judgement = "worse" | "better" | "neutral";

/** An image that is not as it was. */
export interface ImageDiff {
  /** Without the prefix that was to be left out. */
  readonly path: string;
  readonly change: "added" | "removed" | "changed";
  /** `worse` where one change is, else `better` where one is. */
  readonly judgement: Judgement;
  readonly changes: readonly Change[];
  /** Changes that are not listed, since there are too many. */
  readonly omitted: number;
}

/** One thing that is not as it was. */
export interface Change {
  /** Null for what is the image's own. */
  readonly guest: DiffGuest | null;
  readonly what: ChangeWord;
  /** Which of several: a service, a driver, the code of a finding; else null. */
  readonly name: string | null;
  /** Null where there was none. */
  readonly before: string | null;
  /** Null where there is none any more. */
  readonly after: string | null;
  readonly judgement: Judgement;
}

/** A guest, so that it can be found in the report: the newer one, where it is in both. */
export interface DiffGuest {
  /** Index of its volume. */
  readonly volume: number;
  readonly name: string | null;
  readonly hostname: string | null;
}

/**
 * What may change. `error`: why the image could not be read; `guest`: a guest that came or went, with its status; `finding`:
 * one that came or went; the others are facts of a guest.
 */
export type ChangeWord =
  | "error"
  | "role"
  | "guest"
  | "status"
  | "version"
  | "version-source"
  | "consistency"
  | "action"
  | "mechanism"
  | "os"
  | "os-build"
  | "edition"
  | "service-pack"
  | "hostname"
  | "setup-state"
  | "data-exchange"
  | "service"
  | "driver"
  | "windows-update"
  | "pending-servicing"
  | "sha2"
  | "staging"
  | "finding";

/** Counts of images. */
export interface DiffSummary {
  readonly before: number;
  readonly after: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Those of `changed` that are worse, better and neither. */
  readonly worse: number;
  readonly better: number;
  readonly neutral: number;
}
