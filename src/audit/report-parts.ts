// SPDX-License-Identifier: MIT
import { type Finding, formatWhere, located, VmguestError } from "../errors.ts";
import type { ErrorReport, FindingReport } from "./report.ts";

/** A finding as the report prints it; the image goes without saying, since the finding stands under it. */
export function reportFinding({ code, severity, message, where }: Finding, image: string): FindingReport {
  return {
    code,
    severity,
    message,
    where: formatWhere(where.image === undefined ? { image, ...where } : where),
  };
}

/** Any thrown value as the report's error; what is no VmguestError is a mistake of ours and reported as INTERNAL. */
export function reportError(error: unknown, image: string): ErrorReport {
  const known = asVmguestError(error, image);
  return {
    code: known.code,
    kind: known.kind,
    message: known.message,
    where: formatWhere(known.where),
    hint: known.hint ?? null,
  };
}

function asVmguestError(error: unknown, image: string): VmguestError {
  const full = located(error, { image });
  if (full instanceof VmguestError) return full;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new VmguestError("INTERNAL", text, { image }, { cause: error });
}
