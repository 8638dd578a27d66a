// SPDX-License-Identifier: MIT
import type { AuditAnswer, AuditTask } from "../audited-image.ts";
import { type Assignment, begin } from "./assignment.ts";
import { performAudit } from "./audit-task.ts";

// The program of the threads that worker-pool.ts starts: audits one image after the other.

export async function audit(assignment: Assignment<AuditTask>): Promise<AuditAnswer> {
  return await performAudit(begin(assignment));
}
