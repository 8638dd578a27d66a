import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StagingJob } from "../../src/guest/index.ts";
import {
  EXIT_CODES,
  exitActionOf,
  PKGMGR_WANTS_FOLDER,
  UNKNOWN_EXIT,
} from "../../src/staging/script/exit-codes.ts";
import { RETRY_PAUSES, startsMax } from "../../src/staging/script/limits.ts";
import {
  type Answer,
  methodAt,
  type ScriptState,
  stagedMemory,
} from "../../src/staging/script/machine-state.ts";
import { JOB } from "../guest/staging/jobs.ts";
import { playScript, restarts, smoothly, startGuest } from "../staging/script/play.ts";
import { type Boot, WineGuest } from "./first-boot/wine-guest.ts";

let guest: WineGuest;
beforeAll(() => {
  guest = new WineGuest();
});
afterAll(() => guest.close());

const DISM: StagingJob = { ...JOB, tools: ["dism"] };

/** What the machine answers in a guest whose installer gives these codes, the last one for ever. */
function answersOf(
  job: StagingJob,
  codes: readonly number[],
  otherwise?: (state: ScriptState) => Answer | undefined,
) {
  let calls = 0;
  return smoothly((state) => {
    if (state.at !== "install") return otherwise?.(state);
    const code = codes[Math.min(calls++, codes.length - 1)] ?? 0;
    const wantsFolder = methodAt(job, state) === "pkgmgr" && PKGMGR_WANTS_FOLDER.includes(code);
    return wantsFolder ? "wants-folder" : exitActionOf(code);
  });
}

interface Played {
  readonly boots: readonly Boot[];
  readonly last: Boot;
  readonly restarts: number;
}

/** Starts the guest until nothing is armed any more, and holds every start against the machine. */
function playBoots(
  job: StagingJob,
  answer: (state: ScriptState) => Answer,
  between: () => void = () => {},
): Played {
  let memory = stagedMemory(job);
  const boots: Boot[] = [];
  let asked = 0;
  for (let begin = startGuest(job, memory); begin !== undefined; begin = startGuest(job, memory)) {
    if (boots.length > 0) between();
    const { end } = playScript(job, begin, answer);
    const boot = guest.boot();
    expect(boot.memory).toEqual(end.memory);
    expect(boot.exitCode).toBe(0);
    expectDisarmedFirst(boot);
    memory = boot.memory;
    boots.push(boot);
    if (restarts(job, end)) asked++;
    if (boots.length > 9) throw new Error("the guest does not come to rest");
  }
  const last = boots.at(-1);
  if (last === undefined) throw new Error("the guest ran nothing");
  return { boots, last, restarts: asked };
}

/** Every program that the script ran saw setup mode off, and no restart asked for. */
function expectDisarmedFirst(boot: Boot): void {
  for (const call of boot.calls) expect(call).toMatch(/ \| SetupType=0 SetupShutdownRequired=-1 CmdLine=$/);
}

const calls = (boot: Boot, program: string) => boot.calls.filter((call) => call.startsWith(`${program} `));

/** What is left of a staging that has come to its end. */
function expectRemoved(): void {
  for (const name of [
    "run.cmd",
    "ic.cab",
    "verify",
    "exit.rc",
    "query.tmp",
    "facts.tmp",
    "result.tmp",
    "sb",
    "sb2",
  ]) {
    expect([name, guest.has(name)]).toEqual([name, false]);
  }
  for (const name of ["job.ini", "result.ini", "run.log"])
    expect([name, guest.has(name)]).toEqual([name, true]);
}

describe("every exit code, in setup mode", () => {
  test.each([
    ...EXIT_CODES.map(({ code, action, meaning }) => ({ code, action, meaning })),
    { code: 1603, ...UNKNOWN_EXIT },
    { code: -1073741515, ...UNKNOWN_EXIT },
  ])("$code: $action", ({ code, action, meaning }) => {
    // What is put off is tried again below; here one attempt shows what the code means.
    const job = { ...DISM, maxAttempts: 1 };
    guest.stage(job, { codes: { dism: [code] }, packageState: 0x60 });
    const {
      boots,
      last,
      restarts: asked,
    } = playBoots(
      job,
      answersOf(job, [code]),
      // What the restart does for a package that waits for one.
      () =>
        guest.change({ codes: { dism: [code] }, packageState: action === "pending-reboot" ? 0x70 : 0x60 }),
    );
    const [first] = boots;
    const wasPutOff = action === "transient" || action === "deferred";
    expect(first?.result).toMatchObject({
      job: job.id,
      attempt: 1,
      tool: "dism",
      exitCode: code,
      detail: wasPutOff ? `${meaning}, and this was the last attempt` : meaning,
    });
    expect(first?.mirror).toEqual({ phase: first?.result?.phase, exit: String(code) });
    expect(boots.length).toBeLessThanOrEqual(startsMax(job));
    expect(asked).toBe(action === "pending-reboot" ? 1 : 0);
    expect(last.result?.phase).toBe(
      {
        installed: "installed",
        "pending-reboot": "verified",
        "already-installed": "already-installed",
        transient: "failed",
        deferred: "failed",
        "not-applicable": "not-applicable",
        failed: "failed",
        "next-tool": "failed",
      }[action],
    );
    const tries = action === "transient" ? 1 + RETRY_PAUSES.length : 1;
    expect(first && calls(first, "dism")).toHaveLength(tries);
    expectRemoved();
  });
});

describe("three starts in a row", () => {
  test("an installation that is put off for ever ends with its last attempt", () => {
    guest.stage(DISM, { codes: { dism: [3017] } });
    const { boots, last, restarts: asked } = playBoots(DISM, answersOf(DISM, [3017]));
    expect(boots.map(({ result }) => [result?.phase, result?.attempt])).toEqual([
      ["deferred", 1],
      ["deferred", 2],
      ["failed", 3],
    ]);
    expect(asked).toBe(1);
    expect(last.result?.detail).toBe(
      "the guest has to restart before anything else can be installed, and this was the last attempt",
    );
  });

  test("put off, installed, and seen to be in force: two restarts, four things in the result at the end", () => {
    guest.stage(DISM, { codes: { dism: [3017] } });
    const codes = [3017, 3010];
    const { boots, restarts: asked } = playBoots(DISM, answersOf(DISM, codes), () =>
      guest.change({ codes: { dism: [3010] }, ...(guest.has("verify") && { packageState: 0x70 }) }),
    );
    expect(boots.map(({ result }) => result?.phase)).toEqual(["deferred", "pending-reboot", "verified"]);
    expect(asked).toBe(2);
    expect(boots.at(-1)?.result).toMatchObject({
      attempt: 2,
      tool: "dism",
      exitCode: 3010,
      rebootNeeded: false,
    });
    expect([...(boots.at(-1)?.result?.fields.keys() ?? [])].toSorted()).toEqual(
      [
        "schema",
        "job",
        "phase",
        "attempt",
        "tool",
        "exit",
        "detail",
        "os",
        "arch",
        "user",
        "ic_before",
        "ic_after",
        "reboot_needed",
        "trigger",
      ].toSorted(),
    );
  });

  test("marks that are lost between the starts are made up for by the registry", () => {
    guest.stage(DISM, { codes: { dism: [3010] }, packageState: 0x60 });
    const boots = [guest.boot()];
    while (boots.at(-1)?.memory.isSetupMode === true && boots.length < 9) {
      guest.lose("attempt.1", "attempt.2", "restart.1", "restart.2", "verify");
      boots.push(guest.boot());
    }
    expect(boots.map(({ memory }) => [memory.registry.attempts, memory.registry.restarts])).toEqual([
      [1, 1],
      [2, 2],
      [3, 2],
    ]);
    expectRemoved();
  });

  test("with the script lost the guest neither starts it nor restarts again", () => {
    guest.stage(DISM, { codes: { dism: [3010] } });
    expect(guest.boot().memory).toMatchObject({ isSetupMode: true, asksRestart: true });
    guest.lose("run.cmd");
    expect(guest.boot()).toMatchObject({ memory: { isSetupMode: false, asksRestart: false }, calls: [] });
  });
});

/** A start of setup mode that does not come to an installation by a way of its own. */
describe("a start in setup mode", () => {
  const once = { ...DISM, maxAttempts: 1 };

  test.each([
    {
      what: "the package is in force",
      state: { packageState: 0x70 },
      answers: { "in-force": "yes" },
      phase: "already-installed",
    },
    {
      what: "Windows Setup is not over",
      state: { imageState: "IMAGE_STATE_UNDEPLOYABLE" },
      answers: { "setup-over": "no" },
      phase: "failed",
    },
    {
      what: "Windows Setup is running",
      state: { isSetupRunning: true },
      answers: { "setup-over": "no" },
      phase: "failed",
    },
    {
      what: "it is in safe mode",
      state: { isSafeMode: true },
      answers: { "safe-mode": "yes" },
      phase: "aborted-safemode",
    },
    {
      what: "other servicing restarts the guest",
      state: { isRestarting: true },
      answers: { servicing: "restarting" },
      phase: "failed",
    },
    {
      what: "other servicing does not end",
      state: { executeState: 1 },
      answers: { servicing: "busy" },
      phase: "failed",
    },
  ] as const)("installs nothing where $what", ({ state, answers, phase }) => {
    guest.stage(once, state);
    const known: Partial<Record<ScriptState["at"], Answer>> = answers;
    const { last, restarts: asked } = playBoots(
      once,
      smoothly(({ at }) => known[at]),
    );
    expect(last.result?.phase).toBe(phase);
    expect(calls(last, "dism")).toEqual([]);
    expect(asked).toBe(0);
  });

  test("asks for one restart where other servicing waits for one", () => {
    const job = { ...DISM, maxAttempts: 2 };
    guest.stage(job, { isRestartPending: true });
    const servicing = smoothly(({ at }) => (at === "servicing" ? "restart-pending" : undefined));
    const { boots, restarts: asked } = playBoots(job, servicing);
    expect(boots.map(({ result }) => result?.phase)).toEqual(["deferred", "failed"]);
    expect(asked).toBe(1);
  });

  test("leaves an installer alone that does not end", () => {
    guest.stage(once, { codes: { dism: ["hang"] } });
    const { last, restarts: asked } = playBoots(
      once,
      smoothly(({ at }) => (at === "install" ? "timeout" : undefined)),
    );
    guest.release();
    expect(last.result).toMatchObject({ phase: "timeout", attempt: 1 });
    expect([asked, guest.has("ic.cab"), guest.has("run.cmd")]).toEqual([0, true, true]);
  });

  test("says what is there after a restart that changed nothing, and removes itself", () => {
    guest.stage(DISM, { codes: { dism: [3010] } });
    const { last } = playBoots(
      DISM,
      answersOf(DISM, [3010], ({ at }) => (at === "verify" ? "absent" : undefined)),
    );
    expect(last.result).toMatchObject({ phase: "failed", exitCode: 3010 });
    expectRemoved();
  });
});

describe("the other tools", () => {
  test("pkgmgr is given a folder where it does not take the cabinet", () => {
    const job: StagingJob = { ...JOB, tools: ["pkgmgr"], maxAttempts: 1 };
    guest.stage(job, { codes: { pkgmgr: [-2146498555, 0] } });
    const { last } = playBoots(job, answersOf(job, [-2146498555, 0]));
    expect(last.result).toMatchObject({ phase: "installed", tool: "pkgmgr", exitCode: 0 });
    const folder = "C:\\Windows\\Setup\\vmguest";
    expect(calls(last, "pkgmgr").map((call) => / (\/m:\S+) /.exec(call)?.[1])).toEqual([
      `/m:${folder}\\ic.cab`,
      `/m:${folder}\\sb2`,
    ]);
    expect(calls(last, "expand")).toHaveLength(1);
  });

  test("the next tool is tried where one does not know the package", () => {
    const job: StagingJob = { ...JOB, maxAttempts: 1 };
    guest.stage(job, { codes: { dism: [87], pkgmgr: [0] } });
    const { last } = playBoots(job, answersOf(job, [87, 0]));
    expect(last.result).toMatchObject({ phase: "installed", tool: "pkgmgr" });
  });
});

describe("the other triggers", () => {
  test.each(["setup-complete", "run-once", "stage-only"] as const)(
    "%s never restarts, and removes itself",
    (trigger) => {
      const job: StagingJob = { ...DISM, trigger };
      guest.stage(job, { codes: { dism: [3010] }, imageState: "IMAGE_STATE_SPECIALIZE_RESEAL_TO_OOBE" });
      const { last } = playBoots(job, answersOf(job, [3010]));
      expect(last.result).toMatchObject({ phase: "pending-reboot", rebootNeeded: true, exitCode: 3010 });
      expect(calls(last, "shutdown")).toEqual([]);
      expectRemoved();
    },
  );

  test("setup mode does not restart, and is not armed again, where the job says so", () => {
    const job: StagingJob = { ...DISM, reboot: "never" };
    guest.stage(job, { codes: { dism: [3010] } });
    const { boots, restarts: asked } = playBoots(job, answersOf(job, [3010]));
    expect([boots.length, asked, boots[0]?.result?.phase]).toEqual([1, 0, "pending-reboot"]);
    expectRemoved();
  });

  test("a start-up script goes on by itself, restarts once and looks at the outcome", async () => {
    const job: StagingJob = { ...DISM, trigger: "group-policy" };
    guest.stage(job, { codes: { dism: [3010] } });
    guest.boot();
    await expect
      .poll(() => calls(guest.look(), "shutdown"), { timeout: 120_000, interval: 500 })
      .toHaveLength(1);
    expect(guest.look()).toMatchObject({ result: { phase: "pending-reboot" }, memory: { hasScript: true } });
    guest.change({ packageState: 0x70 });
    guest.boot();
    await expect.poll(() => guest.has("run.cmd"), { timeout: 120_000, interval: 500 }).toBe(false);
    expect(guest.look()).toMatchObject({ result: { phase: "verified" }, calls: [] });
    expectRemoved();
  });
});
