// SPDX-License-Identifier: MIT
import { getHeapStatistics } from "node:v8";
import { auditImage } from "../../audit/index.ts";
import { type Meter, ReadBudget, ReadStats } from "../../io/index.ts";
import type { AuditAnswer, AuditTask } from "../audited-image.ts";
import { findInterruptedChange } from "../interrupted-change.ts";
import { answerOf, failedAnswer } from "./image-answer.ts";

/** Audits one image on the thread that this is called on. Never throws: what is wrong stands in the report. */
export async function performAudit(task: AuditTask): Promise<AuditAnswer> {
  const { path, role, options, limits } = task;
  const stats = new ReadStats();
  const budget = new ReadBudget(limits, THREAD_METER);
  try {
    const knownFindings = await findInterruptedChange(path);
    return answerOf(auditImage(path, { ...options, role, knownFindings, stats, budget }), stats);
  } catch (error) {
    return failedAnswer(task, error);
  }
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
