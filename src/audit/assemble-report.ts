// SPDX-License-Identifier: MIT
import { type HostId, summariseHost } from "../policy/index.ts";
import type { AuditReport, AuditSummary, ImageReport } from "./report.ts";

export interface AssembleOptions {
  readonly host: HostId;
  readonly toolVersion: string;
  /** ISO 8601; left out, the same images give the same bytes of report. */
  readonly timestamp?: string;
}

/** The whole report over images that were audited, in the order given. */
export function assembleReport(images: readonly ImageReport[], options: AssembleOptions): AuditReport {
  return {
    schema: "vmguest.audit/1",
    tool: { name: "vmguest", version: options.toolVersion },
    ...(options.timestamp === undefined ? {} : { timestamp: options.timestamp }),
    host: summariseHost(options.host),
    images,
    summary: summarise(images),
  };
}

function summarise(images: readonly ImageReport[]): AuditSummary {
  const guests = images.flatMap((image) => image.guests);
  return {
    images: images.length,
    guests: guests.length,
    byStatus: countBy(guests, ({ verdict }) => verdict.status),
    byAction: countBy(guests, ({ verdict }) => verdict.action),
    errors: images.filter(({ error }) => error !== null).length,
  };
}

/** Counts in alphabetical order of the names, so that the order of images does not show. */
function countBy<T>(items: readonly T[], nameOf: (item: T) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
