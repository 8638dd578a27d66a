// SPDX-License-Identifier: MIT
import type { MessagePort } from "node:worker_threads";
import type { AuditOptions, ImageOutcome, ImageRole } from "../audit/index.ts";
import type { ReadLimits } from "../io/index.ts";

/** What is the same for all images of a batch. It goes to other threads, so it holds nothing but data. */
export type BatchAuditOptions = Pick<
  AuditOptions,
  "host" | "minimumVersion" | "minimums" | "offered" | "isNotOnWindowsUpdate" | "parentRoots"
>;

/** One image of a batch, before it is audited. */
export interface BatchImage {
  /** Place in the list of all images that were found, from 0; the same whichever shard audits it. */
  readonly position: number;
  /** Path or URL, as the report names it. */
  readonly path: string;
  readonly role: ImageRole;
  /** Files under it that its chain was seen to consist of, next one first; empty where it is no differencing disk. */
  readonly parents: readonly string[];
}

/** One image for one thread. */
export interface AuditTask {
  readonly path: string;
  readonly role: ImageRole;
  readonly options: BatchAuditOptions;
  readonly limits: ReadLimits;
  /** Of an image that does not lie on this host: leads to whoever reads it, as `RemoteAccess.connect` makes it. */
  readonly remote?: MessagePort;
}

/** What a thread says of an image. */
export interface AuditAnswer {
  /** The `ImageReport` as JSON on one line, as `JSON.stringify` gives it: a text goes between threads at little cost. */
  readonly json: string;
  readonly outcome: ImageOutcome;
  readonly reads: number;
  readonly bytesRead: number;
}

/** One image of a batch, done. */
export interface AuditedImage extends AuditAnswer {
  readonly position: number;
  readonly path: string;
  /** Whether the cache had it, so that nothing but its identity was read. */
  readonly isFromCache: boolean;
  /** From its start to its end; 0 for what the cache had. */
  readonly wallMs: number;
}

/** What happens in a batch, as it happens: in no order but that in which images start and end. */
export type BatchEvent =
  | { readonly event: "start"; readonly images: number; readonly jobs: number }
  | { readonly event: "image-start"; readonly position: number; readonly path: string }
  | ({ readonly event: "image-end" } & Omit<AuditedImage, "json">)
  | { readonly event: "end"; readonly images: number; readonly fromCache: number };
