// SPDX-License-Identifier: MIT
import type { NtfsOptions } from "./ntfs/options.ts";
import { layNtfs } from "./ntfs/volume.ts";

export { encodeLogFile, LOG_FILES, type RestartOptions } from "./ntfs/log-file.ts";
export { compressLznt1 } from "./ntfs/lznt1.ts";
export { compareNames, LAB_TIME, UPCASE } from "./ntfs/names.ts";
export type { FileOptions, NtfsOptions, StreamOptions } from "./ntfs/options.ts";
export { encodeRuns, type Run } from "./ntfs/runs.ts";
export { type LabVolume, layNtfs } from "./ntfs/volume.ts";

/** The bytes of a small NTFS volume with these files: `buildNtfs({ files: { "Windows/win.ini": "..." } })`. */
export function buildNtfs(options: NtfsOptions = {}): Uint8Array {
  return layNtfs(options).bytes;
}
