// SPDX-License-Identifier: MIT
import type { StagingFacts } from "../guest/index.ts";
import type { Verdict } from "../policy/index.ts";
import type { StagingReport } from "./report.ts";

/** What is known of a staging as the report prints it. */
export function reportStaging({
  state,
  detail,
  job,
  attemptCount,
  exitCode,
  evidence,
}: StagingFacts): StagingReport {
  return {
    state,
    detail,
    job:
      job === undefined
        ? null
        : {
            id: job.id,
            version: job.version,
            packageName: job.packageName,
            sha256: job.sha256,
            trigger: job.trigger,
            attempts: attemptCount ?? 0,
            maxAttempts: job.maxAttempts,
          },
    exitCode: exitCode ?? null,
    evidence,
  };
}

/**
 * The verdict with what was staged among its reasons: an update that waits in a guest changes neither what the guest has
 * nor what serves it, but whoever reads the verdict must know that it is on its way, or how it ended.
 */
export function withStaging(verdict: Verdict, { state, detail }: StagingFacts, family: string): Verdict {
  if (family !== "windows" || state === "none") return verdict;
  return { ...verdict, reasons: [...verdict.reasons, `${state}: ${detail}`] };
}
