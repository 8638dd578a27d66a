// SPDX-License-Identifier: MIT
import type { VolumeContent, VolumeRole } from "./volume.ts";

/** What the type of a partition tells about it before its bytes are read. */
export interface PartitionType {
  readonly role: VolumeRole;
  /** What it holds where its own bytes say nothing; undefined where the type fits many things. */
  readonly content?: VolumeContent;
  /** Its bytes are not asked: either they cannot speak, or they must not be believed. */
  readonly isConclusive?: true;
  /** Windows keeps NTFS under this type, so a lost boot sector may have its copy in the last sector. */
  readonly mayHoldNtfs?: true;
}

const UNKNOWN: PartitionType = { role: "unknown" };
const DATA: PartitionType = { role: "data" };
const WINDOWS_DATA: PartitionType = { role: "data", mayHoldNtfs: true };
const WINDOWS_RECOVERY: PartitionType = { role: "recovery", mayHoldNtfs: true };
const ESP: PartitionType = { role: "esp" };
const LDM: PartitionType = { role: "data", content: "ldm", isConclusive: true };
const BOOT_CODE: PartitionType = { role: "unknown", content: "reserved", isConclusive: true };
const SWAP: PartitionType = { role: "data", content: "swap" };
const LVM: PartitionType = { role: "data", content: "lvm" };
const UFS: PartitionType = { role: "data", content: "ufs" };

/**
 * By the text in `Partition.type`. GUIDs: UEFI 2.10 table 5.7, Microsoft's PARTITION_INFORMATION_GPT, the Discoverable
 * Partitions Specification, FreeBSD gpart(8). Type bytes: Microsoft's PARTITION_INFORMATION_MBR and fdisk's list.
 *
 * MBR type 0x42 is always LDM, although a plain NTFS may begin right there: on a dynamic disk the partition table
 * only marks what the LDM database at the end of the disk describes, and a volume may go on elsewhere.
 */
const TYPES: ReadonlyMap<string, PartitionType> = new Map([
  ["c12a7328-f81f-11d2-ba4b-00a0c93ec93b", ESP],
  ["e3c9e316-0b5c-4db8-817d-f92df00215ae", { role: "msr", content: "reserved", isConclusive: true }],
  ["ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", WINDOWS_DATA],
  ["de94bba4-06d1-4d40-a16a-bfd50179d6ac", WINDOWS_RECOVERY],
  ["5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", LDM],
  ["af9b60a0-1431-4f62-bc68-3311714a69ad", LDM],
  ["e75caf8f-f680-4cee-afa3-b001e56efc2d", { role: "data", content: "storage-spaces", isConclusive: true }],
  // BIOS boot partition: the second stage of GRUB, no file system.
  ["21686148-6449-6e6f-744e-656564454649", BOOT_CODE],
  ["0fc63daf-8483-4772-8e79-3d69d8477de4", DATA],
  ["4f68bce3-e8cd-4db1-96e7-fbcaf984b709", DATA],
  ["b921b045-1df0-41c3-af44-4c6f280d3fae", DATA],
  ["bc13c2ff-59e6-4262-a352-b275fd6f7172", DATA],
  ["933ac7e1-2eb4-4f13-b844-0e14e2aef915", DATA],
  ["e6d6d379-f507-44c2-a23c-238f2a3df928", LVM],
  ["0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", SWAP],
  ["ca7d7ccb-63ed-4c53-861c-1742536059cc", { role: "data", content: "luks" }],
  ["83bd6b9d-7f41-11dc-be0b-001560b84f0f", BOOT_CODE],
  ["516e7cb5-6ecf-11d6-8ff8-00022d09712b", SWAP],
  ["516e7cb6-6ecf-11d6-8ff8-00022d09712b", UFS],
  ["516e7cba-6ecf-11d6-8ff8-00022d09712b", DATA],
  ["0x01", DATA],
  ["0x04", DATA],
  ["0x06", DATA],
  ["0x07", WINDOWS_DATA],
  ["0x0b", DATA],
  ["0x0c", DATA],
  ["0x0e", DATA],
  ["0x17", WINDOWS_DATA],
  ["0x27", WINDOWS_RECOVERY],
  ["0x42", LDM],
  ["0x82", SWAP],
  ["0x83", DATA],
  ["0x8e", LVM],
  ["0xa5", UFS],
  ["0xef", ESP],
]);

/** What is known of a type, given as `Partition.type` has it. Types that are not in the list say nothing. */
export function partitionType(type: string): PartitionType {
  return TYPES.get(type) ?? UNKNOWN;
}
