// SPDX-License-Identifier: MIT
import { type BatchAuditOptions, type BatchOptions, type Discovery, isRemote } from "../../../batch/index.ts";
import { type Finding, located } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import { readInputFile } from "../../input-file.ts";
import { readVersion } from "../../version.ts";

/** The options that name what a batch uses beside its images. */
export interface ResourceArguments {
  readonly cache: string | undefined;
  readonly "header-file": string | undefined;
}

export interface ResourceNeeds {
  readonly found: Discovery;
  /** How images are audited: what was audited in another way is not taken from the cache. */
  readonly audit: BatchAuditOptions;
  /** Hears why the cache keeps nothing more. */
  readonly onProblem: (problem: Finding) => void;
}

/** A thousand headers of a kilobyte: cookies and tokens have no more. */
const HEADERS_BYTES_MAX = 1024 * 1024;

/**
 * The cache, and the way to images on web servers: what of them a batch needs is loaded and opened, and closed with this.
 * Throws what opening the cache and reading the file of headers throw.
 */
export class BatchResources implements AsyncDisposable {
  /** As a batch takes them. */
  readonly parts: Pick<BatchOptions, "cache" | "remote">;

  private constructor(parts: BatchResources["parts"]) {
    this.parts = parts;
  }

  static async open(
    args: ResourceArguments,
    needs: ResourceNeeds,
    context: Context,
  ): Promise<BatchResources> {
    const remote = await openRemote(args, needs, context);
    const cache = await openCache(args, needs);
    return new BatchResources({
      ...(cache !== undefined && { cache }),
      ...(remote !== undefined && { remote }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parts.cache?.close();
    await this.parts.remote?.close();
  }
}

async function openRemote(
  args: ResourceArguments,
  { found }: ResourceNeeds,
  { env }: Context,
): Promise<BatchOptions["remote"]> {
  const path = args["header-file"];
  if (path === undefined && !found.images.some(isRemote)) return undefined;
  const { RemoteAccess } = await import("../../../io/http/index.ts");
  const file = { path: path ?? "", noun: "the file of headers", sizeBytesMax: HEADERS_BYTES_MAX };
  const bytes = path === undefined ? undefined : readInputFile(file);
  // Values of headers are bytes of Latin-1 (RFC 9110, section 5.5).
  const headerFileText = bytes === undefined ? undefined : new TextDecoder("latin1").decode(bytes);
  try {
    return RemoteAccess.create({ headerFileText, env });
  } catch (error) {
    throw path === undefined ? error : located(error, { image: path });
  }
}

async function openCache(
  { cache }: ResourceArguments,
  { audit, onProblem }: ResourceNeeds,
): Promise<BatchOptions["cache"]> {
  if (cache === undefined) return undefined;
  const { AuditCache } = await import("../../../batch/cache/index.ts");
  const now = () => Date.now();
  return AuditCache.open(cache, { options: audit, toolVersion: readVersion(), now, onProblem });
}
