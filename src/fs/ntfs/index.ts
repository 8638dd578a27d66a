// SPDX-License-Identifier: MIT
export type { NtfsGeometry } from "./boot.ts";
export type { HiberfileState } from "./hiberfile.ts";
export type { LinkTarget } from "./link-target.ts";
export type { LogState } from "./log-state.ts";
export type { NtfsNode } from "./ntfs-node.ts";
export { type NtfsState, type NtfsStateWord, readNtfsState } from "./ntfs-state.ts";
export {
  type FindOptions,
  type NtfsOpenOptions,
  type NtfsVersion,
  type NtfsVolume,
  openNtfs,
} from "./ntfs-volume.ts";
export type { AccessEntry, SecurityDescriptor } from "./security/descriptor.ts";
