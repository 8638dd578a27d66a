// SPDX-License-Identifier: MIT
import type { GuestReader } from "./guest-reader.ts";
import type { Found } from "./hive-view.ts";

const AUTO_KEY = "Microsoft\\Virtual Machine\\Auto";

/** What the guest's Data Exchange service recorded for its host. */
export interface VersionRecord extends Found {
  /** As recorded; empty where the guest found no driver of the integration services in itself. */
  readonly text: string;
}

/**
 * The recorded version, usually undefined: the service makes its key a volatile one, which never reaches the disk
 * unless somebody made an ordinary key of that name before.
 */
export function readRecord(guest: GuestReader): VersionRecord | undefined {
  const auto = guest.software.key(AUTO_KEY);
  const text = auto.text("IntegrationServicesVersion");
  return text === undefined ? undefined : { ...auto.found("IntegrationServicesVersion"), text };
}
