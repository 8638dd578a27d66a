// SPDX-License-Identifier: MIT
import {
  ascii,
  filetime,
  guid,
  i32,
  reserved,
  type Struct,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf16,
} from "../bytes/index.ts";

/*
 * The structures of a registry hive and of its transaction logs, after M. Suhanov, "Windows registry file format
 * specification" (2018), whose section names stand in the comments. All numbers are little-endian.
 *
 * What the format calls an offset counts from the first bin, which begins BASE_BLOCK_SIZE bytes into the file.
 */

/** The base block takes one page of the file; the bins follow it. */
export const BASE_BLOCK_SIZE = 4096;

/** Bins begin and end at multiples of this. */
export const BIN_ALIGNMENT = 4096;

/** An offset that refers to nothing. */
export const NO_OFFSET = 0xffff_ffff;

const baseBlockFields = {
  signature: ascii(0, 4, "`regf`"),
  primarySequence: u32(4, "raised before the hive is written"),
  secondarySequence: u32(8, "set to the primary one when all is written: they differ in a dirty hive"),
  lastWritten: filetime(12, "time of the last write; not kept up since Windows 8.1"),
  majorVersion: u32(20, "1"),
  minorVersion: u32(24, "3 to 6 since Windows NT 4.0, 1 and 2 before"),
  fileType: u32(28, "0: hive; 1 or 2: old-format log; 6: new-format log"),
  fileFormat: u32(32, "1: direct memory load"),
  rootCell: u32(36, "offset of the root key's cell"),
  binsSize: u32(40, "size of all bins, in bytes"),
  clusteringFactor: u32(44, "sector size of the disk in units of 512 bytes; 1"),
  fileName: utf16(48, 64, "end of the hive's path, for information only"),
  resourceManagerId: guid(112, "GUID for the transaction manager"),
  logId: guid(128, "GUID for the transaction manager"),
  flags: u32(144, "1: transactions pending (KTM); 2: defragmented, or has layered keys"),
  transactionManagerId: guid(148, "GUID for the transaction manager"),
  guidSignature: ascii(164, 4, "`rmtm` where the GUIDs are in use"),
  lastReorganized: filetime(168, "time of the last reorganisation (Windows 8 and later)"),
  reserved: reserved(176, 332),
  checksum: u32(508, "exclusive or of the 127 numbers before it; never 0 or 0xffffffff"),
};
/** The part of the base block that has a meaning on disk, and all that a log has of it. Section "Base block". */
export const BaseBlock = struct("base block", 512, baseBlockFields);
export type BaseBlock = Struct<typeof baseBlockFields>;

export const FILE_TYPES = { hive: 0, oldLog: 1, oldLog2: 2, newLog: 6 } as const;

const binFields = {
  signature: ascii(0, 4, "`hbin`"),
  offset: u32(4, "of this bin, from the first bin"),
  sizeBytes: u32(8, "of this bin, a multiple of 4096"),
  reserved: reserved(12, 8),
  timestamp: filetime(20, "in the first bin: time of the last write"),
  spare: u32(28, "no meaning on disk"),
};
/** Section "Hive bin". Cells fill the bin after this header without a gap. */
export const BinHeader = struct("bin header", 32, binFields);
export type BinHeader = Struct<typeof binFields>;

const cellFields = {
  size: i32(0, "of the cell with this field, a multiple of 8; negative where the cell is allocated"),
};
/** Section "Cell". The structures below are what follows this field. */
export const CellHeader = struct("cell header", 4, cellFields);
export type CellHeader = Struct<typeof cellFields>;

/** The two letters that most cells begin with, read as one number. */
export const SIGNATURES = {
  key: 0x6b6e, // nk
  value: 0x6b76, // vk
  security: 0x6b73, // sk
  bigData: 0x6264, // db
  fastLeaf: 0x666c, // lf
  hashLeaf: 0x686c, // lh
  indexLeaf: 0x696c, // li
  indexRoot: 0x6972, // ri
} as const;

const keyFields = {
  signature: u16(0, "`nk`"),
  flags: u16(2, "see the key flags"),
  lastWritten: filetime(4, "time of the last change of the key or its values"),
  accessBits: u32(12, "which phase of the start touched the key (Windows 8 and later)"),
  parent: u32(16, "offset of the parent's key cell; no meaning in the root"),
  subkeyCount: u32(20, "number of subkeys"),
  volatileSubkeyCount: u32(24, "no meaning on disk"),
  subkeyList: u32(28, "offset of the list of subkeys"),
  volatileSubkeyList: u32(32, "no meaning on disk"),
  valueCount: u32(36, "number of values"),
  valueList: u32(40, "offset of the list of values"),
  security: u32(44, "offset of the security descriptor's cell"),
  className: u32(48, "offset of the class name's cell"),
  subkeyNameMax: u16(52, "longest subkey name, in bytes of UTF-16; may be too large"),
  userFlags: u8(54, "virtualisation and user flags (Windows Vista and later)"),
  debugFlags: u8(55, "debug flags"),
  classNameMax: u32(56, "longest class name of a subkey, in bytes"),
  valueNameMax: u32(60, "longest value name, in bytes of UTF-16; may be too large"),
  valueDataMax: u32(64, "longest value data, in bytes; may be too large"),
  workVariable: u32(68, "no meaning on disk"),
  nameLength: u16(72, "length of the name that follows, in bytes"),
  classNameLength: u16(74, "length of the class name, in bytes"),
};
/** Section "Key node". */
export const KeyNode = struct("key", 76, keyFields);
export type KeyNode = Struct<typeof keyFields>;

/** Bits of `KeyNode.flags`. */
export const KEY_FLAGS = {
  /** Not to be found on disk: the hive kept in memory only. */
  volatile: 0x01,
  /** The mount point of another hive; never set in a file. */
  hiveExit: 0x02,
  hiveEntry: 0x04,
  noDelete: 0x08,
  symbolicLink: 0x10,
  /** The name is stored in Latin-1, one byte a character. */
  compressedName: 0x20,
  /** The value count is a handle of the system instead (Windows XP to 7). */
  predefinedHandle: 0x40,
} as const;

const valueFields = {
  signature: u16(0, "`vk`"),
  nameLength: u16(2, "length of the name that follows, in bytes; 0 in the default value"),
  dataSize: u32(4, "of the data in bytes; with bit 31 set, up to 4 bytes are in the next field"),
  data: u32(8, "offset of the data, or the data"),
  type: u32(12, "REG_SZ (1) and so on"),
  flags: u16(16, "see the value flags"),
  spare: u16(18, "no meaning on disk"),
};
/** Section "Key value". */
export const ValueNode = struct("value", 20, valueFields);
export type ValueNode = Struct<typeof valueFields>;

/** Bits of `ValueNode.flags`. */
export const VALUE_FLAGS = {
  /** The name is stored in Latin-1, one byte a character. */
  compressedName: 0x01,
  /** In a layered key: the value is deleted (Windows 10 1607 and later). */
  tombstone: 0x02,
} as const;

/** Bit of `ValueNode.dataSize`: the data is in the field `data`. */
export const INLINE_DATA = 0x8000_0000;

const securityFields = {
  signature: u16(0, "`sk`"),
  reserved: u16(2, "reserved"),
  next: u32(4, "offset of the next security cell, in a ring"),
  previous: u32(8, "offset of the one before"),
  referenceCount: u32(12, "number of keys that use it"),
  descriptorSize: u32(16, "of the security descriptor that follows, in bytes"),
};
/** Section "Key security". */
export const SecurityNode = struct("security descriptor", 20, securityFields);
export type SecurityNode = Struct<typeof securityFields>;

const listFields = {
  signature: u16(0, "`lf`, `lh`, `li` or `ri`"),
  count: u16(2, "number of entries that follow"),
};
/** Sections "Index leaf", "Fast leaf", "Hash leaf", "Index root": entries of `li` and `ri` are bare offsets. */
export const SubkeyListHeader = struct("subkey list", 4, listFields);
export type SubkeyListHeader = Struct<typeof listFields>;

const hashedEntryFields = {
  key: u32(0, "offset of the key's cell"),
  hint: u32(4, "`lf`: first four characters of the name; `lh`: hash of the upper-cased name"),
};
/** One entry of `lf` and `lh`. */
export const HashedEntry = struct("entry of a subkey list", 8, hashedEntryFields);
export type HashedEntry = Struct<typeof hashedEntryFields>;

const bigDataFields = {
  signature: u16(0, "`db`"),
  segmentCount: u16(2, "number of segments, at least 2"),
  segmentList: u32(4, "offset of the list of their offsets"),
};
/** Section "Big data". */
export const BigData = struct("big data", 8, bigDataFields);
export type BigData = Struct<typeof bigDataFields>;

/** Bytes of data in each segment of big data but the last; larger values are stored that way since version 1.4. */
export const SEGMENT_SIZE = 16_344;

const logEntryFields = {
  signature: ascii(0, 4, "`HvLE`"),
  sizeBytes: u32(4, "of the entry, a multiple of 512"),
  flags: u32(8, "flags of the base block when the entry was written"),
  sequence: u32(12, "one more than in the entry before"),
  binsSize: u32(16, "size of all bins after this entry"),
  pageCount: u32(20, "number of page references that follow"),
  bodyHash: u64(24, "Marvin32 of everything from byte 40 to the end of the entry"),
  headerHash: u64(32, "Marvin32 of bytes 0 to 31"),
};
/** Section "Transaction log files (new format)": header of a log entry. */
export const LogEntry = struct("log entry", 40, logEntryFields);
export type LogEntry = Struct<typeof logEntryFields>;

const pageReferenceFields = {
  offset: u32(0, "of the page, from the first bin"),
  sizeBytes: u32(4, "of the page"),
};
/** The pages themselves follow the last reference, in the same order and without gaps. */
export const PageReference = struct("page reference of a log entry", 8, pageReferenceFields);
export type PageReference = Struct<typeof pageReferenceFields>;

const dirtyVectorFields = {
  signature: ascii(0, 4, "`DIRT`; the bitmap follows"),
};
/**
 * Section "Transaction log files (old format)": what follows the base block of the log. Its bitmap has one bit for each
 * 512 bytes of the bins, lowest bit of a byte first.
 */
export const DirtyVector = struct("dirty vector", 4, dirtyVectorFields);
export type DirtyVector = Struct<typeof dirtyVectorFields>;

/** Old-format logs and hashes of new-format ones count in sectors of this many bytes. */
export const SECTOR_SIZE = 512;
