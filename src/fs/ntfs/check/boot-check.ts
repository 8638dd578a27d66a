// SPDX-License-Identifier: MIT
import { type ByteSource, readBytes } from "../../../io/index.ts";
import { ATTRIBUTE, BootSector, RECORD } from "../layout.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** From the OEM identifier to the serial number: what must be the same in both copies. Boot code may differ. */
const PARAMETERS_END = BootSector.offsetOf.checksum;
/** Ranges that every formatter leaves zero; what follows the last one is not: Windows writes 0x80 there. */
const RESERVED_RANGES = [
  [0x0e, 0x15],
  [0x16, 0x18],
  [0x20, 0x24],
] as const;

/** The first sector against its backup, and against where $MFT and $MFTMirr say they are. */
export function checkBoot(check: VolumeCheck): void {
  const { volume } = check.context.space;
  const boot = readBytes(volume, 0, BootSector.sizeBytes);
  // Where the first sector is damaged its backup is in force, and a finding of the volume says so.
  if (check.volume.findings.some(({ code }) => code === "NTFS_BOOT_DAMAGED")) return;
  checkBackup(check, volume, boot);
  for (const [start, end] of RESERVED_RANGES) {
    if (boot.subarray(start, end).every((byte) => byte === 0)) continue;
    check.add("NTFS_BOOT_RESERVED", `the field at 0x${start.toString(16)} is not zero`, {
      structure: "NTFS boot sector",
      offset: start,
    });
  }
  checkPlace(check, RECORD.mft, "NTFS_MFT_PLACE", check.geometry.mftOffset);
  checkPlace(check, RECORD.mftMirror, "NTFS_MIRROR_PLACE", check.geometry.mftMirrorOffset);
}

/** Windows keeps the backup behind the last sector that the volume counts. */
function checkBackup(check: VolumeCheck, volume: ByteSource, boot: Uint8Array): void {
  const { totalSectors, bytesPerSector } = new BootSector(
    new DataView(boot.buffer, boot.byteOffset, boot.length),
  );
  const offset = totalSectors * bytesPerSector;
  const where = { structure: "backup of the NTFS boot sector", offset };
  if (offset + BootSector.sizeBytes > volume.sizeBytes) {
    check.add("NTFS_BOOT_BACKUP", "the partition ends before it", where);
    return;
  }
  const backup = readBytes(volume, offset, PARAMETERS_END);
  const at = backup.findIndex((byte, index) => index >= BootSector.offsetOf.oemId && byte !== boot[index]);
  if (at !== -1)
    check.add("NTFS_BOOT_BACKUP", `differs from the first sector from byte 0x${at.toString(16)} on`, where);
}

/** The first run of the file's data must begin where the boot sector says it does. */
function checkPlace(
  check: VolumeCheck,
  recordNumber: number,
  code: "NTFS_MFT_PLACE" | "NTFS_MIRROR_PLACE",
  offset: number,
): void {
  const { clusterSizeBytes, clusterCount } = check.context.space;
  check.attempt(() => {
    const record = check.context.mft.record(recordNumber);
    const data = record.attributes.find(({ type, name }) => type === ATTRIBUTE.data && name === "");
    if (data === undefined || data.isResident) return;
    const cluster = data.decodeRuns(clusterCount).lcns[0];
    const expected = offset / clusterSizeBytes;
    if (cluster === expected) return;
    const message = `the data begins at cluster ${cluster}, the boot sector says ${expected}`;
    check.add(code, message, data.where);
  });
}
