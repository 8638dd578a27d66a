// SPDX-License-Identifier: MIT
import type { ImageReport } from "../audit/index.ts";
import type { ReadLimits } from "../io/index.ts";
import { auditBatch, type BatchOptions } from "./audit-batch.ts";
import type { BatchAuditOptions } from "./audited-image.ts";
import { discoverImages } from "./discover.ts";

/** How images are judged, as for `auditImage`, and how many are audited at a time. */
export interface AuditManyOptions
  extends BatchAuditOptions,
    Pick<BatchOptions, "jobs" | "shard" | "cache" | "remote" | "signal" | "onEvent"> {
  /** What reading one image may cost: 60 s, 256 MiB read and 1 GiB of memory where not given. */
  readonly limits?: Partial<ReadLimits>;
}

const LIMITS: ReadLimits = { seconds: 60, bytes: 256 * 1024 * 1024, memoryBytes: 1024 * 1024 * 1024 };

/**
 * Audits all images that `paths` name (files, folders with everything below them, patterns, and URLs where
 * `options.remote` is given), several at a time on threads of their own, and gives their reports in a stable order, each
 * as soon as it and all before it are known. The images of one chain stand together, base first.
 *
 * ```ts
 * for await (const { path, guests, error } of auditMany(["/images"], { host: "ws2019" })) {
 *   console.log(path, error?.code ?? guests.map(({ verdict }) => verdict.status));
 * }
 * ```
 *
 * What is wrong with one image, or with a folder that cannot be searched, stands in the `error` of its report. Throws
 * PATH_NOT_FOUND for a path that names nothing, USAGE for a number of jobs that there cannot be, and the reason of
 * `options.signal`. Leaving the loop ends the threads.
 */
export async function* auditMany(
  paths: readonly string[],
  options: AuditManyOptions,
): AsyncGenerator<ImageReport, void, undefined> {
  // What is left says how images are judged, and goes to the threads, which take nothing but data.
  const { jobs, shard, cache, remote, signal, onEvent, limits, ...audit } = options;
  const found = await discoverImages(paths);
  const batch = { ...options, audit, limits: { ...LIMITS, ...limits } };
  for await (const { json } of auditBatch(found, batch)) yield JSON.parse(json);
}
