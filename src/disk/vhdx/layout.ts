// SPDX-License-Identifier: MIT
import { ascii, bytes, guid, reserved, size64, struct, u16, u32, u64, utf16 } from "../../bytes/index.ts";

/**
 * Structures of the VHDX format, MS-VHDX version 20180912. All integers are little-endian; every checksum is a
 * CRC-32C over its whole structure with the checksum itself taken as zero.
 */

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Identifier, headers and region tables; everything else lies behind it (2.1). */
export const HEADER_SECTION_SIZE_BYTES = MIB;
/** Log, regions and blocks begin at multiples of it, and all but the blocks are as long (2.1). */
export const ALIGNMENT_BYTES = MIB;
/** The two copies of the header (2.2.2). */
export const HEADER_OFFSETS = [64 * KIB, 128 * KIB] as const;
/** The two copies of the region table (2.2.3). */
export const REGION_TABLE_OFFSETS = [192 * KIB, 256 * KIB] as const;
/** The checksum of a region table covers all of it (2.2.3.1). */
export const REGION_TABLE_SIZE_BYTES = 64 * KIB;
/** A region table, and a metadata table as well, has room for no more (2.2.3.1, 2.6.1.1). */
export const TABLE_ENTRY_COUNT_MAX = 2047;

/** File type identifier, at offset 0 (2.2.1). */
export const FileIdentifier = struct("VHDX file identifier", 520, {
  signature: ascii(0, 8, "always `vhdxfile`"),
  creator: utf16(8, 512, "who wrote the file, for diagnosis only"),
});

/** Header, at 64 KiB and 128 KiB (2.2.2). */
export const VhdxHeader = struct("VHDX header", 4096, {
  signature: ascii(0, 4, "always `head`"),
  checksum: u32(4, "CRC-32C of these 4096 bytes"),
  sequence: u64(8, "of two valid headers, the one with the higher number is in force"),
  fileWriteGuid: guid(16, "changes before a session first modifies the file"),
  dataWriteGuid: guid(32, "changes before a session first modifies what the guest sees"),
  logGuid: guid(48, "zero: the log is empty; else entries of the log that carry it are valid"),
  logVersion: u16(64, "version of the log, 0"),
  version: u16(66, "version of the format, 1"),
  logLengthBytes: u32(68, "a multiple of 1 MiB"),
  logOffset: size64(72, "a multiple of 1 MiB"),
  reserved: reserved(80, 4016),
});
export type VhdxHeader = InstanceType<typeof VhdxHeader>;

/** Begin of a region table, at 192 KiB and 256 KiB (2.2.3.1). */
export const RegionTableHeader = struct("VHDX region table", 16, {
  signature: ascii(0, 4, "always `regi`"),
  checksum: u32(4, "CRC-32C of the 64 KiB of the table"),
  entryCount: u32(8, "at most 2047"),
  reserved: reserved(12, 4),
});

/** Entry of a region table (2.2.3.2). */
export const RegionTableEntry = struct("VHDX region table entry", 32, {
  id: guid(0, "which region it is"),
  fileOffset: size64(16, "a multiple of 1 MiB, at least 1 MiB"),
  lengthBytes: u32(24, "a multiple of 1 MiB"),
  flags: u32(28, "bit 0: whoever does not know the region must not open the file"),
});

export const REGION_FLAGS = { required: 1 } as const;
export const REGION_IDS = {
  bat: "2dc27766-f623-4200-9d64-115e9bfd4a08",
  metadata: "8b7ca206-4790-4b9a-b8fe-575f050f886e",
} as const;

/** Begin of the metadata region; its table fills the first 64 KiB (2.6.1.1). */
export const MetadataTableHeader = struct("VHDX metadata table", 32, {
  signature: ascii(0, 8, "always `metadata`"),
  reserved: reserved(8, 2),
  entryCount: u16(10, "at most 2047"),
  reservedToo: reserved(12, 20),
});

/** Entry of the metadata table (2.6.1.2). */
export const MetadataTableEntry = struct("VHDX metadata table entry", 32, {
  itemId: guid(0, "which item it is"),
  offset: u32(16, "from the begin of the metadata region, at least 64 KiB; 0 for an item without bytes"),
  lengthBytes: u32(20, "at most 1 MiB"),
  flags: u32(24, "bit 0: user item, bit 1: describes the virtual disk, bit 2: must be known"),
  reserved: reserved(28, 4),
});

/** The metadata table has a fixed size; items lie behind it (2.6.1). */
export const METADATA_TABLE_SIZE_BYTES = 64 * KIB;
export const METADATA_FLAGS = { isUser: 1, isVirtualDisk: 2, isRequired: 4 } as const;
export const METADATA_IDS = {
  fileParameters: "caa16737-fa36-4d43-b3b6-33f0aa44e76b",
  virtualDiskSize: "2fa54224-cd1b-4876-b211-5dbed83bf4b8",
  virtualDiskId: "beca12ab-b2e6-4523-93ef-c309e000c746",
  logicalSectorSize: "8141bf1d-a96f-4709-ba47-f233a8faab5f",
  physicalSectorSize: "cda348c7-445d-4471-9cc9-e9885251c556",
  parentLocator: "a8d35f2d-b30b-454d-abf7-d3d84834ab0c",
} as const;

/** Metadata item: file parameters (2.6.2.1). */
export const FileParameters = struct("VHDX file parameters", 8, {
  blockSizeBytes: u32(0, "size of a payload block: a power of two, 1 MiB to 256 MiB"),
  flags: u32(4, "bit 0: leave blocks allocated (a fixed disk), bit 1: has a parent"),
});

export const FILE_PARAMETER_FLAGS = { leaveBlocksAllocated: 1, hasParent: 2 } as const;

/** Metadata item: begin of the parent locator (2.6.2.6.1). */
export const ParentLocatorHeader = struct("VHDX parent locator", 20, {
  locatorType: guid(0, "b04aefb7-d19e-4a81-b789-25b8e9445913 where the parent is a VHDX"),
  reserved: reserved(16, 2),
  keyValueCount: u16(18, "entries that follow"),
});

/** Entry of the parent locator: UTF-16LE texts without terminator (2.6.2.6.2). */
export const ParentLocatorEntry = struct("VHDX parent locator entry", 12, {
  keyOffset: u32(0, "from the begin of the item"),
  valueOffset: u32(4, "from the begin of the item"),
  keyLengthBytes: u16(8, "length of the key"),
  valueLengthBytes: u16(10, "length of the value"),
});

export const VHDX_PARENT_LOCATOR_TYPE = "b04aefb7-d19e-4a81-b789-25b8e9445913";

/** The log is written in sectors of this size, whatever the disk's own sectors are (2.3). */
export const LOG_SECTOR_SIZE_BYTES = 4 * KIB;

/** Header of a log entry; its descriptors follow at once (2.3.1.1). */
export const LogEntryHeader = struct("VHDX log entry", 64, {
  signature: ascii(0, 4, "always `loge`"),
  checksum: u32(4, "CRC-32C of the whole entry"),
  entryLengthBytes: u32(8, "of header, descriptors and data sectors; a multiple of 4 KiB"),
  tail: u32(12, "offset in the log of the oldest entry that a replay must begin with"),
  sequence: u64(16, "one more than that of the entry before"),
  descriptorCount: u32(24, "may be 0"),
  reserved: reserved(28, 4),
  logGuid: guid(32, "equals that of the header, or the entry is stale"),
  flushedFileOffset: size64(48, "size the file had on stable storage when the entry was written"),
  lastFileOffset: size64(56, "size that all structures of the file fit into"),
});

/** Log descriptor: a range that becomes zeros (2.3.1.2). */
export const ZeroDescriptor = struct("VHDX log zero descriptor", 32, {
  signature: ascii(0, 4, "always `zero`"),
  reserved: reserved(4, 4),
  lengthBytes: size64(8, "a multiple of 4 KiB"),
  fileOffset: size64(16, "a multiple of 4 KiB"),
  sequence: u64(24, "equals that of the entry"),
});

/** Log descriptor: a sector of 4 KiB that is written (2.3.1.3). */
export const DataDescriptor = struct("VHDX log data descriptor", 32, {
  signature: ascii(0, 4, "always `desc`"),
  trailingBytes: bytes(4, 4, "the last four bytes of the sector"),
  leadingBytes: bytes(8, 8, "the first eight bytes of the sector"),
  fileOffset: size64(16, "a multiple of 4 KiB"),
  sequence: u64(24, "equals that of the entry"),
});

/** The rest of that sector; both halves of the sequence number show whether it was written whole (2.3.1.4). */
export const LogDataSector = struct("VHDX log data sector", 4096, {
  signature: ascii(0, 4, "always `data`"),
  sequenceHigh: u32(4, "upper half of the entry's sequence number"),
  payload: bytes(8, 4084, "bytes 8 to 4091 of the sector"),
  sequenceLow: u32(4092, "lower half of the entry's sequence number"),
});

/** An entry of the block allocation table (2.5.1): bits 0-2 are the state, bits 20-63 the file offset in MiB. */
export const BAT_ENTRY_SIZE_BYTES = 8;

/** States of a payload block (2.5.1.1). 4 and 5 are reserved. */
export const BLOCK_STATES = {
  notPresent: 0,
  undefined: 1,
  zero: 2,
  unmapped: 3,
  fullyPresent: 6,
  partiallyPresent: 7,
} as const;
