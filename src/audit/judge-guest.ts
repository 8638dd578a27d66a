// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { GuestFacts } from "../guest/index.ts";
import { decide, type HostId, judge, type MinimumRule, type PackageOffer } from "../policy/index.ts";
import type { GuestReport, VolumeReport } from "./report.ts";
import { reportEvidence } from "./report-evidence.ts";
import { reportStaging, withStaging } from "./report-staging.ts";

export interface JudgeOptions {
  readonly host: HostId;
  readonly minimumVersion?: string;
  readonly minimums?: readonly MinimumRule[];
  readonly offered?: readonly PackageOffer[];
  readonly isNotOnWindowsUpdate?: boolean;
}

/** A guest with its place. */
export interface FoundGuest {
  /** Path of the image that it is in. */
  readonly image: string;
  readonly facts: GuestFacts;
  readonly volume: VolumeReport;
  /** What reading its volume went around: what was not found there may be there. */
  readonly volumeFindings: readonly Finding[];
}

/** A guest's part of the report: its facts, the table's rule for it on the host, and the verdict. */
export function judgeGuest(found: FoundGuest, options: JudgeOptions): GuestReport {
  const { facts, volume, volumeFindings } = found;
  const rule = decide(options.host, facts.os);
  const verdict = judge({
    host: options.host,
    rule,
    os: facts.os,
    integrationServices: facts.integrationServices,
    windowsUpdate: options.isNotOnWindowsUpdate === true ? "disabled" : facts.windowsUpdate.verdict,
    offered: options.offered,
    minimum: options.minimumVersion,
    minimums: options.minimums,
    findings: [...facts.findings, ...volumeFindings],
    sha2: facts.sha2,
  });
  return {
    volume,
    systemRoot: facts.systemRoot,
    os: facts.os,
    setupState: facts.setupState,
    integrationServices: reportServices(found),
    windowsUpdate: facts.windowsUpdate,
    pendingServicing: facts.pendingServicing,
    sha2: facts.sha2,
    rule,
    verdict: withStaging(verdict, facts.staging, facts.os.family),
    staging: reportStaging(facts.staging),
  };
}

function reportServices({ facts, image, volume }: FoundGuest): GuestReport["integrationServices"] {
  const { integrationServices } = facts;
  if (integrationServices === null) {
    return {
      version: null,
      source: "none",
      consistent: true,
      evidence: [],
      services: [],
      drivers: [],
      dataExchange: "unknown",
    };
  }
  const { version, source, consistent, services, drivers, dataExchange } = integrationServices;
  const place = { image, volume: volume.index };
  const evidence = integrationServices.evidence.map((piece) => reportEvidence(piece, place));
  return { version, source, consistent, evidence, services, drivers, dataExchange };
}
