import { type AuditOptions, type ImageReport, outcomeOf, reportError } from "../../src/audit/index.ts";
import type { AuditedImage, auditBatch } from "../../src/batch/index.ts";
import { ReadStats } from "../../src/io/index.ts";
import { brokenImage } from "../report/reports.ts";

/** A batch whose images are audited by `audit`, one after the other on this thread, without being opened. */
export function fakeBatch(audit: (path: string, options: AuditOptions) => ImageReport): typeof auditBatch {
  return async function* (found, { audit: options, signal, onEvent }) {
    const images = found.images.length + found.unreadable.length;
    onEvent?.({ event: "start", images, jobs: 1 });
    for (const [position, path] of found.images.entries()) {
      signal?.throwIfAborted();
      onEvent?.({ event: "image-start", position, path });
      const stats = new ReadStats();
      const image = auditedImage(audit(path, { ...options, stats }), position, stats);
      const { json: _, ...told } = image;
      onEvent?.({ event: "image-end", ...told });
      yield image;
    }
    for (const [index, { path, error }] of found.unreadable.entries())
      yield auditedImage(
        { ...brokenImage(path), error: reportError(error, path) },
        found.images.length + index,
      );
    onEvent?.({ event: "end", images, fromCache: 0 });
  };
}

/** An image as a batch gives it. */
export function auditedImage(
  report: ImageReport,
  position: number,
  { reads, bytesRead } = new ReadStats(),
): AuditedImage {
  const { path } = report;
  const outcome = outcomeOf(report);
  return {
    position,
    path,
    json: JSON.stringify(report),
    outcome,
    reads,
    bytesRead,
    isFromCache: false,
    wallMs: 0,
  };
}
