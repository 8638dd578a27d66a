// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, IN_GUEST, notice, RECOPY, unsupported } from "./entry.ts";

/** Partition tables and volumes. */
export const VOLUME_CODES = {
  GPT_PRIMARY_DAMAGED: damaged("the primary GUID partition table is damaged; the backup was used"),
  GPT_BACKUP_DAMAGED: damaged(
    "the backup GUID partition table is damaged or not where the primary says; the primary was used",
  ),
  GPT_INVALID: corrupt("neither copy of the GUID partition table is valid", RECOPY),
  GPT_UNPROTECTED: damaged(
    "the disk has a GUID partition table, but no protective MBR: Windows would see an empty disk",
  ),
  GPT_HYBRID: notice("the MBR names partitions of its own beside the GUID partition table, which was used"),
  GPT_FIELDS: damaged("a field of a GUID partition table has a value that the specification does not allow"),
  GPT_USABLE_RANGE: damaged(
    "the sectors that a GUID partition table calls usable are not: they hold the table",
  ),
  GPT_COPIES_DIFFER: damaged(
    "the two copies of the GUID partition table differ in what they say of the disk",
  ),
  GPT_BACKUP_MISPLACED: notice(
    "the backup GUID partition table is not in the last sector, as after the disk was expanded",
  ),
  GPT_PROTECTIVE_RANGE: notice("the protective MBR does not cover the disk"),
  PARTITION_GUID: damaged("the GUID of a disk or partition is zero, or another partition has it too"),
  MBR_ACTIVE: damaged("more than one partition of the MBR is marked as the active one"),
  MBR_SIGNATURE_MISSING: notice(
    "the MBR has no disk signature; Windows will write one when it meets the disk",
  ),
  PARTITION_OVERLAP: damaged(
    "two partitions claim the same sectors",
    "Mend the partition table with a tool for that, after a backup; see `vmguest check`.",
  ),
  PARTITION_MISPLACED: damaged(
    "a partition ends before it begins, or claims sectors that belong to the partition table",
  ),
  PARTITION_RANGE: damaged("a partition reaches past the end of the disk"),
  EBR_LOOP: damaged("the chain of extended boot records leads back to itself"),
  EBR_INVALID: damaged("an extended boot record is not valid or lies outside the extended partition"),
  PARTITION_SECTOR_MISMATCH: damaged(
    "the partition table was written for another sector size than the disk has",
  ),
  VOLUME_BITLOCKER: unsupported(
    "the volume is encrypted with BitLocker",
    "Decrypt it or suspend and decrypt it in the guest: `manage-bde -off C:`.",
  ),
  VOLUME_REFS: unsupported("the volume is ReFS, which vmguest does not read", IN_GUEST),
  VOLUME_LDM: unsupported("the disk is a Windows dynamic disk (LDM), which vmguest does not read", IN_GUEST),
  VOLUME_STORAGE_SPACES: unsupported(
    "the disk belongs to a Storage Spaces pool, which vmguest does not read",
    IN_GUEST,
  ),
} as const satisfies Record<string, CodeEntry>;
