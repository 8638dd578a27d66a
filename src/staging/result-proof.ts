// SPDX-License-Identifier: MIT
import { checkOpenedImage } from "../audit/check/index.ts";
import type { OpenedImage } from "../audit/index.ts";
import { dateToFiletime } from "../bytes/index.ts";
import { locate } from "../errors.ts";
import type { ReadyChange } from "./change-draft.ts";
import type { PlannedChange } from "./plan.ts";
import type { ProofReport } from "./report.ts";
import { checkNothingNew, proveChanges } from "./verify/index.ts";

/**
 * Looks at an image as it is going to be, through readers that know nothing of how it was made, before a byte of it is
 * written: exactly the planned changes are in it, the check finds nothing that it did not find before, and an audit sees
 * what was intended. Throws STAGE_PROOF_*, STAGE_CHECK_NEW_FINDING, STAGE_RESULT_WRONG.
 */
export function proveResult(image: OpenedImage, ready: ReadyChange, now: Date): ProofReport {
  const { target, changes, prepared, checkResult } = ready;
  const { after, file, changedPages } = prepared;
  return locate({ image: image.path, partition: target.volume.index }, () => {
    const proof = proveChanges({
      before: image.disk,
      after: after.disk,
      volume: target.volume,
      changes,
      time: dateToFiletime(now),
      changedPages,
    });
    checkResult(after);
    // The proof says that nothing else differs, and what is the same has the same faults.
    const within = { volume: target.volume.index, hives: new Set(changes.flatMap(hiveOf)) };
    const checked = checkOpenedImage(after, file, { within });
    const checkBefore = (only: ReadonlySet<string>) => checkOpenedImage(image, image.file, { within, only });
    const knownFindings = checkNothingNew(checkBefore, checked);
    return { ...proof, knownFindings };
  });
}

const hiveOf = (change: PlannedChange): string[] => ("hive" in change ? [change.hive] : []);
