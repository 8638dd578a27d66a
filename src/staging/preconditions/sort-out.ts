// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import { PRECONDITIONS } from "./rows.ts";
import type { Preconditions } from "./wish.ts";

/**
 * Tells reasons to refuse from what is only worth a warning. What the user allows becomes a warning if it is one that can
 * be allowed; a finding that no row is for refuses.
 */
export function sortOut(findings: Iterable<Finding>, allowed: ReadonlySet<string>): Preconditions {
  const refusals: Finding[] = [];
  const warnings: Finding[] = [];
  const seen = new Set<string>();
  for (const found of findings) {
    const key = JSON.stringify([found.code, found.message, found.where]);
    if (seen.has(key)) continue;
    seen.add(key);
    const row = PRECONDITIONS[found.code];
    const isAllowed = row?.canBeAllowed === true && allowed.has(found.code);
    if (row?.outcome === "warns" || isAllowed) warnings.push(found);
    else refusals.push(found);
  }
  return { refusals, warnings };
}
