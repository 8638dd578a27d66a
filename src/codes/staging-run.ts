// SPDX-License-Identifier: MIT
import { notice, unsafe } from "./entry.ts";

/** The run of a staging itself, from the plan to the image. */
export const STAGING_RUN_CODES = {
  STAGE_NO_GUEST: unsafe(
    "the image holds no Windows that a change could be for",
    "See what `vmguest audit` says of the image; name the volume with `--volume`.",
  ),
  STAGE_GUEST_AMBIGUOUS: unsafe(
    "the image holds several Windows, and which one is meant was not said",
    "Name the volume with `--volume`.",
  ),
  STAGE_NOT_DECIDED: unsafe(
    "the update table does not say that the guest is to be updated from a package",
    "See the reasons; `vmguest audit --package ...` shows the decision with its sources.",
  ),
  STAGE_TARGET_PLACE: unsafe(
    "the disk that is to be made would not find its parent from its place",
    "Make it in the folder of the image.",
  ),
  STAGE_PRESENT: unsafe(
    "the guest has an earlier staging in it, which has not come to its end",
    "Start the guest and let it end, or take it back with `vmguest rollback`.",
  ),
  STAGE_RESULT_WRONG: unsafe(
    "the image with the change in it does not show what was planned: nothing is written, or what was written is taken back",
    "Report it together with the plan: it is a mistake of vmguest.",
  ),
  STAGE_TEARABLE: notice(
    "while the change is being written there are moments whose state only the undo file mends",
    "If the host fails during the writing, run `vmguest rollback` before the VM is started.",
  ),
} as const;
