// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import { type Finding, formatWhere, located, VmguestError } from "../errors.ts";

/**
 * Any thrown value as a report tells it, without the audit layer, which nothing but an audit should load. What is no
 * VmguestError is a mistake of ours, and INTERNAL: it must not keep other packages from being looked at.
 */
export function toErrorReport(error: unknown, image: string): ErrorReport {
  const full = located(error, { image });
  const known = full instanceof VmguestError ? full : new VmguestError("INTERNAL", String(error), { image });
  const { code, kind, message, where, hint } = known;
  return { code, kind, message, where: formatWhere(where), hint: hint ?? null };
}

/** A finding in the same way. */
export function toFindingReport({ code, severity, message, where }: Finding, image: string): FindingReport {
  return { code, severity, message, where: formatWhere({ image, ...where }) };
}
