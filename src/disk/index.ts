// SPDX-License-Identifier: MIT
export type { Disk, DiskFormat, DiskKind } from "./disk.ts";
