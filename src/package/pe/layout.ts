// SPDX-License-Identifier: MIT
import { ascii, bytes, reserved, type Struct, struct, u16, u32 } from "../../bytes/index.ts";

const dosHeaderFields = {
  signature: ascii(0, 2, "`MZ`"),
  dosProgram: bytes(2, 58, "header of the DOS program; ignored"),
  peOffset: u32(60, "file offset of the PE header (`e_lfanew`)"),
};

/** What every PE image begins with (Microsoft PE format, "MS-DOS Stub"). */
export const DosHeader = struct("DOS header", 64, dosHeaderFields);
export type DosHeader = Struct<typeof dosHeaderFields>;

const peHeaderFields = {
  signature: ascii(0, 4, "`PE` and two NUL"),
  machine: u16(4, "processor, see below"),
  sectionCount: u16(6, "number of section headers, at most 96"),
  timeDateStamp: u32(8, "when it was linked, or a hash of what was"),
  symbolTableOffset: u32(12, "file offset of COFF symbols; 0 in images"),
  symbolCount: u32(16, "number of COFF symbols; 0 in images"),
  optionalHeaderSize: u16(20, "bytes of the optional header, which the section headers follow"),
  characteristics: u16(22, "0x2000 for a DLL"),
};

/** Signature and COFF header (PE format, "Signature" and "COFF File Header"). */
export const PeHeader = struct("PE header", 24, peHeaderFields);
export type PeHeader = Struct<typeof peHeaderFields>;

/** `PeHeader.characteristics`. */
export const CHARACTERISTICS = { dll: 0x2000 } as const;

/** First field of the optional header: which of its two forms follows. */
export const OPTIONAL_MAGIC = { pe32: 0x10b, pe32Plus: 0x20b } as const;

/** Optional header of a 32-bit image up to its data directories (PE format, "Optional Header"). */
export const OptionalHeader32 = struct("optional header", 96, {
  magic: u16(0, "0x10B"),
  ignored: bytes(2, 90, "entry point, sizes, versions; ignored"),
  directoryCount: u32(92, "number of data directories that follow"),
});

/** The same of a 64-bit image (PE32+), where addresses and stack sizes are wider. */
export const OptionalHeader64 = struct("optional header", 112, {
  magic: u16(0, "0x20B"),
  ignored: bytes(2, 106, "entry point, sizes, versions; ignored"),
  directoryCount: u32(108, "number of data directories that follow"),
});

/** One data directory; number 2, from 0, is that of the resources (PE format, "Optional Header Data Directories"). */
export const DataDirectory = struct("data directory", 8, {
  rva: u32(0, "address relative to the loaded image (RVA); 0 for none"),
  sizeBytes: u32(4, "bytes"),
});

/** Position of the resources among the data directories. */
export const RESOURCE_DIRECTORY_INDEX = 2;

const sectionHeaderFields = {
  name: ascii(0, 8, "`.rsrc` and the like; ignored"),
  virtualSize: u32(8, "bytes in memory"),
  virtualAddress: u32(12, "RVA of the first byte"),
  rawSize: u32(16, "bytes in the file"),
  rawOffset: u32(20, "file offset of the first byte"),
  ignored: bytes(24, 12, "relocations and line numbers; ignored"),
  characteristics: u32(36, "code, data, readable, writable; ignored"),
};

/** Where a part of the image lies in memory and in the file (PE format, "Section Table"). */
export const SectionHeader = struct("section header", 40, sectionHeaderFields);
export type SectionHeader = Struct<typeof sectionHeaderFields>;

/** One node of the resource tree; its entries follow, the named ones first (PE format, "Resource Directory Table"). */
export const ResourceDirectory = struct("resource directory", 16, {
  characteristics: u32(0, "0"),
  timeDateStamp: u32(4, "when it was made; ignored"),
  majorVersion: u16(8, "ignored"),
  minorVersion: u16(10, "ignored"),
  namedCount: u16(12, "number of entries with a name"),
  idCount: u16(14, "number of entries with a number"),
});

const resourceEntryFields = {
  id: u32(0, "number, or the offset of a name with the high bit set"),
  target: u32(4, "offset of a data entry, or of a directory with the high bit set"),
};

/** One branch of a resource directory; offsets count from the root (PE format, "Resource Directory Entries"). */
export const ResourceEntry = struct("resource directory entry", 8, resourceEntryFields);
export type ResourceEntry = Struct<typeof resourceEntryFields>;

/** A leaf of the resource tree (PE format, "Resource Data Entry"). */
export const ResourceData = struct("resource data entry", 16, {
  rva: u32(0, "RVA of the data"),
  sizeBytes: u32(4, "bytes"),
  codePage: u32(8, "ignored"),
  reserved: reserved(12, 4),
});

/** Head of every node of a version resource; key, value and children follow (VS_VERSIONINFO in the Windows SDK). */
export const VersionNode = struct("version node", 6, {
  sizeBytes: u16(0, "bytes of the whole node"),
  valueSize: u16(2, "size of the value: bytes, or UTF-16 units where it is text"),
  type: u16(4, "1 text, 0 binary"),
});

const fixedFileInfoFields = {
  signature: u32(0, "0xFEEF04BD"),
  structureVersion: u32(4, "0x00010000"),
  fileVersionHigh: u32(8, "first and second number of the file version, 16 bits each"),
  fileVersionLow: u32(12, "third and fourth"),
  productVersionHigh: u32(16, "first and second number of the product version"),
  productVersionLow: u32(20, "third and fourth"),
  flagsMask: u32(24, "which of the flags count"),
  flags: u32(28, "1 debug, 2 prerelease, 4 patched, 8 private, 0x20 special build"),
  fileOs: u32(32, "0x40004 for Windows NT"),
  fileType: u32(36, "1 application, 2 DLL, 3 driver"),
  fileSubtype: u32(40, "sort of driver"),
  dateHigh: u32(44, "0"),
  dateLow: u32(48, "0"),
};

/** The numbers of a version resource, which installers and Windows compare (VS_FIXEDFILEINFO in the Windows SDK). */
export const FixedFileInfo = struct("VS_FIXEDFILEINFO", 52, fixedFileInfoFields);
export type FixedFileInfo = Struct<typeof fixedFileInfoFields>;

/** `FixedFileInfo.signature`. */
export const FIXED_FILE_INFO_SIGNATURE = 0xfeef04bd;
