// SPDX-License-Identifier: MIT
import { bytes, guid, reserved, type Struct, struct, u8, u16, u32, utf16 } from "../../bytes/index.ts";

const compoundHeaderFields = {
  signature: bytes(0, 8, "D0 CF 11 E0 A1 B1 1A E1"),
  classId: guid(8, "zeros"),
  minorVersion: u16(24, "0x3E as a rule; ignored"),
  majorVersion: u16(26, "3 with sectors of 512 bytes, 4 with 4096"),
  byteOrder: u16(28, "0xFFFE"),
  sectorShift: u16(30, "9 or 12: log2 of the sector size"),
  miniSectorShift: u16(32, "6: log2 of the mini sector size"),
  reserved: reserved(34, 6),
  directorySectorCount: u32(40, "0 in version 3"),
  fatSectorCount: u32(44, "number of FAT sectors"),
  firstDirectorySector: u32(48, "where the chain of the directory begins"),
  transactionSignature: u32(52, "ignored"),
  miniStreamCutoff: u32(56, "4096: smaller streams are in the mini stream"),
  firstMiniFatSector: u32(60, "where the chain of the mini FAT begins"),
  miniFatSectorCount: u32(64, "number of mini FAT sectors"),
  firstDifatSector: u32(68, "where the chain of further lists of FAT sectors begins"),
  difatSectorCount: u32(72, "number of sectors of such lists"),
  difat: bytes(76, 436, "the first 109 FAT sectors, u32 each"),
};

/** Header of a compound file; sector 0 begins one sector size after its start (MS-CFB 2.2). */
export const CompoundHeader = struct("compound file header", 512, compoundHeaderFields);
export type CompoundHeader = Struct<typeof compoundHeaderFields>;

/** First bytes of a compound file. */
export const COMPOUND_SIGNATURE = Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1);

/** Sector numbers with a meaning of their own, read as signed (MS-CFB 2.1). */
export const SECTOR = { difat: -4, fat: -3, endOfChain: -2, free: -1 } as const;

const directoryEntryFields = {
  name: utf16(0, 64, "name, packed as below in an MSI"),
  nameSize: u16(64, "bytes of the name with its NUL"),
  type: u8(66, "0 unused, 1 storage, 2 stream, 5 root"),
  color: u8(67, "of the red-black tree; ignored"),
  left: u32(68, "sibling before, by number; 0xFFFFFFFF for none"),
  right: u32(72, "sibling after"),
  child: u32(76, "one of the entries below a storage"),
  classId: guid(80, "of the root: what the file is"),
  stateBits: u32(96, "ignored, but by a signature"),
  created: bytes(100, 8, "FILETIME; ignored, but by a signature"),
  modified: bytes(108, 8, "FILETIME; ignored, but by a signature"),
  startSector: u32(116, "first sector or mini sector; of the root: first sector of the mini stream"),
  sizeLow: u32(120, "bytes"),
  sizeHigh: u32(124, "upper half of the size; not valid in version 3"),
};

/** One entry of the directory (MS-CFB 2.6.1). */
export const DirectoryEntry = struct("compound directory entry", 128, directoryEntryFields);
export type DirectoryEntry = Struct<typeof directoryEntryFields>;

/** `DirectoryEntry.type`. */
export const ENTRY_TYPE = { unused: 0, storage: 1, stream: 2, root: 5 } as const;

/** `left`, `right` and `child` where there is none. */
export const NO_ENTRY = 0xffffffff;

/** Begin of `_StringPool` and each string in it; both are two numbers of 16 bits. */
export const StringPoolEntry = struct("string pool entry", 4, {
  size: u16(0, "bytes of the string in `_StringData`; 0 with a count: the next entry belongs to it"),
  referenceCount: u16(2, "how often it is used; of a long string: upper half of its size"),
});

/** Header of a property set stream (MS-OLEPS 2.21), here `SummaryInformation`. */
export const PropertySetHeader = struct("property set header", 28, {
  byteOrder: u16(0, "0xFFFE"),
  version: u16(2, "0 or 1"),
  systemId: u32(4, "ignored"),
  classId: guid(8, "ignored"),
  setCount: u32(24, "1 as a rule; the first is read"),
});

/** Where a property set of the stream is (MS-OLEPS 2.21). */
export const PropertySetPlace = struct("property set place", 20, {
  formatId: guid(0, "f29f85e0-4ff9-1068-ab91-08002b27b3d9"),
  offset: u32(16, "from the start of the stream"),
});

/** Begin of a property set; the places of its properties follow (MS-OLEPS 2.20). */
export const PropertySet = struct("property set", 8, {
  sizeBytes: u32(0, "bytes of the set"),
  propertyCount: u32(4, "number of properties"),
});

/** One property of a set (MS-OLEPS 2.18). */
export const PropertyPlace = struct("property place", 8, {
  id: u32(0, "which property"),
  offset: u32(4, "of its type and value, from the start of the set"),
});
