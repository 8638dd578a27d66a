// SPDX-License-Identifier: MIT
import type { ImageReport } from "../../audit/index.ts";
import { CODES, type Code } from "../../errors.ts";

/** An error found before the chain of the image was complete may be a parent's, and no identity of that is known. */
const CHAIN_CODES = /^DISK_(PARENT|CHAIN|DIFFERENCING)/;

/** What an audit says that was cut, or of a file that is not the image. */
const FLEETING_CODES = /^(INTERNAL$|UNDO_)/;

/**
 * Whether an audit of the same files would say the same again, where `parents` are the files that the image was known
 * to consist of before the audit, beside itself.
 *
 * It would not where the host was in the way, a limit stopped it, an undo file has a part in it, or other parents were
 * read than those whose identity was taken.
 */
export function isRepeatable(report: ImageReport, parents: readonly string[]): boolean {
  const { path, container, findings, error } = report;
  if (findings.some(({ code }) => isFleeting(code))) return false;
  if (container !== null && container.chain.slice(1).join("\0") !== parents.join("\0")) return false;
  if (error === null) return container !== null;
  if (isFleeting(error.code)) return false;
  return container !== null || (parents.length === 0 && isOfFileItself(error, path));
}

function isFleeting(code: string): boolean {
  const entry = CODES[code as Code];
  return entry === undefined || entry.kind === "io" || FLEETING_CODES.test(code);
}

/** Whether the image itself cannot be opened, whatever its parents are. */
function isOfFileItself({ code, where }: NonNullable<ImageReport["error"]>, path: string): boolean {
  if (CHAIN_CODES.test(code) || code === "LIMIT_EXCEEDED") return false;
  return where === path || where.startsWith(`${path}: `);
}
