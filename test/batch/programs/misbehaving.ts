import { basename } from "node:path";
import { resourceLimits, threadId } from "node:worker_threads";
import type { AuditAnswer, AuditTask, ChainSurvey } from "../../../src/batch/index.ts";
import { type Assignment, begin } from "../../../src/batch/pool/assignment.ts";
import type { SurveyTask } from "../../../src/batch/pool/survey-task.ts";

// The program of audit threads, but that some names of images make it do what a thread must never do.

/** What a name does; it may give an answer of its own. */
const MISDEEDS: Readonly<Record<string, () => unknown>> = {
  "loops.vhdx": () => {
    for (;;);
  },
  "waits.vhdx": () => new Promise(() => setInterval(() => {}, 1000)),
  "fills-heap.vhdx": () => {
    const held: object[] = [];
    for (;;) held.push(new Array(1000).fill(held.length));
  },
  "wants-buffer.vhdx": () => new ArrayBuffer(Number.MAX_SAFE_INTEGER),
  "exits.vhdx": () => process.exit(7),
  "throws-text.vhdx": () => {
    throw "a text";
  },
  "throws-null.vhdx": () => {
    throw null;
  },
  "throws-nothing.vhdx": () => {
    throw undefined;
  },
  "throws-function.vhdx": () => {
    throw () => "what cannot be sent";
  },
  "throws-later.vhdx": () =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error("outside of everything");
      });
    }),
  "answers-nothing.vhdx": () => ({}),
  "ends-while-answering.vhdx": () => ({
    get json() {
      return process.exit();
    },
  }),
};

export async function audit(assignment: Assignment<AuditTask>): Promise<AuditAnswer> {
  const misdeed = MISDEEDS[basename(assignment.task.path)];
  if (misdeed === undefined) {
    // Most threads of the tests end without a single audit.
    const { audit: auditWell } = await import("../../../src/batch/pool/audit-worker.ts");
    return await auditWell(assignment);
  }
  begin(assignment);
  return (await misdeed()) as AuditAnswer;
}

export async function survey(assignment: Assignment<SurveyTask>): Promise<ChainSurvey[]> {
  const names = assignment.task.paths.map((path) => basename(path));
  if (names.includes("ends-survey.vhdx")) {
    begin(assignment);
    process.exit(8);
  }
  const { survey: surveyWell } = await import("../../../src/batch/pool/audit-worker.ts");
  return surveyWell(assignment);
}

/** Ends before it has begun what it was given. */
export function vanish(): never {
  process.exit();
}

/** Tells the thread apart from others, and what it may hold. */
export function identify(assignment: Assignment<unknown>): object {
  begin(assignment);
  return { threadId, limits: resourceLimits };
}
