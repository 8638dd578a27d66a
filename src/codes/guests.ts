// SPDX-License-Identifier: MIT
import { BOOT_ONCE, type CodeEntry, corrupt, damaged, notice, unsafe } from "./entry.ts";

/** PE files and guests. */
export const GUEST_CODES = {
  PE_NOT: corrupt("the file is not a PE image"),
  PE_TRUNCATED: corrupt("a structure of the PE image reaches past its end"),
  PE_NO_VERSION: corrupt("the PE image has no version resource"),
  GUEST_NONE: notice("no operating system was found in the image"),
  GUEST_PRESUMED: notice(
    "a Linux guest is presumed from file systems of Linux, whose insides are not read; a data disk looks the same",
  ),
  OS_UNKNOWN: damaged(
    "the Windows version in the image is not one that vmguest knows",
    "Look for a newer vmguest, or update the guest itself.",
  ),
  OS_EDITION_UNCERTAIN: notice(
    "edition and product name do not name the same product; the edition was believed",
  ),
  WINDOWS_PREVIOUS: notice("a Windows from before an upgrade is kept on the volume; it was not audited"),
  CONTROL_SET_GUESSED: damaged(
    "SYSTEM\\Select\\Current is missing or names no control set; another one was used",
  ),
  IC_INCONSISTENT: damaged(
    "the sources of the integration-services version disagree: an update may be half installed",
  ),
  IC_RECORD_STALE: damaged(
    "the recorded integration-services version disagrees with the drivers on disk; the drivers were believed",
  ),
  IC_VERSION_UNREADABLE: damaged("a source of the integration-services version exists but could not be read"),
  IC_SERVICE_MISSING: damaged("an integration service that this Windows brings along is absent"),
  IC_SERVICE_DISABLED: damaged(
    "an integration service is disabled in the guest",
    "Set its start type back to demand or automatic in the guest.",
  ),
  SERVICING_PENDING: unsafe("servicing operations are pending: the guest must finish them first", BOOT_ONCE),
  SHA2_MISSING: damaged(
    "the guest has no evidence of SHA-2 code signing support, which the newest integration-services package needs",
    "Install KB4474419 and the servicing stack update first, or use the SHA-1 signed package 6.3.9600.18692.",
  ),
  SETUP_STATE_CONFLICT: damaged("the sources of the Windows setup state disagree"),
  SETUP_COMMAND_ARMED: notice("a command is set to run before the next logon (SYSTEM\\Setup\\CmdLine)"),
  GUEST_UNREADABLE: corrupt("a volume was recognised, but the guest in it could not be read"),
} as const satisfies Record<string, CodeEntry>;
