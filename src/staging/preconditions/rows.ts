// SPDX-License-Identifier: MIT
import type { Code } from "../../errors.ts";

/** What a reason is about. */
export type Family = "image" | "volume" | "hives" | "guest" | "package";

/** What a precondition comes to when it does not hold. */
export interface Precondition {
  readonly family: Family;
  /** `refuses`: nothing is written. `warns`: the reader of the plan is to know it. */
  readonly outcome: "refuses" | "warns";
  /** Set where a user who has looked at it may go on: nothing can be lost by it. */
  readonly canBeAllowed?: true;
}

const refuses = (family: Family): Precondition => ({ family, outcome: "refuses" });
const refusesUnlessAllowed = (family: Family): Precondition => ({
  family,
  outcome: "refuses",
  canBeAllowed: true,
});
const warns = (family: Family): Precondition => ({ family, outcome: "warns" });

/**
 * Everything that stands in the way of a staging, or is worth knowing before one: the table in docs/refusals.md.
 *
 * A code that is not here is none of a precondition; where a check meets one all the same, it refuses.
 */
export const PRECONDITIONS: Readonly<Partial<Record<Code, Precondition>>> = {
  IMAGE_IN_USE: refuses("image"),
  IMAGE_LOCKED: refuses("image"),
  IMAGE_HARD_LINKED: refuses("image"),
  UNDO_PRESENT: refuses("image"),
  UNDO_INTERRUPTED: refuses("image"),
  UNDO_FOREIGN: refuses("image"),
  STAGE_HAS_CHILDREN: refuses("image"),
  STAGE_DIFFERENCING: refusesUnlessAllowed("image"),
  STAGE_SAVED_STATE: refuses("image"),
  VHD_SAVED_STATE: refuses("image"),
  DISK_WRITE_DAMAGED: refuses("image"),
  DISK_WRITE_NO_LOG: refuses("image"),
  DISK_WRITE_FULL: refuses("image"),
  DISK_WRITE_SMALL_BLOCKS: refuses("image"),
  CHILDREN_UNKNOWN: warns("image"),
  STAGE_SAVED_STATE_UNKNOWN: warns("image"),
  STAGE_CHANGE_TRACKING: warns("image"),
  DISK_WRITE_LOG_REPLAYED: warns("image"),
  DISK_WRITE_UNALIGNED: warns("image"),
  STAGE_TEARABLE: warns("image"),

  PARTITION_OVERLAP: refuses("volume"),
  VOLUME_BITLOCKER: refuses("volume"),
  VOLUME_REFS: refuses("volume"),
  VOLUME_LDM: refuses("volume"),
  VOLUME_STORAGE_SPACES: refuses("volume"),
  GUEST_HIBERNATED: refuses("volume"),
  GUEST_HIBERFILE_UNKNOWN: refuses("volume"),
  NTFS_DIRTY: refuses("volume"),
  NTFS_CHKDSK_RUNNING: refuses("volume"),
  NTFS_FLAGS: refuses("volume"),
  NTFS_LOG_UNCLEAN: refuses("volume"),
  NTFS_LOG_V2: refuses("volume"),
  NTFS_LOG_UNREADABLE: refuses("volume"),
  NTFS_BOOT_DAMAGED: refuses("volume"),
  NTFS_MFT_DAMAGED: refuses("volume"),
  NTFS_MIRROR_DIFFERS: refuses("volume"),
  NTFS_WRITE_VERSION: refuses("volume"),
  NTFS_WRITE_DAMAGED: refuses("volume"),
  NTFS_WRITE_TARGET: refuses("volume"),
  NTFS_WRITE_SECURITY: refuses("volume"),
  NTFS_WRITE_RECORD_FULL: refuses("volume"),
  NTFS_WRITE_NO_SPACE: refuses("volume"),
  NTFS_WRITE_MFT_FULL: refuses("volume"),
  STAGE_SPACE: refusesUnlessAllowed("volume"),
  NTFS_WRITE_TEARABLE: warns("volume"),
  STAGE_VOLUME_FLAGS: warns("volume"),
  STAGE_FOLDER_COMPRESSED: warns("volume"),

  HIVE_EDIT_UNRECOVERED: refuses("hives"),
  HIVE_EDIT_DAMAGED: refuses("hives"),
  HIVE_EDIT_SIZE: refuses("hives"),
  HIVE_EDIT_KEY_KIND: refuses("hives"),
  STAGE_HIVE_TRANSACTIONS: warns("hives"),
  REGF_LOG_APPLIED: warns("hives"),

  STAGE_NO_GUEST: refuses("guest"),
  STAGE_GUEST_AMBIGUOUS: refuses("guest"),
  OS_UNKNOWN: refuses("guest"),
  STAGE_NO_CBS: refuses("guest"),
  STAGE_BUILT_IN: refuses("guest"),
  STAGE_NANO: refuses("guest"),
  STAGE_SETUP_STATE: refuses("guest"),
  SERVICING_PENDING: refusesUnlessAllowed("guest"),
  STAGE_TRUSTED_INSTALLER: refuses("guest"),
  STAGE_WINDOWS_UPDATE: refuses("guest"),
  STAGE_NOT_DECIDED: refuses("guest"),
  STAGE_SYSTEM_ROOT: refuses("guest"),
  STAGING_FOREIGN: refuses("guest"),
  STAGE_PRESENT: refuses("guest"),
  TRIGGER_UNSAFE: refuses("guest"),
  TRIGGER_FILE_UNSUITABLE: refuses("guest"),
  PERSIST_VERSION_UNSAFE: refuses("guest"),
  STAGE_AUDIT_MODE: warns("guest"),
  STAGE_DOMAIN_CONTROLLER: warns("guest"),
  TRIGGER_OEM_KEY: warns("guest"),

  STAGE_PACKAGE_UNTRUSTED: refuses("package"),
  STAGE_PACKAGE_UNFIT: refuses("package"),
  STAGE_PACKAGE_CHANGED: refuses("package"),
  STAGE_PACKAGE_KIND: refuses("package"),
  SHA2_MISSING: refuses("package"),
  STAGE_SHA2_UNKNOWN: warns("package"),
};

/** Whether `--allow` with this code lets a staging go on. */
export function canBeAllowed(code: string): boolean {
  return PRECONDITIONS[code as Code]?.canBeAllowed === true;
}
