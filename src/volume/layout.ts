// SPDX-License-Identifier: MIT
import {
  ascii,
  bytes,
  guid,
  reserved,
  type Struct,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf16,
} from "../bytes/index.ts";

/** Last two bytes of every boot record, 55 AA, read as a little-endian number. */
export const BOOT_SIGNATURE = 0xaa55;

/** Boot records fill 512 bytes whatever the sector size of the disk; on a 4Kn disk the rest of the sector is unused. */
export const BOOT_RECORD_SIZE_BYTES = 512;

const bootRecordFields = {
  bootCode: bytes(0, 440, "code; all zero in an extended boot record"),
  diskSignature: u32(440, "identity of an MBR disk, used by MountedDevices and the BCD"),
  copyProtection: u16(444, "0, or 0x5A5A on a copy-protected disk"),
  records: bytes(446, 64, "four partition records of 16 bytes"),
  signature: u16(510, "55 AA"),
};

/** Master boot record, and extended boot record (UEFI 2.10, 5.2.1). */
export const BootRecord = struct("boot record", BOOT_RECORD_SIZE_BYTES, bootRecordFields);
export type BootRecord = Struct<typeof bootRecordFields>;

const partitionRecordFields = {
  status: u8(0, "0x80 active, 0x00 not; anything else means that this is no partition table"),
  firstChs: bytes(1, 3, "first sector as cylinder, head, sector; ignored"),
  type: u8(4, "what the partition holds; 0 for an unused record"),
  lastChs: bytes(5, 3, "last sector as cylinder, head, sector; ignored"),
  firstLba: u32(8, "first sector; in an extended boot record relative, see below"),
  sectorCount: u32(12, "length in sectors; 0 for an unused record"),
};

/** One partition of a boot record (UEFI 2.10, 5.2.1, table 5.2). */
export const PartitionRecord = struct("partition record", 16, partitionRecordFields);
export type PartitionRecord = Struct<typeof partitionRecordFields>;

/** Types of partition records that mean something for the table itself. */
export const RECORD_TYPES = {
  extendedChs: 0x05,
  extendedLba: 0x0f,
  extendedLinux: 0x85,
  protective: 0xee,
} as const;

const gptHeaderFields = {
  signature: ascii(0, 8, "`EFI PART`"),
  revision: u32(8, "0x00010000"),
  headerSize: u32(12, "bytes that the checksum covers: 92 to the sector size"),
  headerCrc: u32(16, "CRC-32 of the header with this field as zero"),
  reserved: reserved(20, 4),
  myLba: u64(24, "sector of this copy"),
  alternateLba: u64(32, "sector of the other copy"),
  firstUsableLba: u64(40, "first sector that a partition may use"),
  lastUsableLba: u64(48, "last sector that a partition may use"),
  diskGuid: guid(56, "identity of the disk"),
  entriesLba: u64(72, "first sector of the entries of this copy"),
  entryCount: u32(80, "number of entries, used and unused: 128 as a rule"),
  entrySize: u32(84, "bytes per entry: 128 x 2^n"),
  entriesCrc: u32(88, "CRC-32 of all entries"),
};

/** Header of a GUID partition table, in sector 1 and in the last one (UEFI 2.10, 5.3.2). */
export const GptHeader = struct("GPT header", 92, gptHeaderFields);
export type GptHeader = Struct<typeof gptHeaderFields>;

const gptEntryFields = {
  type: guid(0, "what the partition holds; zero for an unused entry"),
  guid: guid(16, "identity of the partition"),
  firstLba: u64(32, "first sector"),
  lastLba: u64(40, "last sector, which still belongs to the partition"),
  attributes: u64(48, "bit 0 required by the platform, 60 read-only, 62 hidden, 63 no drive letter"),
  name: utf16(56, 72, "name for people, padded with NUL"),
};

/** One partition of a GUID partition table (UEFI 2.10, 5.3.3). */
export const GptEntry = struct("GPT entry", 128, gptEntryFields);
export type GptEntry = Struct<typeof gptEntryFields>;
