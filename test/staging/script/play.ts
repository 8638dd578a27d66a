import type { ResultPhase } from "../../../src/guest/index.ts";
import { advance, beginScript } from "../../../src/staging/script/machine.ts";
import type {
  Answer,
  ScriptJob,
  ScriptMemory,
  ScriptState,
} from "../../../src/staging/script/machine-state.ts";

/** Every trigger's way to the script: setup mode only while it is armed, and then Winlogon's command takes that back first. */
export function startGuest(job: ScriptJob, memory: ScriptMemory): ScriptState | undefined {
  if (job.trigger !== "setup-mode") return memory.hasScript ? beginScript(job, memory) : undefined;
  if (!memory.isSetupMode || !memory.hasCommand || !memory.hasScript) return undefined;
  return beginScript(job, disarmedByCommand(memory));
}

/** What Winlogon's command does by itself, with the script there or not. */
export const disarmedByCommand = (memory: ScriptMemory): ScriptMemory => ({
  ...memory,
  isSetupMode: false,
  asksRestart: false,
});

/** Whether the guest restarts now that the script is at its end. */
export const restarts = (job: ScriptJob, { memory, hasRestarted }: ScriptState): boolean =>
  job.trigger === "setup-mode" ? memory.asksRestart : hasRestarted;

export interface Play {
  readonly end: ScriptState;
  /** What was reported, in this order. */
  readonly phases: readonly ResultPhase[];
}

/** Lets the script run to its end, with the answers that are given. */
export function playScript(job: ScriptJob, begin: ScriptState, answer: (state: ScriptState) => Answer): Play {
  const phases: ResultPhase[] = [];
  let state = begin;
  for (let steps = 0; state.at !== "end"; steps++) {
    if (steps > 200) throw new Error("the script does not come to its end");
    if (state.at === "report") phases.push(state.reports);
    state = advance(job, state, answer(state));
  }
  return { end: state, phases };
}

/** A guest in which all goes well, but for what is said otherwise. */
export const smoothly =
  (otherwise: (state: ScriptState) => Answer | undefined = () => undefined) =>
  (state: ScriptState): Answer => {
    const said = otherwise(state);
    if (said !== undefined) return said;
    switch (state.at) {
      case "safe-mode":
      case "in-force":
        return "no";
      case "servicing":
      case "verify-servicing":
        return "idle";
      case "install":
        return "installed";
      case "verify":
        return "in-force";
      default:
        return "yes";
    }
  };
