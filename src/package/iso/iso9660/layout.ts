// SPDX-License-Identifier: MIT
import {
  ascii,
  bytes,
  i8,
  reserved,
  type Struct,
  struct,
  u8,
  u16,
  u16be,
  u32,
  u32be,
} from "../../../bytes/index.ts";

/** Bytes of a sector of the disc, which is the unit of descriptors and directories whatever the block size. */
export const SECTOR_SIZE_BYTES = 2048;

/** Sector of the first volume descriptor; the 32 KiB before it belong to whoever boots from the disc (ECMA-119 6.2). */
export const FIRST_DESCRIPTOR_SECTOR = 16;

const volumeDescriptorFields = {
  type: u8(0, "0 boot, 1 primary, 2 supplementary (Joliet), 3 partition, 255 end of the descriptors"),
  identifier: ascii(1, 5, "`CD001`"),
  version: u8(6, "1; 2 in an enhanced descriptor of ISO 9660:1999"),
  flags: u8(7, "supplementary: bit 0 set for escape sequences that are not registered"),
  systemId: bytes(8, 32, "system that may use the first 16 sectors"),
  volumeId: bytes(40, 32, "name of the volume, padded with spaces"),
  reserved: reserved(72, 8),
  spaceBlocks: u32(80, "blocks of the volume"),
  spaceBlocksBig: u32be(84, "the same"),
  escapeSequences: bytes(88, 32, "supplementary: `%/@`, `%/C` or `%/E` for Joliet"),
  setSize: u16(120, "discs of the set"),
  setSizeBig: u16be(122, "the same"),
  sequenceNumber: u16(124, "number of this disc in the set"),
  sequenceNumberBig: u16be(126, "the same"),
  blockSizeBytes: u16(128, "512, 1024 or 2048"),
  blockSizeBytesBig: u16be(130, "the same"),
  pathTableSizeBytes: u32(132, "bytes of the path table; not used"),
  pathTableSizeBytesBig: u32be(136, "the same"),
  pathTable: u32(140, "block of the path table, little-endian"),
  pathTableCopy: u32(144, "block of its copy"),
  pathTableBig: u32be(148, "block of the big-endian path table"),
  pathTableCopyBig: u32be(152, "block of its copy"),
  root: bytes(156, 34, "directory record of the root"),
  setId: bytes(190, 128, "name of the set"),
  publisherId: bytes(318, 128, "who published it"),
  preparerId: bytes(446, 128, "who prepared it"),
  applicationId: bytes(574, 128, "program that made it"),
  copyrightFileId: bytes(702, 37, "file in the root"),
  abstractFileId: bytes(739, 37, "file in the root"),
  bibliographicFileId: bytes(776, 37, "file in the root"),
  created: ascii(813, 17, "`YYYYMMDDhhmmsscc` and the time zone"),
  modified: ascii(830, 17, "the same of the last change"),
  expires: ascii(847, 17, "the same of the end of its use"),
  effective: ascii(864, 17, "the same of the beginning of its use"),
  structureVersion: u8(881, "1; 2 in an enhanced descriptor"),
  reserved2: reserved(882, 1),
  applicationUse: bytes(883, 512, "for the program that made it"),
  reserved3: reserved(1395, 653),
};

/** Volume descriptor, primary or supplementary, which have their fields in the same places (ECMA-119 8.4 and 8.5). */
export const VolumeDescriptor = struct("volume descriptor", SECTOR_SIZE_BYTES, volumeDescriptorFields);
export type VolumeDescriptor = Struct<typeof volumeDescriptorFields>;

/** `VolumeDescriptor.type`. */
export const DESCRIPTOR_TYPE = { primary: 1, supplementary: 2, end: 255 } as const;

const directoryRecordFields = {
  sizeBytes: u8(0, "bytes of the record; 0 where the next one begins in the next sector"),
  attributeBlocks: u8(1, "blocks of extended attributes before the data"),
  block: u32(2, "first block of the extent"),
  blockBig: u32be(6, "the same"),
  dataSizeBytes: u32(10, "bytes of the data in this extent"),
  dataSizeBytesBig: u32be(14, "the same"),
  recorded: bytes(18, 7, "time, see below"),
  flags: u8(25, "1 hidden, 2 directory, 4 associated, 0x80 another record of the file follows"),
  unitBlocks: u8(26, "blocks of a file unit; 0 where the file is not interleaved"),
  gapBlocks: u8(27, "blocks between file units"),
  volumeNumber: u16(28, "disc of the set that holds the extent"),
  volumeNumberBig: u16be(30, "the same"),
  nameSizeBytes: u8(32, "bytes of the name that follows"),
};

/** Head of a directory record; the name follows, a byte of padding if its size is even, and the system use area (9.1). */
export const DirectoryRecord = struct("directory record", 33, directoryRecordFields);
export type DirectoryRecord = Struct<typeof directoryRecordFields>;

/** `DirectoryRecord.flags`. */
export const RECORD_FLAGS = { hidden: 1, directory: 2, associated: 4, continues: 0x80 } as const;

/** Time of a directory record and in Rock Ridge, seven bytes (ECMA-119 9.1.5). */
export const RecordTime = struct("recording time", 7, {
  years: u8(0, "years since 1900"),
  month: u8(1, "1 to 12"),
  day: u8(2, "1 to 31"),
  hour: u8(3, "0 to 23"),
  minute: u8(4, "0 to 59"),
  second: u8(5, "0 to 59"),
  zone: i8(6, "quarters of an hour that the clock was ahead of UTC"),
});

const systemUseFields = {
  signature: ascii(0, 2, "`SP`, `CE`, `NM`, ..."),
  sizeBytes: u8(2, "bytes of the entry"),
  version: u8(3, "1"),
};

/** Head of an entry of the system use area (SUSP 4). */
export const SystemUseEntry = struct("system use entry", 4, systemUseFields);
export type SystemUseEntry = Struct<typeof systemUseFields>;

const continuationAreaFields = {
  ...systemUseFields,
  block: u32(4, "block that holds the area"),
  blockBig: u32be(8, "the same"),
  offset: u32(12, "offset of the area in the block"),
  offsetBig: u32be(16, "the same"),
  areaSizeBytes: u32(20, "bytes of the area"),
  areaSizeBytesBig: u32be(24, "the same"),
};

/** `CE`: where the entries of a system use area go on (SUSP 5.1). */
export const ContinuationArea = struct("continuation area", 28, continuationAreaFields);
export type ContinuationArea = Struct<typeof continuationAreaFields>;

/** `SP`: says, in the root's own record, that system use areas are used (SUSP 5.3). */
export const SharingIndicator = struct("sharing indicator", 7, {
  ...systemUseFields,
  check: bytes(4, 2, "0xBE 0xEF"),
  skipBytes: u8(6, "bytes to be passed over in each system use area"),
});

/** `NM`: the name, or a piece of it, follows (RRIP 4.1.4). */
export const AlternateName = struct("alternate name", 5, {
  ...systemUseFields,
  flags: u8(4, "1 the name goes on in the next entry, 2 `.`, 4 `..`"),
});

/** `AlternateName.flags`. */
export const NAME_FLAGS = { continues: 1, self: 2, parent: 4 } as const;

/** `PX`: POSIX attributes, of which only the mode is used (RRIP 4.1.1). */
export const PosixAttributes = struct("POSIX attributes", 12, {
  ...systemUseFields,
  mode: u32(4, "`st_mode`: 0o040000 directory, 0o100000 file, 0o120000 link, others devices"),
  modeBig: u32be(8, "the same"),
});

/** `CL`: the directory stands elsewhere, because it would lie too deep here (RRIP 4.1.5.1). */
export const ChildLink = struct("child link", 12, {
  ...systemUseFields,
  block: u32(4, "first block of the directory"),
  blockBig: u32be(8, "the same"),
});

/** `TF`: times follow, in the order of the bits of the flags (RRIP 4.1.6). */
export const TimeStamps = struct("time stamps", 5, {
  ...systemUseFields,
  flags: u8(4, "1 created, 2 modified, 4 accessed, ...; 0x80 for times of 17 bytes"),
});

/** `TimeStamps.flags`. */
export const TIME_FLAGS = { created: 1, modified: 2, isLong: 0x80 } as const;
