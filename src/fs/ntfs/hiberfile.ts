// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../bytes/index.ts";
import type { NtfsVolume } from "./ntfs-volume.ts";

/**
 * What hiberfil.sys says: `absent` there is none, `inactive` it holds nothing to resume, `hibernated` it holds the
 * memory of a guest that was hibernated or shut down with fast startup, `unknown` it cannot be told.
 */
export type HiberfileState = "absent" | "inactive" | "hibernated" | "unknown";

const NAME = "hiberfil.sys";
/** The header is a page; a file without room for it was made by nobody we know. */
const HEADER_SIZE_BYTES = 4096;
/** Memory image present (Windows XP to 7 in capitals or not, by release). */
const HIBERNATED: readonly string[] = ["hibr", "HIBR"];
/** Image already resumed from. */
const RESUMED: readonly string[] = ["wake", "WAKE"];

/** Reads the first page of hiberfil.sys in the root of the volume. Throws what reading the volume throws. */
export function readHiberfileState(volume: NtfsVolume): HiberfileState {
  const file = volume.find(NAME);
  if (file === undefined) return "absent";
  if (file.isDirectory || file.sizeBytes < HEADER_SIZE_BYTES) return "unknown";
  // Windows writes the file past the file system, so it is never compressed, encrypted or kept elsewhere.
  if (!file.isStoredPlainly) return "unknown";
  const header = file.open().read(0, HEADER_SIZE_BYTES);
  const signature = decodeLatin1(header, 0, 4);
  if (HIBERNATED.includes(signature)) return "hibernated";
  if (RESUMED.includes(signature)) return "inactive";
  const isZero = new Uint8Array(header.buffer, header.byteOffset, header.byteLength).every(
    (byte) => byte === 0,
  );
  return isZero ? "inactive" : "unknown";
}
