// SPDX-License-Identifier: MIT
export type { PartitionedDisk } from "./read-table.ts";
export { checkBackupTable, readVolumes } from "./read-volumes.ts";
export type * from "./volume.ts";
