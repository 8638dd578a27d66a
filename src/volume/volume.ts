// SPDX-License-Identifier: MIT
import type { Finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";

/** The table that the volumes were found by; `none` where the disk has none. */
export type PartitionTable = "gpt" | "mbr" | "none";

/**
 * What a volume holds, told by its own bytes, or by its partition type where the bytes say nothing.
 *
 * A partition of a dynamic disk (GPT types of LDM, MBR type 0x42) is `ldm` whatever its bytes look like: the partition
 * table cannot be trusted there. `reserved` is space without a file system: the MSR, and boot code of other systems.
 */
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
  /** Number in the table, from 1, as Linux counts: logical partitions of an MBR begin at 5. */
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

/** A volume of a disk, with its bytes. */
export interface Volume {
  /** Position in the layout, from 0: in the order of the partition table, logical partitions last. */
  readonly index: number;
  /** Byte offset on the virtual disk. */
  readonly offset: number;
  /** As the partition table has it. */
  readonly sizeBytes: number;
  /** Undefined on a disk without a partition table. */
  readonly partition: Partition | undefined;
  readonly role: VolumeRole;
  readonly content: VolumeContent;
  /** The volume's bytes: fewer than `sizeBytes` where the partition reaches past the end of the disk. */
  readonly source: ByteSource;
}

/** The volumes of a disk, in the order of the table. */
export interface VolumeLayout {
  readonly table: PartitionTable;
  readonly volumes: readonly Volume[];
  readonly findings: readonly Finding[];
}
