// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { VmguestError } from "../../errors.ts";
import type { RemoteAccess } from "../../io/http/index.ts";
import type { ReadLimits } from "../../io/index.ts";
import type { AuditAnswer, AuditTask, BatchAuditOptions } from "../audited-image.ts";
import type { ChainSurvey } from "../chain-survey.ts";
import type { PlannedImage } from "../planned-image.ts";
import { isRemote } from "../remote-path.ts";
import type { SurveyTask } from "./survey-task.ts";
import { type Job, WorkerPool } from "./worker-pool.ts";

/** Looks at images and audits them, wherever that is done. To be closed, which gives up what is under way. */
export interface ImageAuditor extends AsyncDisposable {
  /** What is wrong with the image, or becomes of the thread that audits it, stands in the answer. */
  audit(image: PlannedImage): Promise<AuditAnswer>;
  /** What each image says of its chain; nothing where that cannot be found out. */
  survey(paths: readonly string[]): Promise<readonly ChainSurvey[]>;
}

export interface ImageAuditorOptions {
  /** What is the same for all images. */
  readonly audit: BatchAuditOptions;
  readonly limits: ReadLimits;
  /** Reads images that lie on web servers. */
  readonly remote?: RemoteAccess;
  /** How long after its time a stuck image is given up; 10 s where not given. */
  readonly graceMs?: number;
}

/** The program of the threads, where it stands beside this file: built, but not in the source. */
const PROGRAM = new URL("./audit-worker.js", import.meta.url);

/** Path of the program of the threads; undefined where there is none. */
export function findWorkerProgram(): string | undefined {
  return existsSync(PROGRAM) ? fileURLToPath(PROGRAM) : undefined;
}

/** Audits on the thread that asks: nothing else happens on it meanwhile. */
export class InlineAuditor implements ImageAuditor {
  readonly #options: ImageAuditorOptions;

  constructor(options: ImageAuditorOptions) {
    this.#options = options;
  }

  async audit(image: PlannedImage): Promise<AuditAnswer> {
    // Between two images, signals and timers are heard.
    await setImmediate();
    if (isRemote(image.source)) return await answerWithoutThreads(image);
    // Where there are threads, they alone load what reads images.
    const { performAudit } = await import("./audit-task.ts");
    return await performAudit(auditTask(image, this.#options));
  }

  async survey(paths: readonly string[]): Promise<readonly ChainSurvey[]> {
    await setImmediate();
    const { performSurvey } = await import("./survey-task.ts");
    return performSurvey(surveyTask(paths, this.#options));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Whoever waits for a web server on the thread that asks it waits for good. */
async function answerWithoutThreads(image: PlannedImage): Promise<AuditAnswer> {
  const { failedAnswer } = await import("./image-answer.ts");
  const message = "an image on a web server is read by a thread, and the program of the threads is not there";
  return failedAnswer(image, new VmguestError("USAGE", message));
}

/**
 * An image that is not done by itself, though its readers ask for the time again and again, is stuck: in a system call,
 * or in a loop of ours. This long after its time it is given up.
 */
const GRACE_MS = 10_000;

/**
 * The readers refuse an image that holds too much as soon as they are asked, which costs no thread. V8 stands behind them
 * with a higher limit, since it does not always get away with ending the thread: where a single list grows by more than
 * 16 MiB over its limit, it ends the process.
 */
const HEAP_FACTOR = 1.25;

type AuditPool = WorkerPool<AuditTask | SurveyTask>;

/** Audits on threads, one image each at a time. */
export class ThreadAuditor implements ImageAuditor {
  readonly #options: ImageAuditorOptions;
  readonly #threads: { readonly program: string; readonly threadCount: number };
  /** Opened for the first task: where the cache knows all images, there is none. */
  #pool: Promise<AuditPool> | undefined;
  #isClosed = false;

  constructor(
    options: ImageAuditorOptions,
    threads: { readonly program: string; readonly threadCount: number },
  ) {
    this.#options = options;
    this.#threads = threads;
  }

  async audit(image: PlannedImage): Promise<AuditAnswer> {
    try {
      return requireAnswer(await this.#run(() => this.#auditJob(image)));
    } catch (error) {
      const { failedAnswer } = await import("./image-answer.ts");
      return failedAnswer(image, error);
    }
  }

  async survey(paths: readonly string[]): Promise<readonly ChainSurvey[]> {
    try {
      const task = surveyTask(paths, this.#options);
      return (await this.#run(() => ({ name: "survey", task }))) as ChainSurvey[];
    } catch {
      // One of them has cost the thread, or all together the time of one. Each is asked alone; its audit says the rest.
      if (paths.length === 1) return [{ parents: [] }];
      const surveys: ChainSurvey[] = [];
      for (const path of paths) surveys.push(...(await this.survey([path])));
      return surveys;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const pool = await this.#pool;
    await pool?.close();
  }

  #auditJob(image: PlannedImage): Job<AuditTask> {
    const task = auditTask(image, this.#options);
    if (!isRemote(image.source)) return { name: "audit", task };
    if (this.#options.remote === undefined)
      throw new VmguestError("USAGE", "no access to web servers was given", { image: image.path });
    const remote = this.#options.remote.connect(image.source);
    return { name: "audit", task: { ...task, remote }, transferList: [remote] };
  }

  async #run(makeJob: () => Job<AuditTask | SurveyTask>): Promise<unknown> {
    const { limits, graceMs = GRACE_MS } = this.#options;
    const pool = await this.#openPool();
    return await pool.run(makeJob, limits.seconds * 1000 + graceMs);
  }

  #openPool(): Promise<AuditPool> {
    if (this.#isClosed) throw new VmguestError("WORKER_LOST", "its threads were ended");
    const { limits } = this.#options;
    const heapBytes = (limits.memoryBytes ?? Number.POSITIVE_INFINITY) * HEAP_FACTOR;
    this.#pool ??= WorkerPool.open({ ...this.#threads, heapBytes });
    return this.#pool;
  }
}

function auditTask({ path, role }: PlannedImage, { audit, limits }: ImageAuditorOptions): AuditTask {
  return { path, role, options: audit, limits };
}

function surveyTask(paths: readonly string[], { audit, limits }: ImageAuditorOptions): SurveyTask {
  const { parentRoots } = audit;
  return { paths, limits, ...(parentRoots !== undefined && { parentRoots }) };
}

/** A program that throws nothing but `null` answers with nothing. */
function requireAnswer(answer: unknown): AuditAnswer {
  const { json } = (answer ?? {}) as Partial<AuditAnswer>;
  if (typeof json === "string") return answer as AuditAnswer;
  throw new VmguestError("WORKER_LOST", "the thread gave no answer");
}
