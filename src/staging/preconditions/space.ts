// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../errors.ts";
import type { NtfsVolume } from "../../fs/index.ts";
import { readBytes } from "../../io/index.ts";

/** What Windows servicing should find free: virt-v2v asks for as much on a Windows (RHBZ 1949147). */
const FREE_BYTES_MIN = 100 * 1024 * 1024;
/** A package unpacks to several times its size, and what it replaces is kept. */
const PACKAGE_SHARE = 5;

/** Of the bitmap that is read at a time; the search ends where there is enough. */
const PIECE_BYTES = 64 * 1024;

/** Whether the volume has room for an installation of a package of so many bytes. */
export function* checkSpace(volume: NtfsVolume, payloadBytes: number): Generator<Finding> {
  const { clusterSizeBytes } = volume.geometry;
  const wantedBytes = Math.max(FREE_BYTES_MIN, PACKAGE_SHARE * payloadBytes);
  const freeBytes = countFree(volume, Math.ceil(wantedBytes / clusterSizeBytes)) * clusterSizeBytes;
  if (freeBytes >= wantedBytes) return;
  const message = `${toMib(freeBytes)} MiB are free, and ${toMib(wantedBytes)} MiB should be`;
  yield finding("STAGE_SPACE", message, { path: "$Bitmap" });
}

/** Free clusters by the volume's bitmap, counted no further than `enough`. */
function countFree(volume: NtfsVolume, enough: number): number {
  const { clusterCount } = volume.geometry;
  const bitmap = volume.require("$Bitmap").open();
  const sizeBytes = Math.min(bitmap.sizeBytes, Math.ceil(clusterCount / 8));
  if (sizeBytes * 8 < clusterCount) {
    const message = `the bitmap has ${sizeBytes} bytes for ${clusterCount} clusters`;
    throw new VmguestError("NTFS_WRITE_DAMAGED", message, { path: "$Bitmap" });
  }
  let free = 0;
  for (let at = 0; at < sizeBytes && free < enough; at += PIECE_BYTES) {
    const piece = readBytes(bitmap, at, Math.min(PIECE_BYTES, sizeBytes - at));
    for (const byte of piece) free += ZERO_BITS[byte] ?? 0;
  }
  return free;
}

/** How many bits of a byte are zero. */
const ZERO_BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let zeros = 0;
  for (let bit = 0; bit < 8; bit++) if (((byte >> bit) & 1) === 0) zeros++;
  return zeros;
});

const toMib = (bytes: number) => Math.floor(bytes / (1024 * 1024));
