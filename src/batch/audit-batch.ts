// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import { VmguestError } from "../errors.ts";
import type { ReadLimits } from "../io/index.ts";
import type {
  AuditAnswer,
  AuditedImage,
  BatchAuditOptions,
  BatchEvent,
  BatchImage,
} from "./audited-image.ts";
import type { Discovery } from "./discover.ts";
import {
  findWorkerProgram,
  type ImageAuditor,
  openInlineAuditor,
  ThreadAuditor,
} from "./pool/image-auditor.ts";
import { ReorderBuffer } from "./reorder-buffer.ts";

export interface BatchOptions {
  /** What is the same for all images. */
  readonly audit: BatchAuditOptions;
  /** What reading one image may cost. */
  readonly limits: ReadLimits;
  /** How many images are audited at a time, 1 to {@link JOBS_MAX}; one for each processor where not given. */
  readonly jobs?: number;
  /** Ends the batch: no further image is begun, those under way are given up, and its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Hears of everything as it happens. */
  readonly onEvent?: (event: BatchEvent) => void;
  /** The program of the threads in the place of the one that is built; for tests. */
  readonly workerProgram?: string;
}

/** Each thread takes tens of MiB; storage that is slow enough for more of them is better served by shards. */
export const JOBS_MAX = 64;

/**
 * What is done may wait for an image before it that takes long, but not without end: this many reports are a few MiB of
 * text as they usually are, and where they are large, the bytes count.
 */
const AHEAD = { itemsAhead: 2048, bytes: 64 * 1024 * 1024 };

/**
 * Audits what was found, on several threads, and gives each image as soon as it and all before it are done; what could
 * not be searched comes last, as images with an error. Whatever becomes of one image, the others are audited.
 *
 * Who stops iterating ends the batch. Throws USAGE for a number of jobs that there cannot be, and the reason of a signal.
 */
export async function* auditBatch(found: Discovery, options: BatchOptions): AsyncGenerator<AuditedImage> {
  const jobs = jobCount(options.jobs, found.images.length);
  options.signal?.throwIfAborted();
  const batch = new Batch(found, jobs, options);
  yield* batch.run();
}

function jobCount(stated: number | undefined, imageCount: number): number {
  if (stated !== undefined && !(Number.isInteger(stated) && stated >= 1 && stated <= JOBS_MAX))
    throw new VmguestError("USAGE", `there are 1 to ${JOBS_MAX} jobs, not ${stated}`);
  return Math.max(1, Math.min(stated ?? availableParallelism(), JOBS_MAX, imageCount));
}

/** One batch under way. */
class Batch {
  readonly #found: Discovery;
  readonly #options: BatchOptions;
  readonly #jobs: number;
  readonly #buffer = new ReorderBuffer<AuditedImage>(AHEAD, ({ json }) => json.length);
  readonly #stop = new AbortController();

  constructor(found: Discovery, jobs: number, options: BatchOptions) {
    this.#found = found;
    this.#jobs = jobs;
    this.#options = options;
  }

  async *run(): AsyncGenerator<AuditedImage> {
    const { signal } = this.#options;
    const count = this.#found.images.length + this.#found.unreadable.length;
    const onAbort = () => this.#buffer.fail(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const auditor = await this.#openAuditor();
    try {
      this.#tell({ event: "start", images: count, jobs: this.#jobs });
      const all = this.#auditAll(auditor);
      for (let index = 0; index < this.#found.images.length; index++) yield await this.#buffer.take();
      await all;
      yield* this.#unreadable();
      this.#tell({ event: "end", images: count, fromCache: 0 });
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#stop.abort();
      this.#buffer.fail(this.#stop.signal.reason);
      await auditor[Symbol.asyncDispose]();
    }
  }

  /** A single image is done before a thread for it has started. */
  async #openAuditor(): Promise<ImageAuditor> {
    const program = this.#options.workerProgram ?? findWorkerProgram();
    if (program === undefined || this.#found.images.length < 2) return await openInlineAuditor(this.#options);
    return await ThreadAuditor.open(this.#options, { program, threadCount: this.#jobs });
  }

  /** Never rejects: who takes from the buffer hears what went wrong. */
  async #auditAll(auditor: ImageAuditor): Promise<void> {
    try {
      const { default: pLimit } = await import("p-limit");
      const limit = pLimit(this.#jobs);
      for (const [position, path] of this.#found.images.entries()) {
        await this.#buffer.waitForRoom(position);
        const image: BatchImage = { position, path, role: "leaf", parents: [] };
        // Waits for the start alone, so that no more than one image is waiting for it.
        await new Promise<void>((started) => {
          void limit(async () => {
            started();
            await this.#auditOne(image, auditor);
          });
        });
      }
    } catch (error) {
      this.#buffer.fail(error);
    }
  }

  async #auditOne(image: BatchImage, auditor: ImageAuditor): Promise<void> {
    const { position, path } = image;
    try {
      if (this.#stop.signal.aborted) return;
      this.#tell({ event: "image-start", position, path });
      const startMs = performance.now();
      const answer = await auditor.audit(image);
      if (this.#stop.signal.aborted) return;
      const wallMs = performance.now() - startMs;
      this.#finish(image, answer, { isFromCache: false, wallMs });
    } catch (error) {
      this.#buffer.fail(error);
    }
  }

  #finish(
    { position, path }: BatchImage,
    answer: AuditAnswer,
    how: Pick<AuditedImage, "isFromCache" | "wallMs">,
  ): void {
    const { json, outcome, reads, bytesRead } = answer;
    const told = { position, path, outcome, reads, bytesRead, ...how };
    this.#tell({ event: "image-end", ...told });
    this.#buffer.put(position, { ...told, json });
  }

  async *#unreadable(): AsyncGenerator<AuditedImage> {
    const { images, unreadable } = this.#found;
    if (unreadable.length === 0) return;
    const { failedAnswer } = await import("./pool/image-answer.ts");
    for (const [index, { path, error }] of unreadable.entries()) {
      const position = images.length + index;
      const answer = failedAnswer({ path, role: "leaf" }, error);
      yield { ...answer, position, path, isFromCache: false, wallMs: 0 };
    }
  }

  #tell(event: BatchEvent): void {
    this.#options.onEvent?.(event);
  }
}
