// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { AuditSummary } from "../report.ts";

const TOTALS = ["images", "parents", "guests", "errors"] as const;
const GROUPS = ["byStatus", "byAction"] as const;

/** Throws REPORT_SUMMARY where a report's own summary is not what its images were counted to. */
export function checkSummary(stated: AuditSummary, counted: AuditSummary): void {
  for (const name of TOTALS) {
    checkCount(name, stated[name], counted[name]);
  }
  for (const group of GROUPS) {
    for (const name of new Set([...Object.keys(stated[group]), ...Object.keys(counted[group])])) {
      checkCount(`${group}.${name}`, ownCount(stated[group], name), ownCount(counted[group], name));
    }
  }
}

/** Names come from a file, and every object has a `constructor`. */
function ownCount(counts: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(counts, name) ? counts[name] : undefined;
}

function checkCount(name: string, stated: number | undefined, counted: number | undefined): void {
  if (stated === counted) return;
  const message = `the summary says ${name} ${stated ?? "nothing"}, but the images come to ${counted ?? "none"}`;
  throw new VmguestError("REPORT_SUMMARY", message, { structure: "summary" });
}

/** The summary of all the images together. */
export function addSummaries(summaries: readonly AuditSummary[]): AuditSummary {
  const total = (name: (typeof TOTALS)[number]) => summaries.reduce((sum, summary) => sum + summary[name], 0);
  const grouped = (group: (typeof GROUPS)[number]) => {
    const counts = new Map<string, number>();
    for (const [name, count] of summaries.flatMap((summary) => Object.entries(summary[group]))) {
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
    return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  };
  return {
    images: total("images"),
    parents: total("parents"),
    guests: total("guests"),
    byStatus: grouped("byStatus"),
    byAction: grouped("byAction"),
    errors: total("errors"),
  };
}
