// SPDX-License-Identifier: MIT
import type { ResultPhase, StagingJob } from "../../guest/index.ts";
import type { ExitAction } from "./exit-codes.ts";
import { type InstallMethod, methodsOf } from "./limits.ts";

/** What of the script outlasts a start of the guest. */
export interface ScriptMemory {
  /** `SYSTEM\Setup`: `SetupType` is 2; `CmdLine` is the script's; `SetupShutdownRequired` is 1. */
  readonly isSetupMode: boolean;
  readonly hasCommand: boolean;
  readonly asksRestart: boolean;
  /** Whether `run.cmd` is there. */
  readonly hasScript: boolean;
  /** Marks in the folder. */
  readonly folder: {
    readonly attempts: number;
    readonly restarts: number;
    readonly verifies: boolean;
    readonly isDone: boolean;
  };
  /** Values below the job's key in SOFTWARE. */
  readonly registry: { readonly attempts: number; readonly restarts: number };
  /** `phase` of `result.ini`. */
  readonly phase: ResultPhase | undefined;
}

/** Where the script is in one start. Each step asks one thing, or changes one thing. */
export type Step =
  | "disarm-type"
  | "disarm-command"
  | "disarm-restart"
  | "safe-mode"
  | "count-file"
  | "count-registry"
  | "setup-over"
  | "in-force"
  | "servicing"
  | "install"
  | "count-restart-file"
  | "count-restart-registry"
  | "mark-verify"
  | "arm-command"
  | "arm-type"
  | "ask-restart"
  | "verify-servicing"
  | "verify"
  | "report"
  | "mark-done"
  | "remove-script"
  | "end";

/** What the guest answers: to a question, or to an attempt to change something. */
export type Answer =
  | "yes"
  | "no"
  | "idle"
  | "busy"
  | "restarting"
  | "restart-pending"
  | "in-force"
  | "pending"
  | "absent"
  | "unknown"
  | "timeout"
  | "wants-folder"
  | ExitAction;

export interface ScriptState {
  readonly memory: ScriptMemory;
  readonly at: Step;
  /** Everything was disarmed, and seen to be: only then is anything armed again. */
  readonly isDisarmed: boolean;
  readonly attempt: number;
  /** Index of the way to install that is tried. */
  readonly method: number;
  readonly retries: number;
  /** The phase that is to be written, and where to go on then. */
  readonly reports: ResultPhase;
  readonly next: Step;
  /** Whether a restart is to be asked for, once armed. */
  readonly wantsRestart: boolean;
  /** Whether group policy's restart was asked for; setup mode's stands in the memory. */
  readonly hasRestarted: boolean;
}

/** The parts of a job that decide the way of the script. */
export type ScriptJob = Pick<StagingJob, "trigger" | "maxAttempts" | "reboot" | "tools">;

/** A guest into which a job was staged and that was not started since. */
export function stagedMemory(job: ScriptJob): ScriptMemory {
  const isSetupMode = job.trigger === "setup-mode";
  return {
    isSetupMode,
    hasCommand: isSetupMode,
    asksRestart: false,
    hasScript: true,
    folder: { attempts: 0, restarts: 0, verifies: false, isDone: false },
    registry: { attempts: 0, restarts: 0 },
    phase: undefined,
  };
}

const INSTALL_ANSWERS: readonly Answer[] = [
  "installed",
  "pending-reboot",
  "already-installed",
  "transient",
  "deferred",
  "not-applicable",
  "failed",
  "next-tool",
  "timeout",
];
const SERVICING_ANSWERS: readonly Answer[] = ["idle", "busy", "restarting", "restart-pending"];
/** Whether it is so, or the change could be made. */
const YES_OR_NO: readonly Answer[] = ["yes", "no"];

/** Every answer that the guest may give where the script is. */
export function answersAt(job: ScriptJob, state: ScriptState): readonly Answer[] {
  switch (state.at) {
    case "end":
      return [];
    case "servicing":
    case "verify-servicing":
      return SERVICING_ANSWERS;
    case "verify":
      return ["in-force", "pending", "absent", "unknown"];
    case "install":
      return methodAt(job, state) === "pkgmgr" ? [...INSTALL_ANSWERS, "wants-folder"] : INSTALL_ANSWERS;
    default:
      return YES_OR_NO;
  }
}

export function methodAt(job: ScriptJob, state: ScriptState): InstallMethod | undefined {
  return methodsOf(job.tools)[state.method];
}
