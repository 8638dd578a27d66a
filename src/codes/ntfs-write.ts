// SPDX-License-Identifier: MIT
import { CHKDSK, type CodeEntry, IN_GUEST, unsafe, unsupported, usage } from "./entry.ts";

/** Why a change to an NTFS volume was refused. */
export const NTFS_WRITE_CODES = {
  NTFS_WRITE_VERSION: unsupported(
    "the volume has a version of NTFS that vmguest reads, but does not write",
    IN_GUEST,
  ),
  NTFS_WRITE_DAMAGED: unsafe(
    "metadata that a change depends on is damaged or contradicts itself, so nothing may be built on it",
    CHKDSK,
  ),
  NTFS_WRITE_NAME: usage("Windows programs could not use a file of this name"),
  NTFS_WRITE_EXISTS: usage("there is a file or directory of this name already"),
  NTFS_WRITE_NOT_EMPTY: usage("a directory that is not empty was to be deleted"),
  NTFS_WRITE_RANGE: usage(
    "bytes outside of a file's written contents were to be changed, or a file made shorter",
  ),
  NTFS_WRITE_NOT_MADE: unsafe("what was to be deleted is not the file or directory that the caller made"),
  NTFS_WRITE_TARGET: unsupported(
    "the file or directory is stored in a way that vmguest does not change: compressed, sparse, encrypted, in several FILE records, under several names, or behind a reparse point",
    "Store it plainly in the guest: `compact /u /exe`, `cipher /d`; delete its further names.",
  ),
  NTFS_WRITE_NO_SPACE: unsafe(
    "the volume has too few free clusters for the change",
    "Free space in the guest.",
  ),
  NTFS_WRITE_MFT_FULL: unsafe(
    "there is no free FILE record, and $MFT cannot grow within the record that describes it",
    "Free space in the guest, or delete files there that are not needed.",
  ),
  NTFS_WRITE_RECORD_FULL: unsupported(
    "the change does not fit the FILE record of the file or directory, and vmguest does not spread it over several",
    "Defragment the file in the guest: `contig`, or a copy of it that takes its name.",
  ),
  NTFS_WRITE_TEARABLE: unsafe(
    "what is to be written in one go lies in two pages of the disk, so that a power failure in the middle could leave half of it",
    "Should the writing be cut short, run `vmguest rollback` before the VM is started.",
  ),
  NTFS_WRITE_SECURITY: unsafe(
    "no file or directory nearby has permissions that only administrators could use to write, and vmguest makes no new ones",
    "In the guest, let only administrators write to the folder that the new file is to stand in.",
  ),
} as const satisfies Record<string, CodeEntry>;
