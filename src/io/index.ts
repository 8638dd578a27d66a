// SPDX-License-Identifier: MIT
export { type ByteSource, checkRange, copyBytes, type Origin, readBytes } from "./byte-source.ts";
export { FileSource, type FileSourceOptions } from "./file-source.ts";
export type { ImageFile } from "./image-file.ts";
export { MemorySource } from "./memory-source.ts";
export {
  CHANGE_PAGE_BYTES,
  type Change,
  Overlay,
  PHASES,
  type Phase,
  type PhaseChanges,
  type WritableSource,
} from "./overlay.ts";
export { type Backing, PageCache, type PageCacheOptions } from "./page-cache.ts";
export { type FoundParent, ParentFolders, type ParentFoldersOptions } from "./parent-folders.ts";
export { ReadAhead, type ReadAheadOptions } from "./read-ahead.ts";
export { type Meter, ReadBudget, type ReadLimits } from "./read-budget.ts";
export { ReadStats } from "./read-stats.ts";
export {
  type HostEntry,
  type HostFolder,
  type HostListing,
  SiblingFiles,
  type SiblingFilesOptions,
} from "./sibling-files.ts";
export { SliceSource } from "./slice-source.ts";
export { parseWindowsPath, type WindowsPath } from "./windows-path.ts";
export { WritableSlice } from "./writable-slice.ts";
