import type { Code } from "../../../src/errors.ts";
import { openNtfs } from "../../../src/fs/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { buildHive } from "../../lab/hive.ts";
import { encodeLogFile, type NtfsOptions } from "../../lab/ntfs.ts";
import { bootSector, type GPT_TYPES } from "../../lab/partitions.ts";
import type { TreeChange } from "../../lab/windows.ts";
import type { LabGuest } from "./targets.ts";

interface RefusedGuest {
  readonly name: string;
  readonly guest: LabGuest;
  readonly code: Code;
}

/** Guests that are refused for one reason. */
export const REFUSED_GUESTS: readonly RefusedGuest[] = [
  { name: "Windows XP", guest: { windows: { release: "xp" } }, code: "STAGE_NO_CBS" },
  { name: "Server 2003", guest: { windows: { release: "ws2003" } }, code: "STAGE_NO_CBS" },
  { name: "Windows 10", guest: { windows: { release: "win10" } }, code: "STAGE_BUILT_IN" },
  { name: "Server 2025", guest: { windows: { release: "ws2025" } }, code: "STAGE_BUILT_IN" },
  {
    name: "Nano Server",
    guest: { windows: { release: "ws2016", software: currentVersion({ InstallationType: "Nano Server" }) } },
    code: "STAGE_NANO",
  },
  {
    name: "a guest without a version",
    guest: { windows: { software: currentVersion({ CurrentVersion: null }) } },
    code: "OS_UNKNOWN",
  },
  {
    name: "a guest that sysprep left half way",
    guest: { windows: { software: imageState("IMAGE_STATE_UNDEPLOYABLE") } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest that is specialised while Setup is set to run",
    guest: { windows: { system: { Setup: { SystemSetupInProgress: 1 } } } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest with an unknown image state",
    guest: { windows: { software: imageState("IMAGE_STATE_SOMETHING") } },
    code: "STAGE_SETUP_STATE",
  },
  {
    name: "a guest whose TrustedInstaller is disabled",
    guest: { windows: { system: { ControlSet001: { Services: { TrustedInstaller: { Start: 4 } } } } } },
    code: "STAGE_TRUSTED_INSTALLER",
  },
  {
    name: "a guest without TrustedInstaller",
    guest: { windows: { system: { ControlSet001: { Services: { TrustedInstaller: null } } } } },
    code: "STAGE_TRUSTED_INSTALLER",
  },
  {
    name: "a guest with pending servicing",
    guest: { windows: { software: servicing({ RebootPending: {} }) } },
    code: "SERVICING_PENDING",
  },
  {
    name: "a guest that calls its folder by another name",
    guest: { windows: { software: currentVersion({ SystemRoot: "C:\\WinNT" }) } },
    code: "STAGE_SYSTEM_ROOT",
  },
  {
    name: "a guest in a folder with a name that a shell would read",
    guest: { windows: { root: "Win&dows", software: currentVersion({ SystemRoot: "C:\\Win&dows" }) } },
    code: "STAGE_SYSTEM_ROOT",
  },
  {
    name: "a folder Setup\\vmguest without a job",
    guest: { windows: { files: { "Setup/vmguest/notes.txt": ascii("mine") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a folder Setup\\vmguest with another's job.ini",
    guest: { windows: { files: { "Setup/vmguest/job.ini": ascii("[job]\r\n") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a file in the place of Setup\\vmguest",
    guest: { windows: { files: { "Setup/vmguest": ascii("mine") } } },
    code: "STAGING_FOREIGN",
  },
  {
    name: "a SYSTEM hive that was not flushed, without logs",
    guest: { windows: { files: dirtyHive() } },
    code: "HIVE_EDIT_UNRECOVERED",
  },
];

/** Guests of which one thing is told. */
export const WARNED_GUESTS: readonly RefusedGuest[] = [
  {
    name: "audit mode",
    guest: { windows: { software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT") } },
    code: "STAGE_AUDIT_MODE",
  },
  {
    name: "a domain controller",
    guest: { windows: { control: { Control: { ProductOptions: { ProductType: "LanmanNT" } } } } },
    code: "STAGE_DOMAIN_CONTROLLER",
  },
  {
    name: "a compressed folder Setup",
    guest: { ntfs: { files: { Windows: dir(), "Windows/Setup": { isDirectory: true, attributes: 0x800 } } } },
    code: "STAGE_FOLDER_COMPRESSED",
  },
];

export const page = (signature: string, sizeBytes = 4096) => {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(new TextEncoder().encode(signature));
  return bytes;
};
export const hiberfile = (content: Uint8Array) => ({
  files: { "hiberfil.sys": { content, storage: "clusters" as const } },
});

/** Volumes that are refused for one reason. */
export const REFUSED_VOLUMES: readonly {
  readonly name: string;
  readonly ntfs: NtfsOptions;
  readonly code: Code;
}[] = [
  { name: "hibernated (hibr)", ntfs: hiberfile(page("hibr")), code: "GUEST_HIBERNATED" },
  { name: "hibernated (HIBR)", ntfs: hiberfile(page("HIBR")), code: "GUEST_HIBERNATED" },
  { name: "resuming (RSTR)", ntfs: hiberfile(page("RSTR")), code: "GUEST_HIBERFILE_UNKNOWN" },
  {
    name: "with its memory elsewhere (LINK)",
    ntfs: hiberfile(page("LINK")),
    code: "GUEST_HIBERFILE_UNKNOWN",
  },
  { name: "with an unknown hiberfil.sys", ntfs: hiberfile(page("abcd")), code: "GUEST_HIBERFILE_UNKNOWN" },
  {
    name: "with a hiberfil.sys of no page",
    ntfs: hiberfile(page("", 4095)),
    code: "GUEST_HIBERFILE_UNKNOWN",
  },
  { name: "dirty", ntfs: { volumeFlags: 0x0001 }, code: "NTFS_DIRTY" },
  { name: "in the middle of a check", ntfs: { volumeFlags: 0x4000 }, code: "NTFS_CHKDSK_RUNNING" },
  { name: "deleting its USN journal", ntfs: { volumeFlags: 0x0010 }, code: "NTFS_FLAGS" },
  { name: "to be upgraded", ntfs: { volumeFlags: 0x0004 }, code: "NTFS_FLAGS" },
  { name: "not dismounted", ntfs: { logFile: "unclean" }, code: "NTFS_LOG_UNCLEAN" },
  { name: "kept in memory (LFS 2.0)", ntfs: { logFile: "v2" }, code: "NTFS_LOG_V2" },
  {
    name: "with a damaged log",
    ntfs: { logFile: encodeLogFile([undefined, undefined]).fill(0x11) },
    code: "NTFS_LOG_UNREADABLE",
  },
  { name: "of NTFS 3.0", ntfs: { version: [3, 0] }, code: "NTFS_WRITE_VERSION" },
];

/** Damage of a volume that is refused. */
export const REFUSED_DAMAGE: readonly {
  readonly name: string;
  readonly code: Code;
  readonly damage: (bytes: Uint8Array) => void;
}[] = [
  {
    name: "whose $MFTMirr is another",
    code: "NTFS_MIRROR_DIFFERS",
    damage: (bytes) => {
      const { mftMirrorOffset } = openNtfs(new MemorySource(bytes)).geometry;
      bytes[mftMirrorOffset + 0x60] = (bytes[mftMirrorOffset + 0x60] ?? 0) ^ 1;
    },
  },
  {
    name: "that has lost its boot sector",
    code: "NTFS_BOOT_DAMAGED",
    damage: (bytes) => bytes.fill(0, 0, 16),
  },
];

/** What may stand in the place of the guest's volume. */
export const CLOSED_VOLUMES: readonly {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type?: keyof typeof GPT_TYPES;
  readonly code: Code;
}[] = [
  { name: "BitLocker", bytes: bootSector("\xeb\x58\x90-FVE-FS-"), code: "VOLUME_BITLOCKER" },
  { name: "ReFS", bytes: bootSector("\0\0\0ReFS\0\0\0\0"), code: "VOLUME_REFS" },
  {
    name: "a Storage Spaces pool",
    bytes: page("", 512),
    type: "storageSpaces",
    code: "VOLUME_STORAGE_SPACES",
  },
  { name: "a dynamic disk", bytes: page("", 512), type: "ldmData", code: "VOLUME_LDM" },
];

export function currentVersion(values: Record<string, string | null>) {
  return { Microsoft: { "Windows NT": { CurrentVersion: values } } };
}

export function imageState(word: string) {
  return { Microsoft: { Windows: { CurrentVersion: { Setup: { State: { ImageState: word } } } } } };
}

export function servicing(keys: TreeChange) {
  return { Microsoft: { Windows: { CurrentVersion: { "Component Based Servicing": keys } } } };
}

export function dirtyHive() {
  const setup = { CmdLine: "", SetupType: 0, SystemSetupInProgress: 0, OOBEInProgress: 0 };
  const services = { TrustedInstaller: { Start: 3 }, wuauserv: { Start: 2 } };
  const control = { "Session Manager": { Environment: { PROCESSOR_ARCHITECTURE: "AMD64" } } };
  const tree = {
    Select: { Current: 1, Default: 1 },
    Setup: setup,
    ControlSet001: { Control: control, Services: services },
  };
  return { "System32/config/SYSTEM": buildHive(tree, { dirty: true }) };
}

export function ascii(text: string) {
  return new TextEncoder().encode(text);
}

function dir() {
  return { isDirectory: true };
}
