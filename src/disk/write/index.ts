// SPDX-License-Identifier: MIT
export type { DiskWriteOptions, DiskWritePlan } from "./disk-write.ts";
export { planDiskWrites } from "./plan-disk-writes.ts";
