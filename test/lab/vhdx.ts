// SPDX-License-Identifier: MIT
export { DATA_WRITE_GUID, VhdxImage, type VhdxOptions, vhdxOf } from "./vhdx/image.ts";
export { type LogChange, type LogEntryFields, makeLogEntry, VhdxLog } from "./vhdx/log.ts";
export { SparseImage } from "./vhdx/sparse-image.ts";
export { MetadataTable, makeParentLocator, RegionTable } from "./vhdx/tables.ts";
