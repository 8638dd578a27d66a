// SPDX-License-Identifier: MIT
import { BOOT_ONCE, CHKDSK, type CodeEntry, corrupt, damaged, unsafe, unsupported, usage } from "./entry.ts";

/** NTFS, and what it says of hibernation. */
export const NTFS_CODES = {
  NTFS_BOOT: corrupt("the NTFS boot sector is damaged", CHKDSK),
  NTFS_BOOT_DAMAGED: damaged(
    "the NTFS boot sector is damaged; its backup in the last sector was used",
    CHKDSK,
  ),
  NTFS_MFT_DAMAGED: damaged(
    "one of the first FILE records is damaged; its copy in $MFTMirr was used",
    CHKDSK,
  ),
  NTFS_TORN_RECORD: corrupt(
    "an NTFS record was only half written (its update sequence does not match)",
    CHKDSK,
  ),
  NTFS_RECORD: corrupt("a FILE record is damaged", CHKDSK),
  NTFS_RECORD_NOT_IN_USE: corrupt("a FILE record that is referred to is not in use", CHKDSK),
  NTFS_ATTRIBUTE: corrupt("an attribute of a FILE record is damaged", CHKDSK),
  NTFS_ATTRIBUTE_MISSING: corrupt("a FILE record lacks an attribute that it must have", CHKDSK),
  NTFS_RUNLIST: corrupt("the mapping pairs of an attribute are damaged", CHKDSK),
  NTFS_SIZES: corrupt("the sizes of an attribute contradict each other", CHKDSK),
  NTFS_ATTRIBUTE_LIST: corrupt("an attribute list or an extension record it names is damaged", CHKDSK),
  NTFS_INDEX: corrupt("a directory index is damaged", CHKDSK),
  NTFS_INDEX_LOOP: corrupt("a directory index leads back to itself", CHKDSK),
  NTFS_STALE_ENTRY: damaged(
    "a directory entry refers to a file record that was reused for another file",
    CHKDSK,
  ),
  NTFS_UPCASE: corrupt("the volume's upper-case table is damaged", CHKDSK),
  NTFS_NOT_A_DIRECTORY: usage("a directory was asked for, but the path names a file"),
  NTFS_IS_A_DIRECTORY: usage("a file was asked for, but the path names a directory"),
  NTFS_ENCRYPTED: unsupported("the file is encrypted (EFS)", "Decrypt it in the guest: `cipher /d`."),
  NTFS_REPARSE: unsupported(
    "the file's data is kept outside its $DATA attribute by a reparse point that vmguest does not read",
  ),
  NTFS_LINK: corrupt("the target of a junction or a symbolic link is damaged", CHKDSK),
  NTFS_LINK_LOOP: unsupported("a path leads through more junctions and symbolic links than Windows follows"),
  NTFS_LINK_OUTSIDE: unsupported(
    "a junction or a symbolic link leads out of the volume, or to a drive that the volume does not name",
    "Give the path that it leads to, on the volume that holds it.",
  ),
  NTFS_SECURITY: corrupt("a security descriptor is damaged or missing", CHKDSK),
  NTFS_SECURITY_DAMAGED: damaged(
    "a security descriptor in $Secure is damaged; its copy in the mirror block was used",
    CHKDSK,
  ),
  WOF_TABLE: corrupt(
    "a file that WOF (CompactOS) compressed lacks its chunks, or the table of them is damaged",
    CHKDSK,
  ),
  WOF_CHUNK: corrupt("a chunk of a file that WOF (CompactOS) compressed is damaged", CHKDSK),
  WOF_UNSUPPORTED: unsupported(
    "WOF keeps the file's data in a way that vmguest does not read: in a WIM file, or compressed by an unknown method",
  ),
  NTFS_COMPRESSION: unsupported("the file is compressed in a way that vmguest does not read"),
  NTFS_VERSION: unsupported("the volume's NTFS version is neither 3.0 nor 3.1"),
  LZNT1: corrupt("an LZNT1-compressed cluster run is damaged", CHKDSK),
  NTFS_DIRTY: unsafe("the volume is marked dirty: Windows will check it at the next start", CHKDSK),
  NTFS_CHKDSK_RUNNING: unsafe("the volume says that a check of it was interrupted", CHKDSK),
  NTFS_FLAGS: unsafe(
    "the volume has unfinished housekeeping flagged (log resize, upgrade, USN deletion or repair)",
    CHKDSK,
  ),
  NTFS_LOG_UNCLEAN: unsafe(
    "the volume was not dismounted: its $LogFile holds changes that are not on the disk yet",
    BOOT_ONCE,
  ),
  NTFS_LOG_V2: unsafe(
    "the volume's $LogFile is of version 2.0: Windows keeps changes in memory across fast startup or power loss",
    BOOT_ONCE,
  ),
  NTFS_LOG_UNREADABLE: damaged("the state of the volume's $LogFile could not be read", CHKDSK),
  GUEST_HIBERNATED: unsafe(
    "the guest is hibernated or was shut down with fast startup: what it holds in memory is newer than the disk",
    BOOT_ONCE,
  ),
  GUEST_HIBERFILE_UNKNOWN: unsafe(
    "hiberfil.sys begins with an unknown signature, so hibernation cannot be excluded",
    BOOT_ONCE,
  ),
} as const satisfies Record<string, CodeEntry>;
