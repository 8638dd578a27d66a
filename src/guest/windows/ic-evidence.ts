// SPDX-License-Identifier: MIT
import { finding } from "../../errors.ts";
import type { Evidence, EvidenceSource } from "../facts.ts";
import { formatVersion, isZeroVersion, parseVersion, type Version } from "../version.ts";
import type { FindingLog } from "./finding-log.ts";
import type { Found } from "./hive-view.ts";

/** A version and where it was found. */
export interface VersionFound extends Found {
  readonly version: Version;
}

/** The same as the report shows it. */
export function evidenceOf(source: EvidenceSource, { where, place, version }: VersionFound): Evidence {
  return { source, where, value: formatVersion(version), place };
}

/** The version a source spells; undefined, with a finding, where the text is none, and for the zero version. */
export function understandVersion(
  text: string,
  { where, place }: Found,
  log: FindingLog,
): VersionFound | undefined {
  const version = parseVersion(text);
  if (version !== undefined) return isZeroVersion(version) ? undefined : { where, place, version };
  log.add(finding("IC_VERSION_UNREADABLE", `"${text}" is no version of the form a.b.c.d`, { path: where }));
  return undefined;
}
