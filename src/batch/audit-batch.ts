// SPDX-License-Identifier: MIT
import type { ImageReport } from "../audit/index.ts";
import type { ReadLimits } from "../io/index.ts";
import type { AuditedImage, BatchAuditOptions, BatchEvent } from "./audited-image.ts";
import type { Discovery, UnreadablePath } from "./discover.ts";

export interface BatchOptions {
  /** What is the same for all images. */
  readonly audit: BatchAuditOptions;
  /** What reading one image may cost. */
  readonly limits: ReadLimits;
  /** How many images are audited at a time, 1 to 64; as many as the host has processors for where not given. */
  readonly jobs?: number;
  /** Ends the batch: no further image is begun, those under way are given up, and the reason is thrown. */
  readonly signal?: AbortSignal;
  /** Hears of everything as it happens. */
  readonly onEvent?: (event: BatchEvent) => void;
}

/**
 * Audits what was found and gives each image as soon as all before it are done; what could not be searched comes last,
 * as images with an error.
 */
export async function* auditBatch(found: Discovery, options: BatchOptions): AsyncGenerator<AuditedImage> {
  const { images, unreadable } = found;
  const { audit, limits, signal, onEvent } = options;
  const { performAudit, answerOf } = await import("./pool/audit-task.ts");
  onEvent?.({ event: "start", images: images.length + unreadable.length, jobs: 1 });
  for (const [position, path] of images.entries()) {
    signal?.throwIfAborted();
    onEvent?.({ event: "image-start", position, path });
    const startMs = performance.now();
    const answer = await performAudit({ path, role: "leaf", options: audit, limits });
    const image = { ...answer, position, path, isFromCache: false, wallMs: performance.now() - startMs };
    const { json: _, ...told } = image;
    onEvent?.({ event: "image-end", ...told });
    yield image;
  }
  for (const [index, one] of unreadable.entries()) {
    const answer = answerOf(await unreadableImage(one));
    yield { ...answer, position: images.length + index, path: one.path, isFromCache: false, wallMs: 0 };
  }
  onEvent?.({ event: "end", images: images.length + unreadable.length, fromCache: 0 });
}

async function unreadableImage({ path, error }: UnreadablePath): Promise<ImageReport> {
  const { reportError } = await import("../audit/index.ts");
  return {
    path,
    role: "leaf",
    container: null,
    partitionTable: null,
    volumes: [],
    guests: [],
    findings: [],
    error: reportError(error, path),
  };
}
