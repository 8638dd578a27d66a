// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { EvidenceSource } from "../facts.ts";
import { compareVersions, formatVersion, isSameRelease, parseVersion, type Version } from "../version.ts";
import type { VersionFound } from "./ic-evidence.ts";
import type { DriverFiles } from "./ic-files.ts";
import type { IntegrationPackages } from "./ic-packages.ts";
import type { VersionRecord } from "./ic-record.ts";

/** Everything that says a version, by rank. */
export interface VersionSources {
  /** NT version of the guest, `major.minor`. */
  readonly ntVersion: string | null;
  readonly record: VersionRecord | undefined;
  /** One for each kind of device, oldest first. */
  readonly devices: readonly VersionFound[];
  readonly files: DriverFiles;
  readonly packages: IntegrationPackages;
}

/** Which version the integration services have, and whether the sources agree on it. */
export interface VersionJudgement {
  readonly version: Version | undefined;
  readonly source: EvidenceSource | "none";
  readonly judged: Version | undefined;
  readonly consistent: boolean;
  readonly findings: readonly Finding[];
}

/**
 * Weighs the sources (docs/evidence.md says it for administrators).
 *
 * The version is that of the highest rank that exists. Two versions agree when they are the same, or, where drivers
 * are a part of Windows and each has the number of its own last update, when they are of the same release of Windows.
 * What disagrees is a finding, and then the drivers are judged by the oldest of them: a set is as new as its oldest
 * part. A record that disagrees with the drivers is stale.
 */
export function judgeVersion(sources: VersionSources): VersionJudgement {
  const { devices, files, packages } = sources;
  const derived = [...devices, ...files.found].toSorted((a, b) => compareVersions(a.version, b.version));
  const agree = agreementOf(sources.ntVersion, derived);
  const split = findSplit(derived, agree) ?? findUnfinished(sources, derived, agree);

  const lowestFile = files.found.toSorted((a, b) => compareVersions(a.version, b.version))[0];
  const byRank = [
    ["computed", devices[0]],
    ["driver-file", lowestFile],
    ["package", packages.offered ?? packages.inBox],
  ] as const;
  const [source, highest] = byRank.find(([, found]) => found !== undefined) ?? ["none", undefined];
  // Nothing is older than the in-box package says, but how much newer it is cannot be told from it.
  const exact = highest === packages.inBox ? undefined : highest;
  const believed = (split === undefined ? exact : (derived[0] ?? exact))?.version;

  const findings = split === undefined ? [] : [split];
  const recorded = sources.record === undefined ? undefined : parseVersion(sources.record.text);
  const stale = findStale(sources, recorded, agree);
  if (stale !== undefined) findings.push(stale);
  return {
    version: recorded ?? highest?.version,
    source: recorded === undefined ? source : "recorded",
    judged: recorded !== undefined && stale === undefined ? recorded : believed,
    consistent: findings.length === 0,
    findings,
  };
}

type Agreement = (a: Version, b: Version) => boolean;

const isSame: Agreement = (a, b) => compareVersions(a, b) === 0;

/**
 * Drivers that came with Windows (their versions begin as its own does) are updated one by one, so that each has the
 * revision of its own last change. A set that a package brought has one version for all its files.
 */
function agreementOf(ntVersion: string | null, derived: readonly VersionFound[]): Agreement {
  const isInBox = derived.every(({ version }) => `${version.major}.${version.minor}` === ntVersion);
  return isInBox ? isSameRelease : isSame;
}

/** Drivers that disagree among themselves. */
function findSplit(derived: readonly VersionFound[], agree: Agreement): Finding | undefined {
  const [oldest] = derived;
  const newest = derived.at(-1);
  if (oldest === undefined || newest === undefined || agree(oldest.version, newest.version)) return undefined;
  return inconsistent(`the drivers disagree: ${spell(oldest)}, but ${spell(newest)}`, oldest);
}

/** An installed package whose drivers are older than it, other than it, or not there. */
function findUnfinished(
  { packages: { offered }, files }: VersionSources,
  derived: readonly VersionFound[],
  agree: Agreement,
): Finding | undefined {
  if (offered === undefined) return undefined;
  const [oldest] = derived;
  if (oldest === undefined) {
    if (files.unreadableCount > 0) return undefined;
    return inconsistent(
      `a package is installed, but none of its drivers is there: ${spell(offered)}`,
      offered,
    );
  }
  const isOlder = compareVersions(oldest.version, offered.version) < 0;
  if (!isOlder && agree(oldest.version, offered.version)) return undefined;
  return inconsistent(
    `the drivers are not those of the package: ${spell(oldest)}, but ${spell(offered)}`,
    oldest,
  );
}

/**
 * The record is what the guest computed at its last start, so it must equal what its devices give now; files are
 * compared as drivers are among themselves. An empty record says that there were no drivers.
 */
function findStale(
  { record, devices, files, ntVersion }: VersionSources,
  recorded: Version | undefined,
  agree: Agreement,
): Finding | undefined {
  if (record === undefined) return undefined;
  const isEmpty = record.text.trim() === "";
  if (recorded === undefined && !isEmpty) return undefined;
  const sameAsDevices = ntVersion === "10.0" ? isSameRelease : isSame;
  const computed = devices[0];
  const others = [
    ...(computed === undefined ? [] : [{ found: computed, agrees: sameAsDevices }]),
    ...files.found.map((found) => ({ found, agrees: agree })),
  ];
  const contrary = others.find(
    ({ found, agrees }) => recorded === undefined || !agrees(recorded, found.version),
  );
  if (contrary === undefined) return undefined;
  const said = isEmpty ? "no version" : record.text.trim();
  const message = `the guest recorded ${said}, but its drivers say otherwise: ${spell(contrary.found)}`;
  return finding("IC_RECORD_STALE", message, { path: record.where });
}

const inconsistent = (message: string, { where }: VersionFound) =>
  finding("IC_INCONSISTENT", message, { path: where });

const spell = ({ version, where }: VersionFound) => `${formatVersion(version)} in ${where}`;
