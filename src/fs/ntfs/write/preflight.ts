// SPDX-License-Identifier: MIT
import { type Finding, VmguestError } from "../../../errors.ts";
import { readBytes } from "../../../io/index.ts";
import { RECORD } from "../layout.ts";
import { readNtfsState } from "../ntfs-state.ts";
import type { NtfsVolume } from "../ntfs-volume.ts";

/** The mirror is one cluster at most, and a cluster 2 MiB at most. */
const MIRROR_SIZE_MAX = 2 * 1024 * 1024;

/**
 * Throws why nothing may be written to a volume: NTFS_WRITE_VERSION, NTFS_MIRROR_DIFFERS, what opening it had to go around
 * (NTFS_BOOT_DAMAGED, NTFS_MFT_DAMAGED), or what {@link readNtfsState} finds, the same code for the same reason.
 */
export function requireWritable(volume: NtfsVolume): void {
  if (volume.version !== "3.1") {
    throw new VmguestError("NTFS_WRITE_VERSION", `the volume has NTFS version ${volume.version}`, {
      path: "$Volume",
    });
  }
  refuse(volume.findings);
  refuse(readNtfsState(volume).findings);
  requireMirror(volume);
  refuse(volume.findings);
}

function refuse([found]: readonly Finding[]): void {
  if (found !== undefined) throw new VmguestError(found.code, found.message, found.where);
}

function requireMirror(volume: NtfsVolume): void {
  const table = volume.openRecord(RECORD.mft, "$MFT").open();
  const mirror = volume.openRecord(RECORD.mftMirror, "$MFTMirr").open();
  const sizeBytes = Math.min(table.sizeBytes, mirror.sizeBytes, MIRROR_SIZE_MAX);
  const own = readBytes(table, 0, sizeBytes);
  const at = readBytes(mirror, 0, sizeBytes).findIndex((byte, index) => byte !== own[index]);
  if (at === -1) return;
  throw new VmguestError("NTFS_MIRROR_DIFFERS", "$MFT and $MFTMirr do not agree", {
    path: "$MFTMirr",
    offset: at,
  });
}
