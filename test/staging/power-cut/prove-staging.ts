import { type CutCase, type CutCounts, proveCuts } from "../../faults/index.ts";
import { StagingJudge } from "./judge.ts";
import type { PreparedStaging } from "./stagings.ts";

/** What was looked at, and what was seen. */
export interface StagingCuts extends CutCounts {
  /** What audits said. */
  readonly states: readonly string[];
  /** Codes of what was found, besides what was there before; all of it may be. */
  readonly faults: ReadonlySet<string>;
}

/**
 * Cuts the power at every write of a staging, of its rollback, and of taking back and finishing one that was interrupted, and
 * judges every different image that is left.
 */
export function proveStaging(
  staging: PreparedStaging,
  options: Pick<CutCase, "seedCount" | "tornSeedCount">,
): StagingCuts {
  const judge = new StagingJudge(staging);
  const { image, plan } = staging;
  const counts = proveCuts({
    image: image.file,
    plan,
    judge: (file, moment) => judge.judge(file, moment),
    ...options,
  });
  return { ...counts, states: [...judge.states].sort(), faults: judge.allowed };
}
