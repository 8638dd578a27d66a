// SPDX-License-Identifier: MIT
export { checkPartitions } from "./check-partitions.ts";
export type { PartitionedDisk } from "./read-table.ts";
export { checkBackupTable, readVolumes } from "./read-volumes.ts";
export type * from "./volume.ts";
