// SPDX-License-Identifier: MIT
import { type CodeEntry, unsafe } from "./entry.ts";

const NOT_AS_PLANNED =
  "Nothing else is written; what was written is taken back. Keep the image and report the message: it is a fault of vmguest.";

/** What the comparison of an image before and after a change shows. */
export const STAGING_PROOF_CODES = {
  STAGE_PROOF_OUTSIDE: unsafe("bytes outside the volume that is changed would differ", NOT_AS_PLANNED),
  STAGE_PROOF_UNEXPLAINED: unsafe("bytes differ that nothing in the plan accounts for", NOT_AS_PLANNED),
  STAGE_PROOF_UNREADABLE: unsafe("the changed volume, or a hive on it, can not be read", NOT_AS_PLANNED),
  STAGE_PROOF_MISSING: unsafe("something that was planned is not there after the change", NOT_AS_PLANNED),
  STAGE_PROOF_RECORD: unsafe("a FILE record differs in what the plan does not change", NOT_AS_PLANNED),
  STAGE_PROOF_CONTENT: unsafe("a planned file does not hold what was planned", NOT_AS_PLANNED),
  STAGE_PROOF_INDEX: unsafe("a directory differs in more than the planned names", NOT_AS_PLANNED),
  STAGE_PROOF_BITMAP: unsafe(
    "a bitmap of the volume differs in more than what was taken and freed",
    NOT_AS_PLANNED,
  ),
  STAGE_PROOF_HIVE: unsafe("a hive differs in more than the planned keys and values", NOT_AS_PLANNED),
  STAGE_CHECK_NEW_FINDING: unsafe(
    "the check of the changed image finds what it did not find before",
    NOT_AS_PLANNED,
  ),
} as const satisfies Record<string, CodeEntry>;
