// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import { type Finding, formatWhere, located, VmguestError } from "../errors.ts";

/**
 * An error as a report tells it, without the audit layer, which nothing but an audit should load. What is no error of
 * ours to tell is thrown on.
 */
export function toErrorReport(error: unknown, image: string): ErrorReport {
  const full = located(error, { image });
  if (!(full instanceof VmguestError)) throw error;
  const { code, kind, message, where, hint } = full;
  return { code, kind, message, where: formatWhere(where), hint: hint ?? null };
}

/** A finding in the same way. */
export function toFindingReport({ code, severity, message, where }: Finding, image: string): FindingReport {
  return { code, severity, message, where: formatWhere({ image, ...where }) };
}
