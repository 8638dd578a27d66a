// SPDX-License-Identifier: MIT
import type { Evidence, IntegrationServicesFacts } from "../facts.ts";
import { formatVersion, type Version } from "../version.ts";
import type { ComponentStore } from "./component-store.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";
import { readDevices } from "./ic-devices.ts";
import { evidenceOf, understandVersion, type VersionFound } from "./ic-evidence.ts";
import { readDriverFiles } from "./ic-files.ts";
import { judgeVersion, type VersionSources } from "./ic-judgement.ts";
import { readPackages } from "./ic-packages.ts";
import { readRecord } from "./ic-record.ts";
import { dataExchangeOf, readDrivers, readServices } from "./services.ts";

/** The integration services of a guest: their version with all its evidence, their services and drivers. */
export function readIntegrationServices(
  guest: GuestReader,
  store: ComponentStore,
  ntVersion: string | null,
  log: FindingLog,
): IntegrationServicesFacts {
  const sources: VersionSources = {
    ntVersion,
    record: readRecord(guest),
    devices: readDevices(guest, log),
    files: readDriverFiles(guest, ntVersion, log),
    packages: readPackages(store),
  };
  if (sources.record !== undefined && sources.record.text.trim() !== "") {
    understandVersion(sources.record.text, sources.record, log);
  }
  const { version, source, judged, consistent, findings } = judgeVersion(sources);
  log.add(...findings);
  const services = readServices(guest);
  return {
    version: spell(version),
    source,
    judgedVersion: spell(judged),
    consistent,
    evidence: listEvidence(sources),
    services,
    drivers: readDrivers(guest),
    dataExchange: dataExchangeOf(services),
  };
}

/** Every source by rank. Devices of one version are told by the first of them. */
function listEvidence({ record, devices, files, packages }: VersionSources): Evidence[] {
  const evidence: Evidence[] = [];
  if (record !== undefined) {
    evidence.push({ source: "recorded", where: record.where, value: record.text, place: record.place });
  }
  for (const device of firstOfEachVersion(devices)) evidence.push(evidenceOf("computed", device));
  for (const file of files.found) evidence.push(evidenceOf("driver-file", file));
  for (const found of [packages.offered, packages.inBox]) {
    if (found !== undefined) evidence.push(evidenceOf("package", found));
  }
  return evidence;
}

function firstOfEachVersion(devices: readonly VersionFound[]): VersionFound[] {
  const byVersion = new Map<string, VersionFound>();
  for (const device of devices) {
    const version = formatVersion(device.version);
    if (!byVersion.has(version)) byVersion.set(version, device);
  }
  return [...byVersion.values()];
}

const spell = (version: Version | undefined) => (version === undefined ? null : formatVersion(version));
