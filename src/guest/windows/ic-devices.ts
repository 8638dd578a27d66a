// SPDX-License-Identifier: MIT
import { compareVersions } from "../version.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";
import type { KeyView } from "./hive-view.ts";
import { understandVersion, type VersionFound } from "./ic-evidence.ts";

/** Kinds of device on a VMBus, and devices of each: real guests have about twenty kinds and rarely two of one. */
const KIND_COUNT_MAX = 64;
const INSTANCE_COUNT_MAX = 16;

/** PCI pass-through hangs on the VMBus, but brings no driver of the integration services. */
const PASS_THROUGH = "{44c4f61d-4444-4400-9d52-802e27ede19f}";

/** What `Driver` says: the class of the device, and the number of its driver in it. */
const DRIVER = /^\{[0-9a-f-]{36}\}\\\d{4,8}$/i;

/** Hardware ids that the guest's own rule looks at. */
const HARDWARE_ID = /^(?:acpi\\vmbus|vmbus\\)/i;

/**
 * The driver version of each kind of VMBus device, oldest first, so that the first one is what the guest computes as
 * its integration-services version.
 *
 * The guest takes the minimum, over the devices present, of the newest driver it has for the hardware id. Offline
 * that is the driver each device was last given (`Enum\...\Driver` -> `Control\Class\...\DriverVersion`): the maximum
 * over devices of one hardware id, because they share their drivers, then the minimum over hardware ids. `Enum` also
 * keeps devices that are no longer attached; of a kind that still is, they do no harm that way. Devices without a
 * driver, and drivers of version 0, do not count, as in the guest.
 */
export function readDevices(guest: GuestReader, log: FindingLog): VersionFound[] {
  const newest = new Map<string, VersionFound>();
  for (const device of listDevices(guest)) {
    const hardwareId = device
      .texts("HardwareID")
      .find((id) => HARDWARE_ID.test(id))
      ?.toLowerCase();
    if (hardwareId === undefined || hardwareId.includes(PASS_THROUGH)) continue;
    const found = readDriverVersion(guest, device, log);
    if (found === undefined) continue;
    const known = newest.get(hardwareId);
    if (known === undefined || compareVersions(known.version, found.version) < 0)
      newest.set(hardwareId, found);
  }
  return [...newest.values()].toSorted((a, b) => compareVersions(a.version, b.version));
}

function listDevices(guest: GuestReader): KeyView[] {
  const buses = guest.inControlSet("Enum\\ACPI").subkeysStartingWith("VMBus", KIND_COUNT_MAX);
  const kinds = guest.inControlSet("Enum\\VMBUS").subkeys(KIND_COUNT_MAX);
  return [...buses, ...kinds].flatMap((kind) => kind.subkeys(INSTANCE_COUNT_MAX));
}

function readDriverVersion(guest: GuestReader, device: KeyView, log: FindingLog): VersionFound | undefined {
  const driver = device.text("Driver");
  if (driver === undefined || !DRIVER.test(driver)) return undefined;
  const key = guest.control(`Class\\${driver}`);
  const text = key.text("DriverVersion");
  return text === undefined ? undefined : understandVersion(text, key.found("DriverVersion"), log);
}
