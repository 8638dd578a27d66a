// SPDX-License-Identifier: MIT
import { type CodeEntry, damaged, unsafe } from "./entry.ts";

/** What an earlier staging left in a guest. */
export const STAGING_TRACE_CODES = {
  STAGING_JOB: damaged(
    "the description of a staged update (Setup\\vmguest\\job.ini) is not as vmguest writes it",
    "Stage the update again.",
  ),
  STAGING_RESULT: damaged(
    "what the first-boot script wrote (Setup\\vmguest\\result.ini) cannot be understood",
  ),
  STAGING_CONTRADICTED: damaged(
    "what the first-boot script said and what the guest shows of the update disagree; the guest was believed",
  ),
  STAGING_FOREIGN: unsafe(
    "the guest has a folder Setup\\vmguest that holds no staging of vmguest's",
    "Find out what put it there, and move it away in the guest before an update is staged.",
  ),
} as const satisfies Record<string, CodeEntry>;
