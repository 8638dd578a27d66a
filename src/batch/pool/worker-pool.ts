// SPDX-License-Identifier: MIT
import { inspect } from "node:util";
import { MessagePort, type ResourceLimits, type TransferListItem } from "node:worker_threads";
import type { Tinypool } from "tinypool";
import { VmguestError } from "../../errors.ts";
import { type Assignment, assign, isBegun } from "./assignment.ts";
import { Watchdog } from "./watchdog.ts";

export interface WorkerPoolOptions {
  /** Path of a module whose exports take an {@link Assignment} each and give an answer. */
  readonly program: string;
  /** Threads at most; each is started when there is work for it. */
  readonly threadCount: number;
  /** Bytes of objects that a thread may hold before it is ended. */
  readonly heapBytes: number;
}

/** Something to be done by a thread. */
export interface Job<Task> {
  /** What the program exports for it. */
  readonly name: string;
  readonly task: Task;
  /** Parts of the task that are handed over, not copied. */
  readonly transferList?: TransferListItem[];
}

/** A task is sent so often where threads end before they begin it: that much bad luck has a cause. */
const ATTEMPT_COUNT_MAX = 3;

/** How long threads may take to end when the pool is closed; a system call that never returns holds its thread. */
const CLOSE_TIMEOUT_MS = 2000;

/** As long as there is no work, threads wait for it: a timer of Node takes no more than this. */
const IDLE_TIMEOUT_MS = 2 ** 31 - 1;

const MIB = 1024 * 1024;

/**
 * Threads that do one task each at a time, over tinypool. A thread that ends, whatever for, or that is ended because it
 * takes too long, costs the one task that it had begun; the next task gets a new thread.
 *
 * No more tasks may be under way at a time than there are threads.
 */
export class WorkerPool<Task> implements AsyncDisposable {
  readonly #pool: Tinypool;
  readonly #program: string;
  /** The threads that there are, and the end of each; the library forgets those that it ends. */
  readonly #threads = new Map<object, Promise<void>>();
  /** What ends the tasks under way. */
  readonly #underWay = new Map<Assignment<Task>, AbortController>();
  #isClosed = false;

  private constructor(pool: Tinypool, program: string) {
    this.#pool = pool;
    this.#program = program;
    // A thread that had nothing to do has ended. Where it had not even started, what waits for it would wait for good.
    pool.on("error", (error) => this.#recall(error));
  }

  /** Starts no thread yet. */
  static async open<Task>({ program, threadCount, heapBytes }: WorkerPoolOptions): Promise<WorkerPool<Task>> {
    const { Tinypool } = await import("tinypool");
    const pool = new Tinypool({
      minThreads: 0,
      maxThreads: threadCount,
      idleTimeout: IDLE_TIMEOUT_MS,
      resourceLimits: resourceLimitsOf(heapBytes),
    });
    return new WorkerPool(pool, program);
  }

  /**
   * What a thread answers to a job. Throws WORKER_HUNG where it takes longer than `timeoutMs` from when it begins, WORKER_MEMORY where its
   * objects do not fit, and WORKER_LOST where the thread ends otherwise or its program throws. `makeJob` is called for
   * each attempt, since what was handed over cannot be handed over again.
   */
  async run(makeJob: () => Job<Task>, timeoutMs: number): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      if (this.#isClosed) throw new VmguestError("WORKER_LOST", "its threads were ended");
      const job = makeJob();
      const assignment = assign(job.task);
      try {
        return await this.#attempt(assignment, job, timeoutMs);
      } catch (error) {
        const isFinal = error instanceof VmguestError || attempt === ATTEMPT_COUNT_MAX;
        if (isFinal || isBegun(assignment)) throw describeLoss(error);
      }
    }
  }

  /** Ends all threads, and with them what they do; how a thread ends is of no interest any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const controller of this.#underWay.values()) controller.abort();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    await Promise.race([Promise.allSettled([this.#pool.destroy(), ...this.#threads.values()]), timeout]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #attempt(
    assignment: Assignment<Task>,
    { name, transferList }: Job<Task>,
    timeoutMs: number,
  ): Promise<unknown> {
    const controller = new AbortController();
    using watchdog = new Watchdog(assignment, timeoutMs, () => controller.abort());
    this.#underWay.set(assignment, controller);
    try {
      const answer = this.#pool.run(assignment, {
        filename: this.#program,
        name,
        signal: controller.signal,
        ...(transferList !== undefined && { transferList }),
      });
      this.#watchThreads();
      return await answer;
    } catch (error) {
      // What was not handed over to a thread that is gone now would stay open.
      for (const part of transferList ?? []) if (part instanceof MessagePort) part.close();
      if (watchdog.isHung) throw hung(timeoutMs);
      throw controller.signal.aborted ? controller.signal.reason : error;
    } finally {
      this.#underWay.delete(assignment);
    }
  }

  /**
   * The library hears of the end of a thread from its `error` event alone, which a thread that exits by itself or is
   * terminated does not have: its task would never be settled. So the end is made an error.
   */
  #watchThreads(): void {
    for (const thread of this.#pool.threads) {
      if (this.#threads.has(thread)) continue;
      // Where a thread that the library ends has an error first, it asks for this method of what has only half of them.
      Object.assign(thread, { removeListener: () => thread });
      this.#threads.set(thread, this.#waitForEnd(thread));
    }
  }

  #waitForEnd(thread: Tinypool["threads"][number]): Promise<void> {
    return new Promise((resolve) => {
      thread.once("exit", (code: number) => {
        this.#threads.delete(thread);
        // At once: behind this event nobody listens to the thread any more.
        const error = new Error(`it ended with code ${code}`);
        if (this.#pool.threads.includes(thread)) thread.emit("error", error);
        resolve();
      });
    });
  }

  /** Takes back what no thread has begun, so that it is sent again; at last, `error` is why it was lost. */
  #recall(error: unknown): void {
    for (const [assignment, controller] of this.#underWay) {
      if (!isBegun(assignment)) controller.abort(error);
    }
  }
}

/** Less than this and no thread starts. */
const HEAP_MIB_MIN = 64;

/**
 * What is new lives in a third of this. By itself V8 takes 48 MiB, of which an audit fills every page with what nobody
 * needs any more before it collects: 32 MiB a thread that do not make it faster (measured; with half of this it is slower).
 */
const YOUNG_GENERATION_MIB = 12;

function resourceLimitsOf(heapBytes: number): ResourceLimits {
  const young = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB };
  if (!Number.isFinite(heapBytes)) return young;
  return { ...young, maxOldGenerationSizeMb: Math.max(HEAP_MIB_MIN, Math.ceil(heapBytes / MIB)) };
}

function hung(timeoutMs: number): VmguestError {
  return new VmguestError("WORKER_HUNG", `there was no answer within ${timeoutMs / 1000} s`);
}

/** More of what a program threw does not help who reads a report. */
const REASON_LENGTH_MAX = 300;

/** Programs may throw anything. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : typeof error === "string" ? error : inspect(error);
  return text.slice(0, REASON_LENGTH_MAX);
}

function describeLoss(error: unknown): VmguestError {
  if (error instanceof VmguestError) return error;
  if ((error as NodeJS.ErrnoException | null | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY")
    return new VmguestError("WORKER_MEMORY", "its objects did not fit into the memory of the thread");
  return new VmguestError("WORKER_LOST", `the thread was lost: ${describe(error)}`, {}, { cause: error });
}
