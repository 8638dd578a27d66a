// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";

export type DiskFormat = "vhdx" | "vhd" | "raw";
export type DiskKind = "fixed" | "dynamic" | "differencing";

/** A virtual disk as the guest sees it: flat bytes, whatever the file that holds them looks like. */
export interface Disk extends ByteSource {
  readonly format: DiskFormat;
  readonly kind: DiskKind;
  /** Bytes per logical sector; partition tables count in it. */
  readonly logicalSectorSizeBytes: 512 | 4096;
  /** `replayed`: the file holds a log that was not applied yet; it was, in memory. Always `clean` for VHD and raw. */
  readonly logState: "clean" | "replayed";
  /** Identity of the disk's present content (VHDX only): changes with every session that writes to it. */
  readonly dataWriteGuid: string | undefined;
  /** Damage that reading could go around. */
  readonly findings: readonly Finding[];
}
