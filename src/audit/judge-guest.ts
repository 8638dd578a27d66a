// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { GuestFacts } from "../guest/index.ts";
import { decide, type HostId, judge } from "../policy/index.ts";
import type { GuestReport, VolumeReport } from "./report.ts";

export interface JudgeOptions {
  readonly host: HostId;
  readonly minimumVersion?: string;
}

/** A guest with its place. */
export interface FoundGuest {
  readonly facts: GuestFacts;
  readonly volume: VolumeReport;
  /** What reading its volume went around: what was not found there may be there. */
  readonly volumeFindings: readonly Finding[];
}

/** A guest's part of the report: its facts, the table's rule for it on the host, and the verdict. */
export function judgeGuest(
  { facts, volume, volumeFindings }: FoundGuest,
  options: JudgeOptions,
): GuestReport {
  const rule = decide(options.host, facts.os);
  const verdict = judge({
    host: options.host,
    rule,
    os: facts.os,
    integrationServices: facts.integrationServices,
    windowsUpdate: facts.windowsUpdate.verdict,
    minimum: options.minimumVersion,
    findings: [...facts.findings, ...volumeFindings],
    sha2: facts.sha2,
  });
  return {
    volume,
    systemRoot: facts.systemRoot,
    os: facts.os,
    setupState: facts.setupState,
    integrationServices: reportServices(facts),
    windowsUpdate: facts.windowsUpdate,
    pendingServicing: facts.pendingServicing,
    sha2: facts.sha2,
    rule,
    verdict,
    staging:
      facts.os.family === "windows"
        ? { state: "none", detail: "no update was staged into this guest" }
        : { state: "not-applicable", detail: "updates are staged into Windows guests only" },
  };
}

function reportServices({ integrationServices }: GuestFacts): GuestReport["integrationServices"] {
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
  const { version, source, consistent, evidence, services, drivers, dataExchange } = integrationServices;
  return { version, source, consistent, evidence, services, drivers, dataExchange };
}
