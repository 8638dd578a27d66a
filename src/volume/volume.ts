// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";

export type PartitionTable = "gpt" | "mbr" | "none";

/** What a volume holds, told by its own bytes, or by its partition type where the bytes say nothing. */
export type VolumeContent =
  | "ntfs"
  | "fat"
  | "exfat"
  | "bitlocker"
  | "refs"
  | "ldm"
  | "storage-spaces"
  | "ext"
  | "xfs"
  | "btrfs"
  | "lvm"
  | "luks"
  | "swap"
  | "ufs"
  | "reserved"
  | "unknown";

/** What the partition is for, by its type. */
export type VolumeRole = "esp" | "msr" | "recovery" | "data" | "unknown";

/** The entry of a partition table that a volume comes from. */
export interface Partition {
  /** Number in the table, from 1, as Windows and Linux count. */
  readonly number: number;
  /** GPT: type GUID, lower case. MBR: type byte as `0x07`. */
  readonly type: string;
  /** GPT only. */
  readonly name: string | undefined;
  /** GPT only. */
  readonly guid: string | undefined;
  /** MBR only. */
  readonly isActive: boolean | undefined;
}

export interface Volume {
  /** Position in the image, from 0. */
  readonly index: number;
  /** Byte offset on the virtual disk. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Undefined on a disk without a partition table. */
  readonly partition: Partition | undefined;
  readonly role: VolumeRole;
  readonly content: VolumeContent;
  /** The volume's bytes. */
  readonly source: ByteSource;
}

export interface VolumeLayout {
  readonly table: PartitionTable;
  readonly volumes: readonly Volume[];
  readonly findings: readonly Finding[];
}
