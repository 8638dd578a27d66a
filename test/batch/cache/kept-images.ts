import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ImageReport, outcomeOf } from "../../../src/audit/index.ts";
import {
  AuditCache,
  type AuditCacheOptions,
  type CachedImage,
} from "../../../src/batch/cache/audit-cache.ts";
import { image } from "../../report/reports.ts";
import { ownFolder } from "../../support/own-folder.ts";

/** A folder for one test. */
export const newFolder = (): string => mkdtempSync(join(ownFolder(), "cache-"));

/** Writes a file of some bytes that mean nothing, and gives its path. */
export function rawFile(folder: string, name: string, bytes: Uint8Array = Buffer.alloc(512)): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Opens a cache as a run would that begins when every file has come to rest. */
export function openCache(file: string, changes: Partial<AuditCacheOptions> = {}): AuditCache {
  return AuditCache.open(file, {
    options: { host: "ws2019" },
    toolVersion: "1.2.3",
    now: () => Date.now() + 60_000,
    ...changes,
  });
}

/** What the audit of an image says; of one with a guest, unless told otherwise. */
export function audited(path: string, changes: Parameters<typeof image>[0] = {}): CachedImage {
  return keptReport(image({ path, container: { chain: [path] }, ...changes }));
}

/** A report as a cache is given it. */
export function keptReport(report: ImageReport): CachedImage {
  const [, ...parents] = report.container?.chain ?? [];
  const answer = { json: JSON.stringify(report), outcome: outcomeOf(report), reads: 0, bytesRead: 0 };
  return { answer, role: report.role, parents };
}

/** Whether the image was kept, in a run of its own. */
export function keep(file: string, path: string, audit = audited(path), changes = {}): boolean {
  using cache = openCache(file, changes);
  const identity = cache.identify(path, audit.parents);
  return identity !== undefined && cache.store(path, audit, identity);
}

/** What a run finds of the image. */
export function findIn(
  file: string,
  path: string,
  changes: Partial<AuditCacheOptions> = {},
): CachedImage | undefined {
  using cache = openCache(file, changes);
  return cache.find(path);
}
