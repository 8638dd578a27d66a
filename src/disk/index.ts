// SPDX-License-Identifier: MIT
export type { Disk, DiskFormat, DiskKind } from "./disk.ts";
export { openDisk } from "./open-disk.ts";
export { openRaw } from "./raw-disk.ts";
export { openVhd } from "./vhd/open-vhd.ts";
export { openVhdx } from "./vhdx/open-vhdx.ts";
