// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import type { OsFacts, RebootPolicy, SetupState, StagingState, TriggerId } from "../guest/index.ts";
import type { HostSummary, Verdict } from "../policy/index.ts";
import type { PlannedChange, Stage } from "./plan.ts";

/** A finding with its cure. */
export interface RefusalReport extends FindingReport {
  /** What to do about it. */
  readonly cure: string | null;
  /** Whether `--allow` with its code lets the image be written to all the same. */
  readonly canBeAllowed: boolean;
}

/** One thing that changes in the guest. */
export interface ChangeReport {
  readonly stage: Stage;
  readonly kind: PlannedChange["kind"];
  /** File or directory on the volume; of a registry change the file of the hive. */
  readonly path: string;
  readonly key: string | null;
  /** Name of the value; the empty name is the default value. */
  readonly value: string | null;
  /** Data of the value as people read it. */
  readonly data: string | null;
  /** Bytes of content or data. */
  readonly bytes: number;
  readonly reason: string;
}

/** The package that is staged. */
export interface PackageReport {
  /** The host's file, then the way inside it. */
  readonly place: readonly string[];
  readonly name: string;
  readonly identity: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  /** `microsoft`, or what it is under a root that the user gave. */
  readonly signature: string;
  /** Subject of the root that the user gave and that the signature needs; null where Microsoft's own will do. */
  readonly trustRoot: string | null;
}

/** What is going to be written to the image file. */
export interface WriteReport {
  /** Bytes of the pages that are written, each time counted. */
  readonly bytes: number;
  /** Bytes by which the file grows. */
  readonly growth: number;
  /** Rounds with a flush behind each. */
  readonly steps: number;
}

/** What `plan` says, and `stage` and `services` before they write. Its JSON Schema is docs/schema/plan-1.schema.json. */
export interface PlanReport {
  readonly schema: "vmguest.plan/1";
  readonly tool: { readonly name: "vmguest"; readonly version: string };
  readonly host: HostSummary;
  readonly image: string;
  /**
   * `ready`: `stage` would do it. `nothing-to-do`: the guest needs no change. `refused`: see `refusals`. `failed`: the image
   * could not be read, see `error`.
   */
  readonly outcome: "ready" | "nothing-to-do" | "refused" | "failed";
  /** Why there is nothing to do, or what decided. */
  readonly reasons: readonly string[];
  readonly guest: {
    readonly volume: number;
    readonly systemRoot: string;
    readonly os: OsFacts;
    readonly setupState: SetupState;
    readonly verdict: Verdict;
    readonly staging: StagingState;
  } | null;
  readonly package: PackageReport | null;
  readonly trigger: {
    readonly id: TriggerId;
    readonly reboot: RebootPolicy;
    readonly maxAttempts: number;
    readonly considered: readonly {
      readonly trigger: TriggerId;
      readonly isChosen: boolean;
      readonly reason: string;
    }[];
  } | null;
  readonly changes: readonly ChangeReport[];
  readonly writes: WriteReport | null;
  readonly refusals: readonly RefusalReport[];
  readonly warnings: readonly FindingReport[];
  readonly error: ErrorReport | null;
}

/** What was looked at to show that nothing but the plan was done. */
export interface ProofReport {
  /** Pages of the virtual disk that changed, all of which the plan accounts for. */
  readonly changedPages: number;
  readonly records: readonly string[];
  readonly hives: readonly { readonly path: string; readonly cells: number }[];
  /** Codes that a check of the whole image finds, which it found before too. */
  readonly knownFindings: readonly string[];
}

/** What `stage` and `services enable|disable` print, one image or many. Its JSON Schema is docs/schema/stage-1.schema.json. */
export interface StageListReport {
  readonly schema: "vmguest.stage/1";
  readonly tool: { readonly name: "vmguest"; readonly version: string };
  /** In the order in which they were named; an interrupted run ends with the image that it was at. */
  readonly images: readonly StageReport[];
}

/** What became of one image. */
export interface StageReport {
  readonly image: string;
  /**
   * `ready`: it was only asked what would be done, or not agreed to. `rolled-back`: the run was interrupted, and what it had
   * written is taken back.
   */
  readonly outcome: "ready" | "staged" | "nothing-to-do" | "refused" | "rolled-back" | "failed";
  readonly plan: PlanReport | null;
  /** The file that was written: the image itself, a copy or a child of it. */
  readonly target: { readonly kind: "in-place" | "copy" | "child"; readonly path: string } | null;
  /** What takes the change back; null where the target is a file of its own, which is simply deleted. */
  readonly undoFile: string | null;
  readonly proof: ProofReport | null;
  readonly error: ErrorReport | null;
}

/** What `rollback` did. Its JSON Schema is docs/schema/rollback-1.schema.json. */
export interface RollbackReport {
  readonly schema: "vmguest.rollback/1";
  readonly tool: { readonly name: "vmguest"; readonly version: string };
  readonly image: string;
  /** `nothing-to-do`: there is no undo file. `finished`: an interrupted change was completed instead. */
  readonly outcome: "rolled-back" | "finished" | "discarded" | "nothing-to-do" | "failed";
  /** Null where there is none. */
  readonly undoFile: string | null;
  /** Bytes that were written to the image. */
  readonly bytes: number;
  readonly error: ErrorReport | null;
}
