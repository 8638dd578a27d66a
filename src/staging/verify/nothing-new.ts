// SPDX-License-Identifier: MIT

import type { CheckReport } from "../../audit/check/index.ts";
import type { FindingReport } from "../../audit/index.ts";
import { VmguestError } from "../../errors.ts";

/** A finding, and what makes it the same as another one. */
type PlacedFinding = FindingReport & { readonly key: string };

/** The findings of a check, as far as two checks are compared. */
interface Found {
  readonly findings: readonly PlacedFinding[];
  /** Findings of each part that are not listed, because there are so many. */
  readonly omitted: ReadonlyMap<string, number>;
  /** Parts with any finding. */
  readonly parts: ReadonlySet<string>;
}

/**
 * Makes sure that the check of a changed image finds nothing that was not there before, told by code and place; gives the
 * codes of what it finds all the same, in order.
 *
 * `checkBefore` is asked only where there is anything to compare, and then for the parts alone that it is about: that is
 * `CheckOptions.only`. Throws STAGE_CHECK_NEW_FINDING.
 */
export function checkNothingNew(
  checkBefore: (only: ReadonlySet<string>) => CheckReport,
  after: CheckReport,
): readonly string[] {
  const next = foundIn(after);
  if (after.error !== null) throw newFinding(after.error.code, after.error.message, after.error.where);
  if (next.findings.length === 0) return [];
  const old = foundIn(checkBefore(next.parts));
  const known = new Map<string, number>();
  for (const { key } of old.findings) known.set(key, (known.get(key) ?? 0) + 1);
  for (const { key, code, message, where } of next.findings) {
    const count = known.get(key) ?? 0;
    if (count === 0) throw newFinding(code, message, where);
    known.set(key, count - 1);
  }
  for (const [part, count] of next.omitted) {
    const before = old.omitted.get(part) ?? 0;
    if (count > before) throw newFinding("more of them", `${count - before} findings more than before`, part);
  }
  return [...new Set(next.findings.map(({ code }) => code))].sort();
}

function foundIn({ parts }: CheckReport): Found {
  const withFindings = parts.filter(({ findings }) => findings.length > 0);
  return {
    findings: parts.flatMap(({ layer, findings }) =>
      findings.map((found) => ({
        ...found,
        key: layer === "container" ? keyInContainer(found) : keyOf(found),
      })),
    ),
    omitted: new Map(parts.filter(({ omitted }) => omitted > 0).map(({ name, omitted }) => [name, omitted])),
    parts: new Set(withFindings.map(({ name }) => name)),
  };
}

const keyOf = ({ code, where }: FindingReport) => `${code} ${where}`;

/** In a file that grows, structures move: the footer of a VHD is always at its end. */
const keyInContainer = ({ code, where }: FindingReport) => `${code} ${where.replace(/ at 0x[0-9a-f]+$/, "")}`;

function newFinding(code: string, message: string, where: string): VmguestError {
  const place = where === "" ? "" : `${where}: `;
  return new VmguestError("STAGE_CHECK_NEW_FINDING", `${place}${message} [${code}]`);
}
