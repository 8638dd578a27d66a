// SPDX-License-Identifier: MIT
import type { ResultPhase } from "../../guest/index.ts";
import { mayRestart, RESTARTS_MAX, RETRY_PAUSES, TRIGGER_TRAITS } from "./limits.ts";
import {
  type Answer,
  methodAt,
  type ScriptJob,
  type ScriptMemory,
  type ScriptState,
  type Step,
} from "./machine-state.ts";

/**
 * The first-boot script as a state machine: what it asks of the guest, what it changes, in which order. `run.cmd` goes the
 * same way, built from the same tables; the machine is what its bounds are proved with.
 */

/** The script at its first line. */
export function beginScript(job: ScriptJob, memory: ScriptMemory): ScriptState {
  return {
    memory,
    at: job.trigger === "setup-mode" ? "disarm-type" : "safe-mode",
    isDisarmed: true,
    attempt: attemptsOf(memory),
    method: 0,
    retries: 0,
    reports: "started",
    next: "end",
    wantsRestart: false,
    hasRestarted: false,
  };
}

/** The higher of both counts: losing either loses nothing. */
const attemptsOf = ({ folder, registry }: ScriptMemory) => Math.max(folder.attempts, registry.attempts);
const restartsOf = ({ folder, registry }: ScriptMemory) => Math.max(folder.restarts, registry.restarts);

/** The script one step further. */
export function advance(job: ScriptJob, state: ScriptState, answer: Answer): ScriptState {
  const { memory } = state;
  const isDone = answer === "yes";
  const go = (at: Step, change: Partial<ScriptState> = {}): ScriptState => ({ ...state, ...change, at });
  /** Goes on, with the memory changed where the guest let it be. */
  const changed = (at: Step, change: Partial<ScriptMemory>, rest: Partial<ScriptState> = {}) =>
    go(at, isDone ? { ...rest, memory: { ...memory, ...change } } : rest);
  const disarmed = { isDisarmed: state.isDisarmed && isDone };
  switch (state.at) {
    case "disarm-type":
      return changed("disarm-command", { isSetupMode: false }, disarmed);
    case "disarm-command":
      return changed("disarm-restart", { hasCommand: false }, disarmed);
    case "disarm-restart":
      return changed("safe-mode", { asksRestart: false }, disarmed);
    case "safe-mode":
      return isDone ? leaveSafeMode(state) : beginPass(job, state);
    case "count-file":
      return isDone
        ? changed("count-registry", { folder: { ...memory.folder, attempts: state.attempt } })
        : finish(state, "failed");
    case "count-registry":
      return isDone
        ? changed("report", { registry: { ...memory.registry, attempts: state.attempt } }, started(job))
        : finish(state, "failed");
    case "setup-over":
      if (isDone) return go("in-force");
      // The slot in SYSTEM\Setup is then Windows Setup's own.
      return job.trigger === "setup-mode" ? finish(state, "failed") : putOff(job, state, false);
    case "in-force":
      return isDone ? finish(state, "already-installed") : go("servicing");
    case "servicing":
      return answer === "idle"
        ? go("report", { reports: "installing", next: "install" })
        : putOff(job, state, answer === "restart-pending");
    case "install":
      return judgeInstall(job, state, answer);
    case "mark-verify":
      return isDone
        ? changed("count-restart-file", { folder: { ...memory.folder, verifies: true } })
        : go("mark-done");
    case "count-restart-file":
      return isDone
        ? changed("count-restart-registry", {
            folder: { ...memory.folder, restarts: restartsOf(memory) + 1 },
          })
        : withoutRestart(job, state);
    case "count-restart-registry":
      return isDone
        ? armAgain(job, {
            ...state,
            wantsRestart: true,
            memory: { ...memory, registry: { ...memory.registry, restarts: restartsOf(memory) } },
          })
        : withoutRestart(job, state);
    case "arm-command":
      return isDone ? changed("arm-type", { hasCommand: true }) : abandon(state);
    case "arm-type":
      return isDone
        ? changed(state.wantsRestart ? "ask-restart" : "end", { isSetupMode: true })
        : abandon(state);
    case "ask-restart":
      return job.trigger === "setup-mode"
        ? changed("end", { asksRestart: true })
        : go("end", { hasRestarted: isDone });
    case "verify-servicing":
      return answer === "busy" || answer === "restarting" ? finish(state, "pending-reboot") : go("verify");
    case "verify":
      if (answer === "in-force") return finish(state, "verified");
      if (answer === "unknown") return finish(state, "installed");
      return finish(state, answer === "pending" ? "pending-reboot" : "failed");
    case "report":
      return changed(state.next, { phase: state.reports });
    case "mark-done":
      return changed(state.reports === "timeout" ? "end" : "remove-script", {
        folder: { ...memory.folder, isDone: true },
      });
    case "remove-script":
      return changed("end", { hasScript: false, folder: { ...memory.folder, verifies: false } });
    case "end":
      return state;
  }
}

/** Safe mode is how people get out of setup mode: nothing is done, and a result that there is stays. */
function leaveSafeMode(state: ScriptState): ScriptState {
  if (state.memory.folder.verifies || state.memory.folder.isDone) return { ...state, at: "end" };
  return { ...state, at: "report", reports: "aborted-safemode", next: "end" };
}

function beginPass(job: ScriptJob, state: ScriptState): ScriptState {
  const { folder } = state.memory;
  if (folder.isDone) return { ...state, at: "remove-script" };
  if (folder.verifies) return { ...state, at: "verify-servicing" };
  if (state.attempt >= job.maxAttempts) return finish(state, "failed");
  return { ...state, at: "count-file", attempt: state.attempt + 1 };
}

const started = (job: ScriptJob): Partial<ScriptState> => ({
  reports: "started",
  next: TRIGGER_TRAITS[job.trigger].awaitsSetup ? "setup-over" : "in-force",
});

/** Writes the last word, and removes the script. */
const finish = (state: ScriptState, reports: ResultPhase): ScriptState => ({
  ...state,
  at: "report",
  reports,
  next: "mark-done",
});

function judgeInstall(job: ScriptJob, state: ScriptState, answer: Answer): ScriptState {
  switch (answer) {
    case "installed":
    case "already-installed":
    case "not-applicable":
    case "timeout":
      return finish(state, answer);
    case "pending-reboot":
      return awaitRestart(job, state);
    case "transient":
      return state.retries < RETRY_PAUSES.length
        ? { ...state, retries: state.retries + 1 }
        : putOff(job, state, false);
    case "deferred":
      return putOff(job, state, true);
    case "next-tool":
    case "wants-folder": {
      const other = { ...state, method: state.method + 1, retries: 0 };
      return methodAt(job, other) === undefined ? finish(state, "failed") : other;
    }
    default:
      return finish(state, "failed");
  }
}

/** Installed but for a restart, which the script asks for where it may, to look at the outcome afterwards. */
function awaitRestart(job: ScriptJob, state: ScriptState): ScriptState {
  const asks = mayRestart(job) && state.isDisarmed && restartsOf(state.memory) < RESTARTS_MAX;
  return { ...state, at: "report", reports: "pending-reboot", next: asks ? "mark-verify" : "mark-done" };
}

/** Leaves the installation to the next start, where there will be one and attempts are left. */
function putOff(job: ScriptJob, state: ScriptState, asks: boolean): ScriptState {
  const comesAgain = TRIGGER_TRAITS[job.trigger].comesAgain && state.isDisarmed;
  if (!comesAgain || state.attempt >= job.maxAttempts) return finish(state, "failed");
  const restarts = asks && mayRestart(job) && restartsOf(state.memory) === 0;
  return {
    ...state,
    at: "report",
    reports: "deferred",
    next: restarts ? "count-restart-file" : armingStep(job),
  };
}

/** A restart that cannot be counted is not asked for. */
const withoutRestart = (job: ScriptJob, state: ScriptState): ScriptState =>
  state.reports === "deferred" ? armAgain(job, state) : { ...state, at: "mark-done" };

const armAgain = (job: ScriptJob, state: ScriptState): ScriptState => {
  const at = armingStep(job);
  return { ...state, at: at === "end" && state.wantsRestart ? "ask-restart" : at };
};

/** A start-up script is there again as long as `run.cmd` is. */
const armingStep = (job: ScriptJob): Step => (job.trigger === "setup-mode" ? "arm-command" : "end");

/** What could not be armed is not going to run: a deferral is a failure then, an installation stays as it is. */
const abandon = (state: ScriptState): ScriptState =>
  state.reports === "deferred" ? finish(state, "failed") : { ...state, at: "mark-done" };
