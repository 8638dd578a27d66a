// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../errors.ts";
import type { IntegrationService, IntegrationServicesFacts, OsFacts } from "../guest/index.ts";
import { findGuest, type NtVersion } from "./guests.ts";

/** The eight guest services of the integration services. */
export const SERVICE_NAMES = [
  "vmicheartbeat",
  "vmickvpexchange",
  "vmicshutdown",
  "vmictimesync",
  "vmicvss",
  "vmicrdv",
  "vmicguestinterface",
  "vmicvmsession",
] as const;

/** One of {@link SERVICE_NAMES}. */
export type ServiceName = (typeof SERVICE_NAMES)[number];

/**
 * How a guest comes by a service. `declared`: a component of Windows declares it, so it is always there.
 * `first-device`: its driver package adds it when Hyper-V first presents the device, so it is absent in an image that
 * never ran there. `update`: only newer integration services than the guest's own bring it, or none have yet.
 * `never`: there is none for this guest.
 */
export type ServicePresence = "declared" | "first-device" | "update" | "never";

/** What may be expected of one service in a guest. */
export interface ServiceExpectation {
  readonly name: ServiceName;
  readonly presence: ServicePresence;
}

type Presences = Readonly<Record<ServiceName, ServicePresence>>;

/**
 * NT 6.0 and 6.1, in-box or with a CAB: `wvmic.inf` adds each service with its device. Remote desktop virtualization
 * takes integration services 6.2, the guest service interface 6.3 and a host that offers it.
 */
const NT6: Presences = {
  vmicheartbeat: "first-device",
  vmickvpexchange: "first-device",
  vmicshutdown: "first-device",
  vmictimesync: "first-device",
  vmicvss: "first-device",
  vmicrdv: "update",
  vmicguestinterface: "update",
  vmicvmsession: "never",
};
/** NT 5.2 by the MSI: `wvmic.inf` gives remote desktop virtualization a null driver. */
const NT52: Presences = { ...NT6, vmicrdv: "never" };
/** Windows 8: the manifest of the integration services component declares all that the version has. */
const NT62: Presences = {
  vmicheartbeat: "declared",
  vmickvpexchange: "declared",
  vmicshutdown: "declared",
  vmictimesync: "declared",
  vmicvss: "declared",
  vmicrdv: "declared",
  vmicguestinterface: "update",
  vmicvmsession: "never",
};
const NT63: Presences = { ...NT62, vmicguestinterface: "declared" };

const PRESENCES: Readonly<Record<NtVersion, Presences>> = {
  // 32-bit Windows XP gets a null driver for volume shadow copies too.
  "5.1": { ...NT52, vmicvss: "never" },
  "5.2": NT52,
  "6.0": NT6,
  "6.1": NT6,
  "6.2": NT62,
  "6.3": NT63,
  "10.0": { ...NT63, vmicvmsession: "declared" },
};

/** What policy has to know of a guest to say which services it has. */
export type ServiceGuest = Pick<OsFacts, "id" | "family" | "version">;

/**
 * Which of the eight services a guest has once it has integration services, in their usual order; empty for guests
 * that are not Windows or not known.
 */
export function inBoxServices(os: ServiceGuest): ServiceExpectation[] {
  const { nt } = findGuest(os);
  if (nt === null) return [];
  // Windows XP x64 is NT 5.2, built from Server 2003.
  const presences = PRESENCES[os.id === "xp" && os.version === "5.2" ? "5.2" : nt];
  return SERVICE_NAMES.map((name) => ({ name, presence: presences[name] }));
}

/**
 * What is wrong with the guest's integration services as services: those that are absent and should be there, and
 * those that are disabled, which Hyper-V cannot start. Says nothing where the guest has no integration services.
 */
export function checkServices(os: ServiceGuest, facts: IntegrationServicesFacts | null): Finding[] {
  if (facts === null) return [];
  const present = facts.services.filter((service) => service.present);
  if (present.length === 0 && facts.judgedVersion === null) return [];
  // Where devices add the services, having none of them says that Hyper-V has presented no device yet.
  const ranOnHyperV = present.length > 0;
  const expectations = new Map(inBoxServices(os).map(({ name, presence }) => [name as string, presence]));
  return facts.services.flatMap((service) => {
    const presence = expectations.get(service.name);
    if (service.present) return service.start === "disabled" ? [reportDisabled(service)] : [];
    const expected = presence === "declared" || (presence === "first-device" && ranOnHyperV);
    return expected ? [reportMissing(service, presence)] : [];
  });
}

function reportDisabled(service: IntegrationService): Finding {
  return finding(
    "IC_SERVICE_DISABLED",
    `${describe(service)} is disabled in the guest, so that Hyper-V cannot start it`,
    { structure: `service ${service.name}` },
  );
}

function reportMissing(service: IntegrationService, presence: ServicePresence): Finding {
  const because =
    presence === "declared"
      ? "although this Windows declares it"
      : "although others are there: the host may never have offered it to this guest";
  return finding("IC_SERVICE_MISSING", `${describe(service)} is absent, ${because}`, {
    structure: `service ${service.name}`,
  });
}

function describe({ displayName, name }: IntegrationService): string {
  return displayName === "" ? name : `${displayName} (${name})`;
}
