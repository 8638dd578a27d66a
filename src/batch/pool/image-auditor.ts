// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { VmguestError } from "../../errors.ts";
import type { ReadLimits } from "../../io/index.ts";
import type { AuditAnswer, AuditTask, BatchAuditOptions, BatchImage } from "../audited-image.ts";
import { WorkerPool } from "./worker-pool.ts";

/** Audits images, whoever does it. To be closed (or `await using`), which gives up what is under way. */
export interface ImageAuditor extends AsyncDisposable {
  /** What is wrong with the image, or becomes of the thread that audits it, stands in the answer. */
  audit(image: BatchImage): Promise<AuditAnswer>;
}

export interface ImageAuditorOptions {
  /** What is the same for all images. */
  readonly audit: BatchAuditOptions;
  readonly limits: ReadLimits;
}

/** The program of the threads, where it stands beside this file: built, but not in the source. */
const PROGRAM = new URL("./audit-worker.js", import.meta.url);

/** Path of the program of the threads; undefined where there is none. */
export function findWorkerProgram(): string | undefined {
  return existsSync(PROGRAM) ? fileURLToPath(PROGRAM) : undefined;
}

/** Audits on the thread that asks: nothing else happens on it meanwhile. */
export async function openInlineAuditor(options: ImageAuditorOptions): Promise<ImageAuditor> {
  // What reads images is loaded by the threads alone where there are any.
  const { performAudit } = await import("./audit-task.ts");
  return {
    audit: async (image) => {
      // Between two images, signals and timers are heard.
      await setImmediate();
      return await performAudit(taskOf(image, options));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * An image that is not done by itself, though its readers ask for the time again and again, is stuck: in a system call,
 * or in a loop of ours. This long after its time it is given up; the start of a thread on a busy host takes part of it.
 */
const GRACE_MS = 10_000;

/** Audits on threads, one image each at a time. */
export class ThreadAuditor implements ImageAuditor {
  readonly #pool: WorkerPool<AuditTask>;
  readonly #options: ImageAuditorOptions;

  private constructor(pool: WorkerPool<AuditTask>, options: ImageAuditorOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  static async open(
    options: ImageAuditorOptions,
    { program, threadCount }: { readonly program: string; readonly threadCount: number },
  ): Promise<ThreadAuditor> {
    const heapBytes = options.limits.memoryBytes ?? Number.POSITIVE_INFINITY;
    return new ThreadAuditor(await WorkerPool.open({ program, threadCount, heapBytes }), options);
  }

  async audit(image: BatchImage): Promise<AuditAnswer> {
    const task = taskOf(image, this.#options);
    try {
      const answer = await this.#pool.run(
        () => ({ name: "audit", task }),
        task.limits.seconds * 1000 + GRACE_MS,
      );
      return requireAnswer(answer);
    } catch (error) {
      const { failedAnswer } = await import("./image-answer.ts");
      return failedAnswer(image, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}

function taskOf({ path, role }: BatchImage, { audit, limits }: ImageAuditorOptions): AuditTask {
  return { path, role, options: audit, limits };
}

/** A program that throws nothing but `null` answers with nothing. */
function requireAnswer(answer: unknown): AuditAnswer {
  const { json } = (answer ?? {}) as Partial<AuditAnswer>;
  if (typeof json === "string") return answer as AuditAnswer;
  throw new VmguestError("WORKER_LOST", "the thread ended without an answer");
}
