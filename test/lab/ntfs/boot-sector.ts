// SPDX-License-Identifier: MIT
import { BootSector } from "../../../src/fs/ntfs/layout.ts";
import type { NtfsOptions } from "./options.ts";

/** The boot sector of a volume, in the coding that Windows would choose for each size. */
export function encodeBoot(
  {
    sectorSizeBytes = 512,
    clusterSizeBytes = 4096,
    recordSizeBytes = 1024,
    indexBlockSizeBytes = 4096,
  }: NtfsOptions,
  place: { volumeSizeBytes: number; mftCluster: number; mirrorCluster: number },
): Uint8Array {
  const sectorsPerCluster = clusterSizeBytes / sectorSizeBytes;
  const sizeCode = (sizeBytes: number) =>
    sizeBytes >= clusterSizeBytes ? sizeBytes / clusterSizeBytes : -Math.log2(sizeBytes);
  const boot = new BootSector(new DataView(new ArrayBuffer(BootSector.sizeBytes)));
  Object.assign(boot, {
    jump: Uint8Array.of(0xeb, 0x52, 0x90),
    oemId: "NTFS    ",
    bytesPerSector: sectorSizeBytes,
    sectorsPerCluster: sectorsPerCluster > 128 ? 256 - Math.log2(sectorsPerCluster) : sectorsPerCluster,
    media: 0xf8,
    sectorsPerTrack: 63,
    heads: 255,
    totalSectors: place.volumeSizeBytes / sectorSizeBytes,
    mftCluster: place.mftCluster,
    mftMirrorCluster: place.mirrorCluster,
    recordSize: sizeCode(recordSizeBytes),
    indexBlockSize: sizeCode(indexBlockSizeBytes),
    serial: 0x1234_5678_9abc_def0n,
    endMarker: 0xaa55,
  });
  return new Uint8Array(boot.view.buffer);
}
