// SPDX-License-Identifier: MIT
import { type AuditOptions, auditImage } from "../../audit/index.ts";
import { ReadBudget, ReadStats } from "../../io/index.ts";
import type { AuditAnswer, AuditTask } from "../audited-image.ts";
import { findInterruptedChange } from "../interrupted-change.ts";
import { answerOf, failedAnswer } from "./image-answer.ts";
import { threadMeter } from "./thread-meter.ts";

/** Audits one image on the thread that this is called on. Never throws: what is wrong stands in the report. */
export async function performAudit(task: AuditTask): Promise<AuditAnswer> {
  const { path, role, options, limits } = task;
  const stats = new ReadStats();
  const budget = new ReadBudget(limits, threadMeter());
  try {
    const place = await placeOf(task);
    return answerOf(auditImage(path, { ...options, ...place, role, stats, budget }), stats);
  } catch (error) {
    return failedAnswer(task, error);
  }
}

/** What depends on where the image lies: on this host, or behind a port to whoever reads it from a web server. */
async function placeOf({
  path,
  remote,
}: AuditTask): Promise<Pick<AuditOptions, "knownFindings" | "openImageFile">> {
  if (remote === undefined) return { knownFindings: await findInterruptedChange(path) };
  const { openRemoteImage } = await import("../../io/http/index.ts");
  return { openImageFile: (url, options) => openRemoteImage(url, remote, options) };
}
