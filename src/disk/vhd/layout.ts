// SPDX-License-Identifier: MIT
import { ascii, bytes, reserved, size64be, struct, u8, u16be, u32be, u64be } from "../../bytes/index.ts";

/**
 * Structures of the VHD format, "Virtual Hard Disk Image Format Specification" 1.0 (Microsoft, 2006). All integers
 * are big-endian, sectors always have 512 bytes, and a checksum is the ones' complement of the sum of all bytes of
 * its structure with the checksum itself taken as zero.
 */

export const SECTOR_SIZE_BYTES = 512;

/** Footer: the last sector of the file, and of a dynamic disk a copy in the first one ("Hard Disk Footer Format"). */
export const VhdFooter = struct("VHD footer", 512, {
  cookie: ascii(0, 8, "always `conectix`"),
  features: u32be(8, "bit 0: temporary, bit 1: always set"),
  version: u32be(12, "0x00010000"),
  dataOffset: u64be(16, "offset of the dynamic disk header; all ones for a fixed disk"),
  timestamp: u32be(24, "seconds since 2000-01-01 00:00 UTC"),
  creatorApplication: ascii(28, 4, "`win `, `vpc `, `qemu`, ..."),
  creatorVersion: u32be(32, "version of the creator"),
  creatorHostOs: ascii(36, 4, "`Wi2k` or `Mac `"),
  originalSizeBytes: size64be(40, "size the disk was made with"),
  currentSizeBytes: size64be(48, "size the disk has"),
  cylinders: u16be(56, "geometry; too coarse to tell the size"),
  heads: u8(58, "geometry"),
  sectorsPerTrack: u8(59, "geometry"),
  diskType: u32be(60, "2 fixed, 3 dynamic, 4 differencing"),
  checksum: u32be(64, "of these 512 bytes"),
  uniqueId: bytes(68, 16, "identity of the disk, which children repeat"),
  savedState: u8(84, "1: the disk belongs to a saved state"),
  reserved: reserved(85, 427),
});
export type VhdFooter = InstanceType<typeof VhdFooter>;

export const DISK_TYPES = { fixed: 2, dynamic: 3, differencing: 4 } as const;

/** Some versions of Virtual PC left off the last byte of the footer, which is reserved. */
export const SHORT_FOOTER_SIZE_BYTES = 511;

/** Header of a dynamic or differencing disk ("Dynamic Disk Header Format"). */
export const VhdDynamicHeader = struct("VHD dynamic disk header", 1024, {
  cookie: ascii(0, 8, "always `cxsparse`"),
  dataOffset: bytes(8, 8, "all ones"),
  tableOffset: size64be(16, "offset of the block allocation table"),
  version: u32be(24, "0x00010000"),
  tableEntryCount: u32be(28, "entries of the block allocation table"),
  blockSizeBytes: u32be(32, "payload of a block, without its sector bitmap; a power of two, usually 2 MiB"),
  checksum: u32be(36, "of these 1024 bytes"),
  parentUniqueId: bytes(40, 16, "unique id of the parent"),
  parentTimestamp: u32be(56, "modification time of the parent"),
  reserved: reserved(60, 4),
  parentName: bytes(64, 512, "name of the parent, UTF-16BE"),
  parentLocators: bytes(576, 192, "eight parent locator entries"),
  reservedToo: reserved(768, 256),
});
export type VhdDynamicHeader = InstanceType<typeof VhdDynamicHeader>;

/** Where another spelling of the parent's path is stored ("Dynamic Disk Header Format", Parent Locator Entry). */
export const VhdParentLocator = struct("VHD parent locator", 24, {
  platformCode: ascii(0, 4, "`W2ru` relative and `W2ku` absolute path, both UTF-16LE; `MacX` a file URL"),
  dataSpace: u32be(4, "room for the path; some writers count bytes, some sectors"),
  dataLengthBytes: u32be(8, "length of the path"),
  reserved: reserved(12, 4),
  dataOffset: size64be(16, "file offset of the path"),
});

export const PARENT_LOCATOR_COUNT = 8;

/** An entry of the block allocation table: the sector at which the block's bitmap begins. */
export const BAT_ENTRY_SIZE_BYTES = 4;
/** The table entry of a block that was never written. */
export const BLOCK_NOT_ALLOCATED = 0xffffffff;
