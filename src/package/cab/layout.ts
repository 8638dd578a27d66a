// SPDX-License-Identifier: MIT
import { ascii, reserved, type Struct, struct, u8, u16, u32 } from "../../bytes/index.ts";

const headerFields = {
  signature: ascii(0, 4, "`MSCF`"),
  reserved1: reserved(4, 4),
  sizeBytes: u32(8, "bytes of the cabinet (`cbCabinet`), without what is appended"),
  reserved2: reserved(12, 4),
  filesOffset: u32(16, "offset of the first CFFILE (`coffFiles`)"),
  reserved3: reserved(20, 4),
  minorVersion: u8(24, "3"),
  majorVersion: u8(25, "1"),
  folderCount: u16(26, "number of CFFOLDER (`cFolders`)"),
  fileCount: u16(28, "number of CFFILE (`cFiles`)"),
  flags: u16(30, "1 a cabinet precedes, 2 a cabinet follows, 4 reserved areas"),
  setId: u16(32, "the same in all cabinets of a set (`setID`)"),
  cabinetIndex: u16(34, "position in the set, from 0 (`iCabinet`)"),
};

/**
 * What every cabinet begins with (MS-CAB 2.1, CFHEADER). Behind it, each only where its flag is set: the sizes of the
 * reserved areas and the area of the header; names of the preceding cabinet and its disk; names of the following ones.
 */
export const CabinetHeader = struct("CFHEADER", 36, headerFields);
export type CabinetHeader = Struct<typeof headerFields>;

/** `CabinetHeader.flags`. */
export const HEADER_FLAGS = { hasPrevious: 1, hasNext: 2, hasReserve: 4 } as const;

/** Sizes of the reserved areas, behind the header where its flag says so (MS-CAB 2.1, cbCFHeader and the next two). */
export const ReserveSizes = struct("reserve sizes", 4, {
  headerBytes: u16(0, "bytes of the area that follows, at most 60000"),
  folderBytes: u8(2, "bytes behind each CFFOLDER"),
  dataBytes: u8(3, "bytes behind each CFDATA, before its data"),
});

/**
 * What the reserved area of the header holds in a cabinet that is signed, or made ready for it (Authenticode; signtool
 * and osslsigncode agree). Offset and size are 0 as long as there is no signature.
 */
export const SignatureReserve = struct("signature reserve", 20, {
  marker: u32(0, "0x00100000"),
  offset: u32(4, "offset of the PKCS#7 signature: the end of the cabinet"),
  sizeBytes: u32(8, "bytes of it, with padding to a multiple of 8"),
  reserved: reserved(12, 8),
});

/** `SignatureReserve.marker`. */
export const SIGNATURE_MARKER = 0x0010_0000;

const folderFields = {
  dataOffset: u32(0, "offset of the first CFDATA (`coffCabStart`)"),
  blockCount: u16(4, "number of CFDATA in this cabinet (`cCFData`)"),
  compression: u16(6, "bits 0-3 the method, see below; the others its parameters (`typeCompress`)"),
};

/** A run of data that is compressed as one stream (MS-CAB 2.2, CFFOLDER). */
export const FolderEntry = struct("CFFOLDER", 8, folderFields);
export type FolderEntry = Struct<typeof folderFields>;

/** Bits 0-3 of `FolderEntry.compression`. */
export const METHODS = { none: 0, mszip: 1, quantum: 2, lzx: 3 } as const;

const fileFields = {
  sizeBytes: u32(0, "bytes of the file (`cbFile`)"),
  folderOffset: u32(4, "where it begins in the folder's unpacked data (`uoffFolderStart`)"),
  folder: u16(8, "index of its folder, or one of the numbers below (`iFolder`)"),
  date: u16(10, "bits 9-15 year from 1980, 5-8 month, 0-4 day; local time"),
  time: u16(12, "bits 11-15 hour, 5-10 minute, 0-4 seconds / 2"),
  attributes: u16(14, "see below (`attribs`)"),
};

/** A member; its name follows, ended by a NUL (MS-CAB 2.3, CFFILE). */
export const FileEntry = struct("CFFILE", 16, fileFields);
export type FileEntry = Struct<typeof fileFields>;

/** `FileEntry.folder` of a member whose data lies in several cabinets of a set. */
export const CONTINUED = { fromPrevious: 0xfffd, toNext: 0xfffe, both: 0xffff } as const;

/** `FileEntry.attributes`. */
export const ATTRIBUTES = {
  readOnly: 0x01,
  hidden: 0x02,
  system: 0x04,
  archive: 0x20,
  execute: 0x40,
  nameIsUtf8: 0x80,
} as const;

const dataFields = {
  checksum: u32(0, "of the fields below and the data; 0 for none (`csum`)"),
  sizeBytes: u16(4, "bytes of the data that follows (`cbData`)"),
  outputSize: u16(6, "bytes of it unpacked; 0 where the block goes on in the next cabinet (`cbUncomp`)"),
};

/** One block of a folder's data (MS-CAB 2.4, CFDATA). */
export const DataHeader = struct("CFDATA", 8, dataFields);
export type DataHeader = Struct<typeof dataFields>;

/** Bytes that a block unpacks to; only the last of a folder has fewer. */
export const BLOCK_OUTPUT_MAX = 32_768;
/** Bytes that a block may have packed: what does not get smaller may grow a little. */
export const BLOCK_INPUT_MAX = BLOCK_OUTPUT_MAX + 6144;
