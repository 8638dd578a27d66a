// SPDX-License-Identifier: MIT
import { getHeapStatistics } from "node:v8";
import { auditImage, type ImageReport, outcomeOf } from "../../audit/index.ts";
import { type Meter, ReadBudget, ReadStats } from "../../io/index.ts";
import type { AuditAnswer, AuditTask } from "../audited-image.ts";
import { findInterruptedChange } from "../interrupted-change.ts";

/** Audits one image on the thread that this is called on. What is wrong with the image stands in its report. */
export async function performAudit(task: AuditTask): Promise<AuditAnswer> {
  const { path, role, options, limits } = task;
  const stats = new ReadStats();
  const budget = new ReadBudget(limits, THREAD_METER);
  const knownFindings = await findInterruptedChange(path);
  const report = auditImage(path, { ...options, role, knownFindings, stats, budget });
  return answerOf(report, stats);
}

/** The report as it goes from thread to thread, with its gist. */
export function answerOf(
  report: ImageReport,
  { reads, bytesRead }: Pick<AuditAnswer, "reads" | "bytesRead"> = { reads: 0, bytesRead: 0 },
): AuditAnswer {
  return { json: JSON.stringify(report), outcome: outcomeOf(report), reads, bytesRead };
}

/**
 * Measures what this thread alone holds: its objects, and the bytes of its buffers. The memory of the process would be
 * that of all images under way, so that a large one would have its neighbours refused.
 */
const THREAD_METER: Meter = {
  now: () => performance.now(),
  memoryBytes: () => {
    const { used_heap_size, external_memory } = getHeapStatistics();
    return used_heap_size + external_memory;
  },
};
