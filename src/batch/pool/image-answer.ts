// SPDX-License-Identifier: MIT
import { type ImageReport, outcomeOf, reportError } from "../../audit/index.ts";
import type { AuditAnswer, BatchImage } from "../audited-image.ts";

type Reads = Pick<AuditAnswer, "reads" | "bytesRead">;

/** A report as it goes from thread to thread, with its gist. */
export function answerOf(report: ImageReport, { reads, bytesRead }: Reads): AuditAnswer {
  return { json: JSON.stringify(report), outcome: outcomeOf(report), reads, bytesRead };
}

/** What is said of an image of which an error is all that is known. */
export function failedAnswer({ path, role }: Pick<BatchImage, "path" | "role">, error: unknown): AuditAnswer {
  const report: ImageReport = {
    path,
    role,
    container: null,
    partitionTable: null,
    volumes: [],
    guests: [],
    findings: [],
    error: reportError(error, path),
  };
  return answerOf(report, { reads: 0, bytesRead: 0 });
}
