import { describe, expect, test } from "vitest";
import type { InstallTool, RebootPolicy, TriggerId } from "../../../src/guest/index.ts";
import { TRIGGERS } from "../../../src/guest/index.ts";
import { EXIT_ACTIONS, type ExitAction } from "../../../src/staging/script/exit-codes.ts";
import { RESTARTS_MAX, startsMax } from "../../../src/staging/script/limits.ts";
import { advance } from "../../../src/staging/script/machine.ts";
import {
  answersAt,
  type ScriptJob,
  type ScriptMemory,
  type ScriptState,
  type Step,
  stagedMemory,
} from "../../../src/staging/script/machine-state.ts";
import { disarmedByCommand, playScript, restarts, smoothly, startGuest } from "./play.ts";

const job = (
  trigger: TriggerId,
  reboot: RebootPolicy = "auto",
  maxAttempts = 3,
  tools: readonly InstallTool[] = ["dism"],
): ScriptJob => ({ trigger, reboot, maxAttempts, tools });

/** A guest between two starts, with what has happened so far. */
interface Between {
  readonly memory: ScriptMemory;
  readonly starts: number;
  readonly installs: number;
  readonly restarts: number;
  readonly cuts: number;
  /** Which of the two counts was lost; never both. */
  readonly lost: "nothing" | "folder" | "registry";
}

interface Reach {
  readonly betweens: readonly Between[];
  /** Ways in which a start can end, over all starts. */
  readonly outcomes: number;
}

/** Anything may be lost between two starts, but not both the marks and the values of a count. */
function losses(between: Between): Between[] {
  const { memory } = between;
  const all = [between, { ...between, memory: { ...memory, hasScript: false } }];
  if (between.lost !== "registry") {
    const folder = { attempts: 0, restarts: 0, verifies: false, isDone: false };
    all.push({ ...between, lost: "folder", memory: { ...memory, folder } });
    all.push({
      ...between,
      lost: "folder",
      memory: { ...memory, folder: { ...memory.folder, verifies: false } },
    });
  }
  if (between.lost !== "folder") {
    const registry = { attempts: 0, restarts: 0 };
    all.push({ ...between, lost: "registry", memory: { ...memory, registry } });
  }
  return all;
}

/** Every state that can be reached in one start, a power cut being possible in each. */
function statesOfStart(theJob: ScriptJob, begin: ScriptState): ScriptState[] {
  const found = new Map([[JSON.stringify(begin), begin]]);
  for (const state of found.values()) {
    for (const answer of answersAt(theJob, state)) {
      // The phase decides nothing that the script does later.
      const next = advance(theJob, state, answer);
      const after = { ...next, memory: { ...next.memory, phase: undefined } };
      const key = JSON.stringify(after);
      if (!found.has(key)) found.set(key, after);
    }
  }
  return [...found.values()];
}

/** Explores every sequence of starts until nothing new is found; `lossyCuts` power cuts may take back a whole start. */
function explore(theJob: ScriptJob, lossyCuts = 0): Reach {
  const first: Between = {
    memory: stagedMemory(theJob),
    starts: 0,
    installs: 0,
    restarts: 0,
    cuts: 0,
    lost: "nothing",
  };
  const found = new Map([[JSON.stringify(first), first]]);
  const outcomes = new Map<string, readonly Outcome[]>();
  const add = (between: Between) => {
    for (const after of losses(between)) {
      // Far above every bound that is to be shown; a loop would come here.
      if (after.starts > 12 || after.restarts > 12 || after.installs > 12) throw new Error("no bound");
      const key = JSON.stringify(after);
      if (!found.has(key)) found.set(key, after);
    }
  };
  for (const between of found.values()) {
    const begin = startGuest(theJob, between.memory);
    if (begin === undefined) {
      if (theJob.trigger === "setup-mode" && between.memory.isSetupMode) {
        add({ ...between, memory: disarmedByCommand(between.memory) });
      }
      continue;
    }
    const key = JSON.stringify(begin);
    const ends = outcomes.get(key) ?? outcomesOf(theJob, begin);
    outcomes.set(key, ends);
    // Starts of other triggers are nobody's doing but people's; what is counted is what the script does in them.
    const starts = between.starts + (theJob.trigger === "setup-mode" ? 1 : 0);
    for (const { memory, hasBegun, asks } of ends) {
      const after = {
        ...between,
        starts,
        memory,
        installs: between.installs + hasBegun,
        restarts: between.restarts + asks,
      };
      add(after);
      if (between.cuts < lossyCuts) add({ ...after, memory: between.memory, cuts: between.cuts + 1 });
    }
  }
  return { betweens: [...found.values()], outcomes: [...outcomes.values()].flat().length };
}

/** How a start may end, by itself or by a power cut. */
interface Outcome {
  readonly memory: ScriptMemory;
  /** Whether an installation was begun, and a restart asked for: 1 or 0. */
  readonly hasBegun: number;
  readonly asks: number;
}

function outcomesOf(theJob: ScriptJob, begin: ScriptState): readonly Outcome[] {
  const found = new Map<string, Outcome>();
  for (const state of statesOfStart(theJob, begin)) {
    const hasBegun = state.memory.registry.attempts > begin.memory.registry.attempts ? 1 : 0;
    const asks = state.at === "end" && restarts(theJob, state) ? 1 : 0;
    const outcome = { memory: state.memory, hasBegun, asks };
    found.set(JSON.stringify(outcome), outcome);
  }
  return [...found.values()];
}

const highest = (reach: Reach, count: "starts" | "installs" | "restarts") =>
  Math.max(...reach.betweens.map((between) => between[count]));

describe("whatever the guest answers, whatever is lost, wherever power is cut,", () => {
  test.each([1, 2, 3])("setup mode runs a script of %i attempts once more often at most", (maxAttempts) => {
    const theJob = job("setup-mode", "auto", maxAttempts);
    const reach = explore(theJob);
    expect(highest(reach, "starts")).toBe(startsMax(theJob));
    expect(highest(reach, "installs")).toBe(maxAttempts);
    expect(highest(reach, "restarts")).toBe(Math.min(RESTARTS_MAX, maxAttempts));
    expect(reach.outcomes).toBeGreaterThan(50);
  });

  test("a start-up script installs no more often, and asks for no more restarts", () => {
    const reach = explore(job("group-policy"));
    expect(highest(reach, "installs")).toBe(3);
    expect(highest(reach, "restarts")).toBe(RESTARTS_MAX);
  });

  test.each([
    ...TRIGGERS.map((trigger) => ({ trigger, reboot: "never" as const })),
    ...(["setup-complete", "run-once", "stage-only"] as const).map((trigger) => ({
      trigger,
      reboot: "auto" as const,
    })),
  ])("$trigger never restarts the guest where the job says $reboot", ({ trigger, reboot }) => {
    const reach = explore(job(trigger, reboot));
    expect(highest(reach, "restarts")).toBe(0);
    expect(highest(reach, "installs")).toBe(3);
  });

  test("each power cut that takes back what was written adds one start and one restart at most", () => {
    const theJob = job("setup-mode", "auto", 2);
    const reach = explore(theJob, 1);
    expect(highest(reach, "starts")).toBe(startsMax(theJob) + 1);
    expect(highest(reach, "restarts")).toBeLessThanOrEqual(RESTARTS_MAX + 1);
  });
});

/** Every path through one start of a fresh staging, as states in a graph with what came before. */
const everyState = (theJob: ScriptJob) => {
  const begin = startGuest(theJob, stagedMemory(theJob));
  if (begin === undefined) throw new Error("the guest does not run the script");
  return { begin, states: statesOfStart(theJob, begin) };
};

test("nothing else is done before all is disarmed", () => {
  const theJob = job("setup-mode");
  const begin = { ...stagedMemory(theJob), asksRestart: true };
  const seen: Step[] = [];
  const start = startGuest(theJob, begin);
  if (start === undefined) throw new Error("the guest does not run the script");
  playScript(
    theJob,
    start,
    smoothly((state) => {
      seen.push(state.at);
      return undefined;
    }),
  );
  expect(seen.slice(0, 3)).toEqual(["disarm-type", "disarm-command", "disarm-restart"]);
  expect(start.memory).toMatchObject({ isSetupMode: false, asksRestart: false });
});

test.each(["setup-mode", "group-policy"] as const)(
  "no failure of %s ever restarts the guest or leaves it armed",
  (trigger) => {
    const theJob = job(trigger);
    const { states } = everyState(theJob);
    const failures = states.filter(
      ({ at, reports }) =>
        at === "end" && ["failed", "timeout", "not-applicable", "aborted-safemode"].includes(reports),
    );
    expect(failures.length).toBeGreaterThan(10);
    for (const state of failures) {
      expect(restarts(theJob, state)).toBe(false);
      expect(state.memory.isSetupMode).toBe(false);
    }
  },
);

test("what is not seen to be disarmed is never armed again", () => {
  const theJob = job("setup-mode");
  const { states } = everyState(theJob);
  for (const state of states.filter(({ isDisarmed }) => !isDisarmed)) {
    expect([state.at, restarts(theJob, state)]).not.toEqual(["end", true]);
    expect(["arm-command", "arm-type", "ask-restart"]).not.toContain(state.at);
  }
});

test("a restart is asked for only once it was counted in both places and the script is armed", () => {
  const theJob = job("setup-mode");
  const asking = everyState(theJob).states.filter(({ at }) => at === "ask-restart");
  expect(asking.length).toBeGreaterThan(0);
  for (const { memory } of asking) {
    expect(memory).toMatchObject({ isSetupMode: true, hasCommand: true });
    expect([memory.folder.restarts, memory.registry.restarts]).toEqual([1, 1]);
  }
});

const ENDS: Readonly<Record<ExitAction, readonly string[]>> = {
  installed: ["started", "installing", "installed"],
  "pending-reboot": ["started", "installing", "pending-reboot"],
  "already-installed": ["started", "installing", "already-installed"],
  transient: ["started", "installing", "deferred"],
  deferred: ["started", "installing", "deferred"],
  "not-applicable": ["started", "installing", "not-applicable"],
  failed: ["started", "installing", "failed"],
  "next-tool": ["started", "installing", "failed"],
};

test.each(Object.keys(EXIT_ACTIONS) as ExitAction[])("an installer that says `%s` ends so", (action) => {
  const theJob = job("setup-mode");
  const { begin } = everyState(theJob);
  const { phases } = playScript(
    theJob,
    begin,
    smoothly(({ at }) => (at === "install" ? action : undefined)),
  );
  expect([...new Set(phases)]).toEqual(ENDS[action]);
});
