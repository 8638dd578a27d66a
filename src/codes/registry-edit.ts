// SPDX-License-Identifier: MIT
import { BOOT_ONCE, type CodeEntry, IN_GUEST, unsafe, unsupported, usage } from "./entry.ts";

/** Changing registry hives. */
export const REGISTRY_EDIT_CODES = {
  HIVE_EDIT_UNRECOVERED: unsafe(
    "the hive was not flushed, and its transaction logs do not bring it up to date beyond doubt: it is not edited",
    BOOT_ONCE,
  ),
  HIVE_EDIT_DAMAGED: unsafe(
    "the hive has faults that an edit could make worse: it is not edited",
    "Run `vmguest check` to see all faults; start the VM once, so that Windows can mend its registry.",
  ),
  HIVE_EDIT_VERSION: unsupported("the hive is older than Windows NT 4.0: it can be read, but not edited"),
  HIVE_EDIT_SIZE: unsupported(
    "the hive is larger than what is edited, or an edit would make it so",
    IN_GUEST,
  ),
  HIVE_EDIT_KEY_KIND: unsafe(
    "the key or value is a symbolic link, a layered or predefined one or not meant for the disk: it is not edited",
    "Name the key that the link leads to (ControlSet001 instead of CurrentControlSet).",
  ),
  HIVE_EDIT_KEY_KEPT: usage("the key is the root of the hive, or marked as one that is never deleted"),
  HIVE_EDIT_KEY_NOT_EMPTY: usage(
    "the key has subkeys, and only the key itself was to be deleted",
    "Ask for a recursive deletion.",
  ),
  HIVE_EDIT_NAME: usage("the registry does not allow such a name for a key or value"),
  HIVE_EDIT_VALUE: usage("the type does not hold such data, or the registry does not allow so much of it"),
} as const satisfies Record<string, CodeEntry>;
