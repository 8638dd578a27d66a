// SPDX-License-Identifier: MIT
import type { AuditAnswer, AuditTask } from "../audited-image.ts";
import type { ChainSurvey } from "../chain-survey.ts";
import { type Assignment, begin } from "./assignment.ts";
import { performAudit } from "./audit-task.ts";
import { performSurvey, type SurveyTask } from "./survey-task.ts";

// The program of the threads that worker-pool.ts starts: does one task after the other.

export async function audit(assignment: Assignment<AuditTask>): Promise<AuditAnswer> {
  return await performAudit(begin(assignment));
}

export function survey(assignment: Assignment<SurveyTask>): ChainSurvey[] {
  return performSurvey(begin(assignment));
}
