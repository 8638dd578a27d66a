// SPDX-License-Identifier: MIT
import { type CodeEntry, unsafe, unsupported, usage } from "./entry.ts";

/** What is to be staged, what makes the guest run it, and changes of single keys and services. */
export const STAGING_CODES = {
  STAGE_PACKAGE_CHANGED: unsafe(
    "the package is not the one any more that was chosen for the guest",
    "Make sure that nothing writes to the package, and run the command again.",
  ),
  STAGE_PACKAGE_KIND: unsupported(
    "the package is no cabinet with integration services, which alone can be staged",
    "Offer Microsoft's CAB, or vmguest.iso. An MSI has to be installed in the running guest.",
  ),
  STAGE_PACKAGE_SIZE: unsupported("the package is larger than any with integration services"),
  TRIGGER_UNSAFE: unsafe(
    "the trigger asked for would not run in this guest, or could get in the way of something else",
    "Leave the choice to vmguest, or take `stage-only` and start the script in the guest yourself.",
  ),
  TRIGGER_FILE_UNSUITABLE: unsafe(
    "a file of the guest that a trigger has to be added to is not of a form that can be added to safely",
    "Take another trigger, or `stage-only`, and start the script in the guest yourself.",
  ),
  TRIGGER_OEM_KEY: unsafe(
    "from Windows 8 on, Windows Setup passes over SetupComplete.cmd where the product key is that of a manufacturer",
    "If the update is not installed after the first start, run `run.cmd` in the guest as an administrator.",
  ),
  PERSIST_VERSION_UNSAFE: unsafe(
    "the key that would keep the recorded version cannot be made with the permissions that the guest's service needs",
    "Leave the option out until the guest has run once with its integration services.",
  ),
  SERVICE_UNKNOWN: usage("the service named is none of the integration services"),
  SERVICE_ABSENT: unsupported(
    "the guest does not have the service",
    "Start the VM on Hyper-V once, or update its integration services: they bring the service along.",
  ),
} as const satisfies Record<string, CodeEntry>;
