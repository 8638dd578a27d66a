// SPDX-License-Identifier: MIT
export {
  type InstallTool,
  type RebootPolicy,
  type StagingFacts,
  type StagingJob,
  type StagingState,
  TRIGGERS,
  type TriggerId,
} from "./job.ts";
export { RESULT_KEY, STAGING_FILES, STAGING_FOLDER } from "./names.ts";
