// SPDX-License-Identifier: MIT

/** What sort of thing went wrong; the CLI maps it to an exit code (usage 2, unsafe 4, the others 3). */
export type ErrorKind = "usage" | "io" | "corrupt" | "unsupported" | "unsafe";

export interface CodeEntry {
  readonly kind: ErrorKind;
  /** How grave it is when it is reported as a finding instead of being thrown. */
  readonly severity: "info" | "warning" | "error";
  /** One sentence: what the code means. */
  readonly meaning: string;
  /** What the operator can do about it. */
  readonly hint?: string;
}

const RECOPY = "Copy the image again from its source, or restore it from a backup.";
const CHKDSK = "Start the VM, run `chkdsk /f` in the guest, and shut it down properly.";
const BOOT_ONCE = "Start the VM once and shut it down with `shutdown /s /t 0`.";

const entry =
  (kind: ErrorKind, severity: CodeEntry["severity"]) =>
  (meaning: string, hint?: string): CodeEntry =>
    hint === undefined ? { kind, severity, meaning } : { kind, severity, meaning, hint };

const usage = entry("usage", "error");
const io = entry("io", "error");
const corrupt = entry("corrupt", "error");
const damaged = entry("corrupt", "warning");
const unsupported = entry("unsupported", "error");
const unsafe = entry("unsafe", "warning");
const notice = entry("unsafe", "info");

/**
 * The one registry of codes, for errors and findings alike. A code is part of the public interface: it is never
 * renamed or given another meaning. `docs/errors.md` is generated from this table.
 */
export const CODES = {
  // Usage, and the host's own files
  USAGE: usage("the command line or the arguments of a call are wrong"),
  PATH_NOT_FOUND: usage("no file, folder or image matches what was named"),
  NOT_FOUND: usage("the file, key or value asked for does not exist in the image"),
  IO_OPEN: io(
    "a file on the host could not be opened",
    "Check that the path exists and that you may read it.",
  ),
  IO_READ: io("a file on the host could not be read", "Check the storage that holds the image."),
  IO_CHANGED: io("the image changed while it was being read", "Shut the VM down and run the command again."),
  IO_WRITE: io(
    "a file on the host could not be written",
    "Check that its folder exists, that you may write to it, and that there is space.",
  ),
  INTERNAL: corrupt("a mistake in vmguest itself", "Please report it with the command line that led to it."),

  // Bytes
  OUT_OF_BOUNDS: corrupt("a structure reaches past the end of what holds it", RECOPY),
  VALUE_TOO_LARGE: corrupt("a 64-bit number is larger than any real disk can need", RECOPY),
  LIMIT_EXCEEDED: corrupt("a count or size is beyond the limit that keeps one image from stalling the rest"),

  // Containers
  IMAGE_EMPTY: corrupt("the image file has no bytes", RECOPY),
  VHDX_NOT: corrupt("the file does not begin as a VHDX"),
  VHDX_HEADERS_INVALID: corrupt("neither header copy of the VHDX is valid", RECOPY),
  VHDX_HEADER_AMBIGUOUS: corrupt("both VHDX headers have the same sequence number and differ", RECOPY),
  VHDX_HEADER_DAMAGED: damaged("one of the two VHDX header copies is not valid; the other was used"),
  VHDX_VERSION: unsupported("the VHDX or its log has a version that is not 1 and 0"),
  VHDX_LOG_RANGE: corrupt(
    "the VHDX log lies outside the file, is not aligned, or overlaps something",
    RECOPY,
  ),
  VHDX_LOG_NO_SEQUENCE: corrupt("the VHDX log must be replayed, but holds no valid sequence", RECOPY),
  VHDX_LOG_TARGET: corrupt("a VHDX log entry would write where no log entry may write", RECOPY),
  VHDX_LOG_REPLAYED: notice(
    "the VHDX was not closed properly; its log was replayed in memory, the file was not changed",
  ),
  VHDX_TRUNCATED: corrupt("the VHDX file is shorter than its log says it was", RECOPY),
  VHDX_REGION_TABLES_INVALID: corrupt("neither region table of the VHDX is valid", RECOPY),
  VHDX_REGION_TABLE_DAMAGED: damaged("the first region table of the VHDX is not valid; the second was used"),
  VHDX_REGION_UNKNOWN: unsupported("the VHDX requires a region that is not known"),
  VHDX_REGION_DUPLICATE: corrupt("a region stands twice in the VHDX region table", RECOPY),
  VHDX_REGION_RANGE: corrupt("a VHDX region lies outside the file or is not aligned", RECOPY),
  VHDX_REGION_MISSING: corrupt("the VHDX has no BAT region or no metadata region", RECOPY),
  VHDX_OVERLAP: corrupt("two structures of the VHDX claim the same bytes", RECOPY),
  VHDX_METADATA_TABLE: corrupt("the VHDX metadata table is damaged", RECOPY),
  VHDX_METADATA_MISSING: corrupt("a metadata item that every VHDX must have is missing", RECOPY),
  VHDX_METADATA_UNKNOWN: unsupported("the VHDX requires a metadata item that is not known"),
  VHDX_PARAMETERS: corrupt("block size, sector size or virtual size of the VHDX is not allowed", RECOPY),
  VHDX_BAT_SHORT: corrupt("the block allocation table is too small for the virtual size", RECOPY),
  VHDX_BAT_RANGE: corrupt("a block allocation table entry points outside the file", RECOPY),
  VHDX_BAT_STATE: corrupt("a block allocation table entry has a state that is not allowed", RECOPY),
  VHDX_PARENT_LOCATOR: corrupt("the parent locator of the differencing VHDX is damaged", RECOPY),
  DISK_DIFFERENCING: unsupported(
    "the image is a differencing disk: it is only readable together with its parent, which is not supported yet",
    "Merge the checkpoint into its parent (Merge-VHD, or delete the checkpoint in Hyper-V Manager) and audit the result.",
  ),
  VHD_NOT: corrupt("the file has no VHD footer"),
  VHD_FOOTER_INVALID: corrupt("no copy of the VHD footer has a valid checksum", RECOPY),
  VHD_FOOTER_DAMAGED: damaged(
    "the VHD footer at the end of the file is not valid; its copy at the start was used",
  ),
  VHD_HEADER_INVALID: corrupt("the VHD dynamic disk header is damaged", RECOPY),
  VHD_PARAMETERS: corrupt("block size, disk type or virtual size of the VHD is not allowed", RECOPY),
  VHD_TRUNCATED: corrupt("the VHD file is shorter than the disk it claims to hold", RECOPY),
  VHD_BAT_SHORT: corrupt("the VHD block allocation table is too small for the virtual size", RECOPY),
  VHD_BAT_RANGE: corrupt("a VHD block allocation table entry points outside the file", RECOPY),
  VHD_SAVED_STATE: unsafe(
    "the VHD is marked as belonging to a saved state",
    "Delete the saved state or start and shut down the VM.",
  ),
  DISK_FORMAT_FOREIGN: unsupported(
    "the image is in a disk format that vmguest does not read",
    "Convert it: qemu-img convert -O vhdx.",
  ),

  // Partitions and volumes
  GPT_PRIMARY_DAMAGED: damaged("the primary GUID partition table is damaged; the backup was used"),
  GPT_BACKUP_DAMAGED: damaged(
    "the backup GUID partition table is damaged or not where the primary says; the primary was used",
  ),
  GPT_INVALID: corrupt("neither copy of the GUID partition table is valid", RECOPY),
  GPT_UNPROTECTED: damaged(
    "the disk has a GUID partition table, but no protective MBR: Windows would see an empty disk",
  ),
  GPT_HYBRID: notice("the MBR names partitions of its own beside the GUID partition table, which was used"),
  PARTITION_OVERLAP: damaged("two partitions claim the same sectors"),
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
  VOLUME_REFS: unsupported("the volume is ReFS, which vmguest does not read"),
  VOLUME_LDM: unsupported("the disk is a Windows dynamic disk (LDM), which vmguest does not read"),
  VOLUME_STORAGE_SPACES: unsupported(
    "the disk belongs to a Storage Spaces pool, which vmguest does not read",
  ),

  // NTFS
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

  // Registry hives
  REGF_NOT: corrupt("the file is not a registry hive"),
  REGF_VERSION: unsupported("the hive has a version or type that is not known"),
  REGF_BASE_BLOCK: corrupt("the base block of the hive is damaged"),
  REGF_BIN: corrupt("a bin of the hive is damaged"),
  REGF_CELL: corrupt("a cell of the hive is damaged or not allocated"),
  REGF_KEY: corrupt("a key of the hive is damaged"),
  REGF_LIST: corrupt("a subkey or value list of the hive is damaged"),
  REGF_VALUE: corrupt("a value of the hive is damaged"),
  REGF_LOOP: corrupt("the keys of the hive lead back to themselves"),
  REGF_LOG: damaged(
    "a transaction log of the hive is damaged from some place on; what came before it was used",
  ),
  REGF_LOG_APPLIED: notice(
    "the hive was not flushed; its transaction logs were applied in memory, the file was not changed",
  ),
  REGF_LOG_TIMESTAMP: damaged(
    "an old-format transaction log was applied although its time does not match the hive's",
  ),
  REGF_DIRTY: damaged(
    "the hive was not flushed and no transaction log of it can be applied: newest changes may be missing",
    BOOT_ONCE,
  ),
  HIVE_MISSING: corrupt("a Windows folder was found, but a registry hive that it must have is missing"),

  // PE files
  PE_NOT: corrupt("the file is not a PE image"),
  PE_TRUNCATED: corrupt("a structure of the PE image reaches past its end"),
  PE_NO_VERSION: corrupt("the PE image has no version resource"),

  // Guests
  GUEST_NONE: notice("no operating system was found in the image"),
  OS_UNKNOWN: damaged("the Windows version in the image is not one that vmguest knows"),
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

export type Code = keyof typeof CODES;
