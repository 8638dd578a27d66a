// SPDX-License-Identifier: MIT
export { type AllocatedBlocks, allocatedBlocks } from "./allocated-blocks.ts";
export type { DiskWriteOptions, DiskWritePlan } from "./disk-write.ts";
export { fileRanges } from "./file-ranges.ts";
export { type DiskChildOptions, planChild } from "./plan-child.ts";
export { planDiskWrites } from "./plan-disk-writes.ts";
export { findUnsound } from "./soundness.ts";
