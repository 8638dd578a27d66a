// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import type { PlannedChange } from "./plan.ts";
import type { PreparedChange } from "./prepare-change.ts";
import type { PlanReport } from "./report.ts";
import type { StagingTarget } from "./target.ts";

/** A plan and, where it is one that may be written, all that writing it takes. */
export interface ChangeDraft extends Disposable {
  readonly plan: PlanReport;
  readonly ready?: ReadyChange;
}

export interface ReadyChange {
  readonly target: StagingTarget;
  readonly changes: readonly PlannedChange[];
  readonly prepared: PreparedChange;
  /** What is to be found with the undo file. */
  readonly note: Uint8Array;
  /** Throws STAGE_RESULT_WRONG where the image as it will be does not show what was intended. */
  readonly checkResult: (after: OpenedImage) => void;
}
