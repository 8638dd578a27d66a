// SPDX-License-Identifier: MIT

export type { Chain } from "./chain.ts";
export type {
  ChainLink,
  Disk,
  DiskFormat,
  DiskKind,
  OpenDiskOptions,
  ParentCandidate,
  ParentReference,
  ResolveParent,
} from "./disk.ts";
export { openDisk, readChain } from "./open-disk.ts";
export { openRaw } from "./raw-disk.ts";
export { openVhd } from "./vhd/open-vhd.ts";
export { openVhdx } from "./vhdx/open-vhdx.ts";
