// SPDX-License-Identifier: MIT
import { CODES, type Code, type Finding } from "../errors.ts";
import type { EvidenceSource, IntegrationServicesFacts, OsFacts } from "../guest/index.ts";
import type { PackageChoice } from "./choose.ts";
import type { JudgeInput, Status } from "./decision.ts";
import { findGuest } from "./guests.ts";
import { chooseStandard, type Standard } from "./standards.ts";
import { compareVersions, isVersion } from "./versions.ts";

/** A status with the sentences that led to it. */
export interface StatusJudgement {
  readonly status: Status;
  readonly reasons: readonly string[];
}

/**
 * Whether the guest's integration services are as new as they should be.
 *
 * `missing` takes positive evidence: a Windows that brings none along, no version from any source, no service and no
 * driver, and nothing that could not be read. Anything less is `unknown`: integration services that recorded no
 * version are the normal case, since a running guest keeps that value in memory only.
 *
 * @param choice what was chosen of the packages that are offered; undefined where none are
 */
export function judgeStatus(input: JudgeInput, choice?: PackageChoice): StatusJudgement {
  const { os } = input;
  const guest = findGuest(os);
  if (os.family !== "windows") {
    return only("not-applicable", `the integration services of ${guest.name} are part of its kernel`);
  }
  if (guest.nt === null)
    return only("unknown", "the operating system is not known, so that no version can be expected");
  const { standard, notes } = chooseStandard(input, choice);
  const judgement =
    standard === null
      ? only(
          "current",
          "integration services are part of the operating system's updates, and as new as its build",
        )
      : guest.nt === "10.0"
        ? measureBuild(os, standard)
        : measure(input, standard);
  return { ...judgement, reasons: [...judgement.reasons, ...notes] };
}

function only(status: Status, reason: string): StatusJudgement {
  return { status, reasons: [reason] };
}

/**
 * Windows 10 and later are measured by the build that their cumulative update brought: each driver keeps the revision
 * of its own last change, and may be older for ever.
 */
function measureBuild(os: OsFacts, standard: Standard): StatusJudgement {
  if (os.build === null || os.revision === null) {
    return only(
      "unknown",
      `the guest's build is not known, so that it cannot be measured by ${standard.version}`,
    );
  }
  return compare(`10.0.${os.build}.${os.revision}`, "the guest's build", standard);
}

function compare(version: string, source: string, standard: Standard): StatusJudgement {
  const isOlder = compareVersions(version, standard.version) < 0;
  const relation = isOlder ? "is older than" : "is not older than";
  const reason = `version ${version} (${source}) ${relation} ${standard.version}, ${standard.origin}`;
  return only(isOlder ? "outdated" : "current", reason);
}

function measure(input: JudgeInput, standard: Standard): StatusJudgement {
  const facts = input.integrationServices;
  if (facts === null) return only("unknown", "nothing could be learned of the guest's integration services");
  if (facts.judgedVersion === null) {
    return facts.version === null ? judgeAbsence(input, facts) : judgeLowerBound(facts.version, standard);
  }
  if (!isVersion(facts.judgedVersion)) {
    return only("unknown", `"${facts.judgedVersion}" is not a version that can be compared`);
  }
  const { status, reasons } = compare(facts.judgedVersion, describeSource(facts), standard);
  const doubt = "the sources of the version disagree: an update may be half installed";
  return { status, reasons: facts.consistent ? reasons : [...reasons, doubt] };
}

/** A version that is only known to be reached: drivers may be newer than the package they came with says. */
function judgeLowerBound(version: string, standard: Standard): StatusJudgement {
  return isVersion(version) && compareVersions(version, standard.version) >= 0
    ? compare(version, "at least, from its servicing packages", standard)
    : only(
        "unknown",
        `the version is ${version} or newer, from its servicing packages: no driver says which`,
      );
}

const SOURCES: Readonly<Record<EvidenceSource, string>> = {
  recorded: "recorded by the guest",
  computed: "computed from its devices",
  "driver-file": "from its driver files",
  package: "from its servicing packages",
};

/** Where the judged version was found: `from its driver files: Windows/System32/drivers/vmbus.sys`. */
function describeSource(facts: IntegrationServicesFacts): string {
  const evidence =
    facts.evidence.find(({ source, value }) => value === facts.judgedVersion && source === facts.source) ??
    facts.evidence.find(({ value }) => value === facts.judgedVersion);
  if (evidence !== undefined) return `${SOURCES[evidence.source]}: ${evidence.where}`;
  return facts.source === "none" ? "of no stated source" : SOURCES[facts.source];
}

function judgeAbsence({ os, findings = [] }: JudgeInput, facts: IntegrationServicesFacts): StatusJudgement {
  const guest = findGuest(os);
  const unreadable = findings.find(preventsReading);
  if (unreadable !== undefined) {
    return only("unknown", `no version was found, but not everything could be read: ${unreadable.message}`);
  }
  if (guest.inBox) {
    return only(
      "unknown",
      `${guest.name} brings integration services along, but no source of their version was found`,
    );
  }
  const trace = [...facts.services, ...facts.drivers].find((service) => service.present);
  if (trace !== undefined) {
    return only("unknown", `no version was found, but ${trace.name} is installed`);
  }
  const named = facts.evidence.find(({ value }) => value !== "");
  if (named !== undefined) {
    return only("unknown", `no version was found, but ${named.where} says "${named.value}"`);
  }
  return only(
    "missing",
    `${guest.name} brings no integration services along, and no version, service, driver or package of any was found`,
  );
}

/** Damage that a copy of the same made good. */
const COPIES_USED: ReadonlySet<Code> = new Set(["NTFS_BOOT_DAMAGED", "NTFS_MFT_DAMAGED"]);

/** Findings after which "not found" no longer means "not there". */
function preventsReading({ code, severity }: Finding): boolean {
  if (COPIES_USED.has(code)) return false;
  if (severity === "error" || code === "IC_VERSION_UNREADABLE") return true;
  // The notices of these layers (a log that was applied, a dirty flag) are of kind `unsafe` and hide nothing.
  return /^(?:NTFS|REGF)_/.test(code) && CODES[code].kind !== "unsafe";
}
