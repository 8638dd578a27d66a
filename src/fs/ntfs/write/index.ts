// SPDX-License-Identifier: MIT
export type {
  ChangeOptions,
  ContentOptions,
  CreateOptions,
  MadeFile,
  RecordPhase,
  VolumeRange,
} from "./change-options.ts";
export type { Content } from "./file-data.ts";
export { NtfsWriter } from "./ntfs-writer.ts";
export type { NtfsWriterOptions } from "./volume-parts.ts";
