import type {
  Evidence,
  IntegrationServicesFacts,
  OsFacts,
  OsId,
  ServiceStart,
} from "../../src/guest/index.ts";
import { decide, type HostId, type JudgeInput, SERVICE_NAMES } from "../../src/policy/index.ts";
import { NO_PLACE } from "../lab/place.ts";

/** Facts of an operating system that says nothing but what is given. */
export function os(id: OsId, facts: Partial<OsFacts> = {}): OsFacts {
  return {
    id,
    family: id === "linux" || id === "freebsd" ? id : "windows",
    name: null,
    version: null,
    build: null,
    revision: null,
    edition: null,
    installationType: null,
    servicePack: null,
    architecture: "x64",
    hostname: null,
    ...facts,
  };
}

/** The eight services: start types of those that are there, the others absent. */
export function services(present: Readonly<Record<string, ServiceStart>>) {
  return SERVICE_NAMES.map((name) => ({
    name,
    displayName: `Display name of ${name}`,
    present: name in present,
    start: present[name] ?? null,
  }));
}

/** The first services of the usual order, all of them started on demand. */
export function firstServices(count: number) {
  return services(Object.fromEntries(SERVICE_NAMES.slice(0, count).map((name) => [name, "demand" as const])));
}

/** Integration services of which nothing at all was found. */
export const NOTHING_FOUND: IntegrationServicesFacts = {
  version: null,
  source: "none",
  judgedVersion: null,
  consistent: true,
  evidence: [],
  services: services({}),
  drivers: [],
  dataExchange: "absent",
};

/** Integration services of a version found in a driver file, all of whose services are there. */
export function installed(
  version: string,
  facts: Partial<IntegrationServicesFacts> = {},
): IntegrationServicesFacts {
  const evidence: Evidence = {
    source: "driver-file",
    where: "Windows/System32/drivers/vmbus.sys",
    value: version,
    place: NO_PLACE,
  };
  return {
    version,
    source: "driver-file",
    judgedVersion: version,
    consistent: true,
    evidence: [evidence],
    services: firstServices(8),
    drivers: [],
    dataExchange: "enabled",
    ...facts,
  };
}

/** All that `judge` takes, with the rule that belongs to the host and the guest. */
export function judgeInput(host: HostId, guest: OsFacts, input: Partial<JudgeInput> = {}): JudgeInput {
  return {
    host,
    rule: decide(host, guest),
    os: guest,
    integrationServices: NOTHING_FOUND,
    windowsUpdate: "unknown",
    ...input,
  };
}
