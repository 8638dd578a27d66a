// SPDX-License-Identifier: MIT
export { type AllocatedBlocks, allocatedBlocks } from "./allocated-blocks.ts";
export type { DiskWriteOptions, DiskWritePlan } from "./disk-write.ts";
export { type DiskChildOptions, type DiskChildPlan, planChild } from "./plan-child.ts";
export { planDiskWrites } from "./plan-disk-writes.ts";
