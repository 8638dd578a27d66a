// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { VmguestError } from "../errors.ts";
import type { RemoteAccess } from "../io/http/index.ts";
import type { ReadLimits } from "../io/index.ts";
import type { AuditAnswer, AuditedImage, BatchAuditOptions, BatchEvent } from "./audited-image.ts";
import { type BatchPlan, type PlanOptions, planBatch } from "./batch-plan.ts";
import type { AuditCache } from "./cache/audit-cache.ts";
import type { Discovery } from "./discover.ts";
import { KnownAudits } from "./known-audits.ts";
import type { PlannedImage } from "./planned-image.ts";
import { findWorkerProgram, type ImageAuditor, InlineAuditor, ThreadAuditor } from "./pool/image-auditor.ts";
import { isRemote } from "./remote-path.ts";
import { ReorderBuffer } from "./reorder-buffer.ts";
import type { Shard } from "./shard.ts";

/** How a batch is audited. */
export interface BatchOptions {
  /** What is the same for all images. */
  readonly audit: BatchAuditOptions;
  /** What reading one image may cost. */
  readonly limits: ReadLimits;
  /**
   * How many images are audited at a time, 1 to {@link JOBS_MAX}. Where not given, one for each processor, as far as there
   * are images enough on disk, or one on a web server, to make up for the start of another thread.
   */
  readonly jobs?: number;
  /** Audits no others than those of this shard. */
  readonly shard?: Shard;
  /** Knows the images that have not changed since they were audited; keeps those that are audited now. */
  readonly cache?: AuditCache;
  /** Reads images that lie on web servers. */
  readonly remote?: RemoteAccess;
  /** Ends the batch: no further image is begun, those under way are given up, and its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Hears of everything as it happens. */
  readonly onEvent?: (event: BatchEvent) => void;
  /**
   * Readers stop by themselves when the time of an image is over. So much later an image that is stuck, in a system call
   * or a loop, is given up with its thread; 10 s where not given.
   */
  readonly graceMs?: number;
  /** Path of a program of the threads in the place of the one that is built. */
  readonly workerProgram?: string;
}

/** Each thread takes tens of MiB; storage that is slow enough for more of them is better served by shards. */
export const JOBS_MAX = 64;

/**
 * What is done may wait for an image before it that takes long, but not without end: this many reports are some MiB of
 * text as they usually are, and where they are large, the bytes count.
 */
const AHEAD = { itemsAhead: 2048, bytes: 64 * 1024 * 1024 };

/**
 * Audits what was found, on several threads, and gives each image as soon as it and all before it are done, in the order
 * of the report; what could not be searched comes last, as images with an error. Whatever becomes of one image, the
 * others are audited.
 *
 * Who stops iterating ends the batch. Throws USAGE for a number of jobs that there cannot be, and the reason of a signal.
 */
export async function* auditBatch(found: Discovery, options: BatchOptions): AsyncGenerator<AuditedImage> {
  const jobs = countJobs(options.jobs, found.images);
  options.signal?.throwIfAborted();
  yield* new Batch(found, jobs, options).run();
}

/** A thread takes as long to start as it does to audit so many images on a disk of the host (measured). */
const IMAGES_PER_THREAD = 16;

function countJobs(stated: number | undefined, images: readonly string[]): number {
  if (stated !== undefined && !(Number.isInteger(stated) && stated >= 1 && stated <= JOBS_MAX))
    throw new VmguestError("USAGE", `there are 1 to ${JOBS_MAX} jobs, not ${stated}`);
  const useful = images.some(isRemote) ? images.length : Math.ceil(images.length / IMAGES_PER_THREAD);
  const jobs = stated ?? Math.min(availableParallelism(), useful);
  return Math.max(1, Math.min(jobs, JOBS_MAX, images.length));
}

const UNREADABLE_PER_PAUSE = 64;

/** Why nothing more is done once a batch has ended; nobody hears of it. */
const OVER = new Error("the batch is over");

/** One batch under way. */
class Batch {
  readonly #found: Discovery;
  readonly #jobs: number;
  readonly #options: BatchOptions;
  readonly #known: KnownAudits;
  readonly #done = new ReorderBuffer<AuditedImage>(AHEAD, ({ json }) => json.length);
  /** Aborted when the batch ends, for whatever reason. */
  readonly #stop = new AbortController();

  constructor(found: Discovery, jobs: number, options: BatchOptions) {
    this.#found = found;
    this.#jobs = jobs;
    this.#options = options;
    this.#known = new KnownAudits(options.cache, options.remote);
  }

  async *run(): AsyncGenerator<AuditedImage> {
    const { signal } = this.#options;
    const auditor = this.#openAuditor();
    // At once, even while nobody asks for the next image.
    const onAbort = () => void this.#end(auditor, signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      void this.#work(auditor);
      yield* this.#give();
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await this.#end(auditor, OVER);
    }
  }

  /** Ends what is under way, and lets go whatever waits. */
  async #end(auditor: ImageAuditor, reason: unknown): Promise<void> {
    this.#done.fail(reason);
    this.#stop.abort(reason);
    await auditor[Symbol.asyncDispose]();
  }

  /** A single image is done before a thread for it has started; but to wait for a web server takes a thread. */
  #openAuditor(): ImageAuditor {
    const { images } = this.#found;
    const program = this.#options.workerProgram ?? findWorkerProgram();
    const isWorthThreads = images.length > 1 || images.some(isRemote);
    if (program === undefined || !isWorthThreads) return new InlineAuditor(this.#options);
    return new ThreadAuditor(this.#options, { program, threadCount: this.#jobs });
  }

  async *#give(): AsyncGenerator<AuditedImage> {
    let images = 0;
    let fromCache = 0;
    for (let image = await this.#done.take(); image !== undefined; image = await this.#done.take()) {
      images++;
      if (image.isFromCache) fromCache++;
      yield image;
    }
    this.#tell({ event: "end", images, fromCache });
  }

  /** Does everything. Never rejects: who takes what is done hears what went wrong. */
  async #work(auditor: ImageAuditor): Promise<void> {
    try {
      const limit = await limitTo(this.#jobs);
      const { shard } = this.#options;
      const stop = this.#stop.signal;
      const plan = await planBatch(this.#found, { auditor, known: this.#known, shard, limit, stop });
      const count = plan.images.length + plan.unreadable.length;
      this.#tell({ event: "start", images: count, jobs: this.#jobs });
      for (const [index, image] of plan.images.entries()) {
        await this.#done.waitForRoom(index);
        if (await this.#addKnown(index, image)) continue;
        // Waits for its start alone, so that there is never more than one image that waits for it.
        await new Promise<void>((resolve) => {
          void limit(async () => {
            resolve();
            await this.#do(index, image, auditor);
          });
        });
      }
      await this.#addUnreadable(plan);
      this.#done.end(count);
    } catch (error) {
      this.#done.fail(error);
    }
  }

  /** Whether the cache had the image: no thread is needed for it then. */
  async #addKnown(index: number, image: PlannedImage): Promise<boolean> {
    const known = await this.#known.find(image);
    if (known === undefined || this.#stop.signal.aborted) return false;
    const { position, path } = image;
    this.#tell({ event: "image-start", position, path });
    this.#add(index, image, known, { isFromCache: true, wallMs: 0 });
    return true;
  }

  /** Never rejects either. */
  async #do(index: number, image: PlannedImage, auditor: ImageAuditor): Promise<void> {
    try {
      if (this.#stop.signal.aborted) return;
      const { position, path } = image;
      this.#tell({ event: "image-start", position, path });
      const startMs = performance.now();
      const answer = await this.#audit(image, auditor);
      // The threads of a batch that has ended were ended too, which is no fault of the image.
      if (this.#stop.signal.aborted) return;
      this.#add(index, image, answer, { isFromCache: false, wallMs: performance.now() - startMs });
    } catch (error) {
      this.#done.fail(error);
    }
  }

  /** What the image is, is asked before its audit: what changes meanwhile is never taken for what was audited. */
  async #audit(image: PlannedImage, auditor: ImageAuditor): Promise<AuditAnswer> {
    const identity = await this.#known.identify(image);
    const answer = await auditor.audit(image);
    if (identity !== undefined && !this.#stop.signal.aborted) this.#known.store(image, answer, identity);
    return answer;
  }

  async #addUnreadable({ images, unreadable }: BatchPlan): Promise<void> {
    if (unreadable.length === 0) return;
    const { failedAnswer } = await import("./pool/image-answer.ts");
    for (const [index, { position, found }] of unreadable.entries()) {
      const place = images.length + index;
      await this.#done.waitForRoom(place);
      // Nothing here waits for anything outside, so that now and then signals have to be let in.
      if (index % UNREADABLE_PER_PAUSE === 0) await setImmediate();
      const { path, error } = found;
      const answer = failedAnswer({ path, role: "leaf" }, error);
      this.#add(place, { path, position }, answer, { isFromCache: false, wallMs: 0 });
    }
  }

  #add(
    index: number,
    { position, path }: Pick<PlannedImage, "position" | "path">,
    { json, outcome, reads, bytesRead }: AuditAnswer,
    how: Pick<AuditedImage, "isFromCache" | "wallMs">,
  ): void {
    const told = { position, path, outcome, reads, bytesRead, ...how };
    this.#tell({ event: "image-end", ...told });
    this.#done.put(index, { ...told, json });
  }

  #tell(event: BatchEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** Runs so much at once; the library that does it is loaded where that is more than one. */
async function limitTo(count: number): Promise<PlanOptions["limit"]> {
  if (count > 1) {
    const { default: pLimit } = await import("p-limit");
    return pLimit(count);
  }
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
