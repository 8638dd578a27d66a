// SPDX-License-Identifier: MIT
export {
  armedCommandLine,
  groupPolicyCommand,
  runOnceCommand,
  scriptPath,
  setupCompleteLines,
} from "./armed-command.ts";
export {
  type InstallTool,
  type RebootPolicy,
  type StagingFacts,
  type StagingJob,
  type StagingState,
  TRIGGERS,
  type TriggerId,
} from "./job.ts";
export { ATTEMPTS_MAX, encodeJob, PAYLOAD_SIZE_MAX, packageNameFor, parseJob } from "./job-file.ts";
export { RESULT_KEY, STAGING_FILES, STAGING_FOLDER } from "./names.ts";
export { parseResult, RESULT_PHASES, type ResultPhase, type StagingResult } from "./result-file.ts";
export { guestSystemRoot } from "./system-root.ts";
export { isArmedCommand } from "./trigger-sign.ts";
