// SPDX-License-Identifier: MIT
export type { Content } from "./file-data.ts";
export {
  type ChangeOptions,
  type ContentOptions,
  type CreateOptions,
  type MadeFile,
  NtfsWriter,
  type RecordPhase,
} from "./ntfs-writer.ts";
export type { NtfsWriterOptions } from "./volume-parts.ts";
