// SPDX-License-Identifier: MIT
import type { IntegrationService, IntegrationServicesFacts, ServiceStart } from "../facts.ts";
import type { GuestReader } from "./guest-reader.ts";
import type { KeyView } from "./hive-view.ts";

/** The services of the guest side, with the names Windows shows for them in English. */
const INTEGRATION_SERVICES = [
  ["vmicheartbeat", "Hyper-V Heartbeat Service"],
  ["vmickvpexchange", "Hyper-V Data Exchange Service"],
  ["vmicshutdown", "Hyper-V Guest Shutdown Service"],
  ["vmictimesync", "Hyper-V Time Synchronization Service"],
  ["vmicvss", "Hyper-V Volume Shadow Copy Requestor"],
  ["vmicrdv", "Hyper-V Remote Desktop Virtualization Service"],
  ["vmicguestinterface", "Hyper-V Guest Service Interface"],
  ["vmicvmsession", "Hyper-V PowerShell Direct Service"],
] as const;

/** The drivers of the guest side over all Windows versions; some have another name in older ones. */
const DRIVERS = [
  ["vmbus", "Virtual Machine Bus"],
  ["storvsc", "Microsoft Hyper-V Storage Controller"],
  ["netvsc", "Microsoft Hyper-V Network Adapter"],
  ["netvsc50", "Microsoft Hyper-V Network Adapter"],
  ["netvsc60", "Microsoft Hyper-V Network Adapter"],
  ["netvsc63", "Microsoft Hyper-V Network Adapter"],
  ["storflt", "Microsoft Hyper-V Storage Accelerator"],
  ["vmstorfl", "Microsoft Hyper-V Storage Accelerator"],
  ["VMBusHID", "Microsoft Hyper-V Input"],
  ["hyperkbd", "Microsoft Hyper-V Virtual Keyboard"],
  ["HyperVideo", "Microsoft Hyper-V Video"],
  ["SynthVid", "Microsoft Hyper-V Video"],
  ["VMBusVideoM", "Microsoft Hyper-V Video"],
  ["s3cap", "Microsoft Emulated S3 Device Cap"],
  ["dmvsc", "Microsoft Hyper-V Dynamic Memory"],
  ["gencounter", "Microsoft Hyper-V Generation Counter"],
  ["winhv", "Windows Hypervisor Interface Driver"],
] as const;

/** `Start` of a service key, as the service control manager numbers it. */
const STARTS: readonly ServiceStart[] = ["boot", "system", "automatic", "demand", "disabled"];

/** The integration services, absent ones too. */
export function readServices(guest: GuestReader): IntegrationService[] {
  return INTEGRATION_SERVICES.map(([name, displayName]) =>
    readService(guest.service(name), name, displayName),
  );
}

/** The drivers of the VMBus and its devices that are registered. */
export function readDrivers(guest: GuestReader): IntegrationService[] {
  return DRIVERS.map(([name, displayName]) => ({ key: guest.service(name), name, displayName }))
    .filter(({ key }) => key.isPresent)
    .map(({ key, name, displayName }) => readService(key, name, displayName))
    .filter(({ present }) => present);
}

/** Whether the guest can answer questions of its host. */
export function dataExchangeOf(
  services: readonly IntegrationService[],
): IntegrationServicesFacts["dataExchange"] {
  const service = services.find(({ name }) => name === "vmickvpexchange");
  if (service?.present !== true) return "absent";
  if (service.start === "unknown") return "unknown";
  return service.start === "disabled" ? "disabled" : "enabled";
}

/** The start type of a service or driver by its key. */
export function readStart(service: KeyView): ServiceStart {
  return STARTS[service.number("Start") ?? -1] ?? "unknown";
}

/**
 * A key without a start type is none of a service: Windows passes over it, and uninstalling may leave one behind. What
 * cannot be read is not taken for absent.
 */
function readService(key: KeyView, name: string, knownName: string): IntegrationService {
  const isThere = key.has("Start") || key.isDamaged;
  if (!isThere) return { name, displayName: knownName, present: false, start: null };
  return { name, displayName: readDisplayName(key) ?? knownName, present: true, start: readStart(key) };
}

/** Real guests refer to a text in a library (`@%systemroot%\system32\icsvc.dll,-201`), which is known by heart here. */
function readDisplayName(key: KeyView): string | undefined {
  const text = key.text("DisplayName");
  return text === undefined || text === "" || text.startsWith("@") ? undefined : text;
}
