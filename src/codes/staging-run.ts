// SPDX-License-Identifier: MIT
import { notice } from "./entry.ts";

/** The run of a staging itself, from the plan to the image. */
export const STAGING_RUN_CODES = {
  STAGE_TEARABLE: notice(
    "while the change is being written there are moments whose state only the undo file mends",
    "If the host fails during the writing, run `vmguest rollback` before the VM is started.",
  ),
} as const;
