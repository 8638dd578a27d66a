// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../../../audit/index.ts";
import { requireFile } from "../../../batch/index.ts";
import { VmguestError } from "../../../errors.ts";
import { inspectUndo } from "../../../io/commit/index.ts";
import {
  formatJson,
  formatPlan,
  formatStage,
  makeVisible,
  type TableOptions,
} from "../../../report/index.ts";
import type { PlanReport, StageListReport, StageReport, WriteOptions } from "../../../staging/index.ts";
import { type Context, tableWidth, wantsColour } from "../../context.ts";
import { toErrorReport } from "../../error-report.ts";
import { describeErrorReport } from "../../error-text.ts";
import { EXIT, type ExitCode, exitCodeOfReport, exitCodeOfSignal, gravestOf } from "../../exit-codes.ts";
import { Progress } from "../../progress.ts";
import { readVersion } from "../../version.ts";
import { ActivityClock } from "./activity-clock.ts";
import type { ChangeHooks } from "./change-request.ts";
import { Confirmation } from "./confirmation.ts";
import { Interruption } from "./interruption.ts";

/** `--yes`, `--dry-run` and what else every command takes that writes images. */
export const WRITE_OPTIONS = {
  yes: { kind: "flag", describe: "Write without asking; needed where there is no terminal to ask on" },
  "dry-run": { kind: "flag", describe: "Only tell what would be done" },
  replace: {
    kind: "flag",
    describe: "Take an earlier change of the image back first, which otherwise is a reason to refuse",
  },
  "replace-stale-lock": {
    kind: "flag",
    describe: "Replace a lock file that a process left behind which has ended",
  },
} as const;

interface WriteArguments {
  readonly yes: boolean;
  readonly "dry-run": boolean;
  readonly format: "text" | "json";
}

/** How one image is changed. */
export interface Change {
  readonly target: NonNullable<WriteOptions["target"]>;
  /** An earlier change is taken back first, even where there is nothing else to do then. */
  readonly replaces: boolean;
  plan(path: string): Promise<PlanReport>;
  make(path: string, hooks: ChangeHooks): Promise<StageReport>;
  /** The command line that does what a dry run has shown. */
  command(path: string): string;
}

/**
 * Changes images one after the other, each shown and confirmed before; one that fails does not stop the others, and a
 * signal ends it behind the one that is being written.
 */
export async function changeImages(
  paths: readonly string[],
  change: Change,
  args: WriteArguments,
  context: Context,
): Promise<number> {
  for (const path of paths) requireFile(path);
  using run = new ChangeRun(change, args, context, paths.length);
  for (const path of paths) {
    await run.add(path);
    if (run.signal !== undefined) break;
  }
  return await run.end(paths.length);
}

/** One command under way. */
class ChangeRun implements Disposable {
  readonly #change: Change;
  readonly #args: WriteArguments;
  readonly #context: Context;
  readonly #confirmation: Confirmation;
  readonly #progress: Progress;
  readonly #reports: StageReport[] = [];
  readonly #codes: ExitCode[] = [];
  signal: Interruption["signal"];

  constructor(change: Change, args: WriteArguments, context: Context, imageCount: number) {
    this.#change = change;
    this.#args = args;
    this.#context = context;
    this.#confirmation = Confirmation.of(context, args.yes || args["dry-run"]);
    this.#progress = imageCount > 1 ? Progress.of(context, imageCount) : Progress.open(context);
  }

  async add(path: string): Promise<void> {
    this.#context.imageCount++;
    const report = await this.#changeOne(path);
    this.#progress.clear();
    this.#reports.push(report);
    this.#codes.push(exitCodeOfStage(report));
    if (this.#args.format === "text") await this.#context.stdout.write(this.#format(report));
    if (report.error !== null) await this.#context.stderr.write(describeErrorReport(report.error));
  }

  /** Prints what is only known at the end, and gives the exit code. */
  async end(imageCount: number): Promise<number> {
    if (this.#args.format === "json") {
      const tool = { name: "vmguest", version: readVersion() } as const;
      const report: StageListReport = { schema: "vmguest.stage/1", tool, images: this.#reports };
      await this.#context.stdout.write(formatJson(report));
    }
    return this.signal === undefined
      ? gravestOf(this.#codes)
      : await this.#endStopped(this.signal, imageCount);
  }

  [Symbol.dispose](): void {
    this.#confirmation[Symbol.dispose]();
  }

  async #changeOne(path: string): Promise<StageReport> {
    try {
      if (this.#args["dry-run"]) return reportOf(await this.#plan(path));
      if (!this.#confirmation.isAsking) return await this.#make(path);
      const plan = await this.#plan(path);
      if (!this.#isDue(plan)) return reportOf(plan);
      this.#progress.clear();
      await this.#context.stderr.write(formatPlan(plan, this.#textOptions("stderr")));
      if (await this.#confirmation.ask(questionOf(path, this.#change.target))) return await this.#make(path);
      this.#codes.push(EXIT.policyFailed);
      return reportOf(plan);
    } catch (error) {
      // What is wrong with the options is wrong for every image, and nothing has been written yet.
      const isUsage = error instanceof VmguestError && error.kind === "usage";
      if (isUsage && this.#reports.length === 0) throw error;
      return failed(path, toErrorReport(error, path));
    }
  }

  #isDue({ outcome, image }: PlanReport): boolean {
    if (outcome !== "nothing-to-do") return outcome === "ready";
    const { replaces, target } = this.#change;
    return replaces && target.kind === "in-place" && inspectUndo(image).state !== "none";
  }

  async #plan(path: string): Promise<PlanReport> {
    this.#progress.show(`${path}: planning`);
    return await this.#change.plan(path);
  }

  async #make(path: string): Promise<StageReport> {
    using interruption = Interruption.watch(this.#context);
    using clock = new ActivityClock(this.#context.activitiesMs);
    const report = await this.#change.make(path, {
      stats: this.#context.stats,
      cancelFlag: interruption.flag,
      onActivity: (activity) => {
        clock.begin(activity);
        this.#progress.tell(`${path}: ${activity}`);
      },
    });
    this.signal = interruption.signal;
    return report;
  }

  #format(report: StageReport): string {
    const options = this.#textOptions("stdout");
    const lead = this.#reports.length > 1 ? "\n" : "";
    if (this.#args["dry-run"] && report.plan !== null) {
      return lead + formatPlan(report.plan, { ...options, nextCommand: this.#change.command(report.image) });
    }
    // Who has just been asked has the plan before his eyes, unless the report goes elsewhere.
    const hasSeen = this.#confirmation.isAsking && this.#context.stdout.isTerminal;
    const showsPlan = !hasSeen || report.outcome === "refused" || report.outcome === "nothing-to-do";
    return lead + formatStage(report, { ...options, showsPlan });
  }

  #textOptions(stream: "stdout" | "stderr"): TableOptions {
    return { colour: wantsColour(this.#context, this.#context[stream]), width: tableWidth(this.#context) };
  }

  async #endStopped(signal: NonNullable<Interruption["signal"]>, imageCount: number): Promise<number> {
    const last = this.#reports.at(-1);
    const rest = imageCount - this.#reports.length;
    const others = rest === 0 ? "" : `; ${rest} more of the images ${rest === 1 ? "is" : "are"} untouched`;
    await this.#context.stderr.write(`vmguest: ${describeEnd(last)}${others}\n`);
    // Too late to stop anything, and nothing left to stop: the command has done what it was to do.
    const isComplete = rest === 0 && last?.outcome !== "rolled-back";
    return isComplete ? gravestOf(this.#codes) : exitCodeOfSignal(signal);
  }
}

function describeEnd(report: StageReport | undefined): string {
  if (report === undefined) return "stopped";
  const image = makeVisible(report.target?.path ?? report.image);
  switch (report.outcome) {
    case "staged":
      return `too late to stop: ${image} is written completely`;
    case "rolled-back":
      return `stopped: nothing of this change is left in ${makeVisible(report.image)}`;
    case "failed":
      return `stopped: ${image} could not be written, as said above`;
    default:
      return `stopped: nothing was written to ${image}`;
  }
}

function questionOf(image: string, target: Change["target"]): string {
  if (target.kind === "in-place") return `Write to ${image}?`;
  return `Write to ${target.path}, a new ${target.kind === "copy" ? "copy of" : "differencing disk over"} ${image}?`;
}

/** The report where it did not come to writing. */
function reportOf(plan: PlanReport): StageReport {
  return {
    image: plan.image,
    outcome: plan.outcome,
    plan,
    target: null,
    undoFile: null,
    proof: null,
    error: plan.error,
  };
}

function failed(image: string, error: ErrorReport): StageReport {
  return { image, outcome: "failed", plan: null, target: null, undoFile: null, proof: null, error };
}

function exitCodeOfStage({ outcome, error }: StageReport): ExitCode {
  if (error !== null) return exitCodeOfReport(error);
  return outcome === "refused" ? EXIT.unsafe : EXIT.fine;
}
