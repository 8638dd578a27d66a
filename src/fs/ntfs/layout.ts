// SPDX-License-Identifier: MIT
import {
  ascii,
  bytes,
  filetime,
  i8,
  reserved,
  type Struct,
  size64,
  struct,
  u8,
  u16,
  u32,
  u48,
  u64,
} from "../../bytes/index.ts";

/*
 * The fixed layouts of NTFS 3.0 and 3.1, little-endian throughout. Microsoft publishes no specification; the sources
 * are the NTFS documents of libfsntfs, the headers of ntfs-3g and volumes made by Windows. Section names below are
 * those of docs/formats/ntfs.md. What has no fixed size (names, runs, entries) is read by the files beside this one.
 */

/** Every 512 bytes of a protected record end in two bytes of its update sequence, whatever the sector size is. */
export const FIXUP_STRIDE_BYTES = 512;

/** Records of $MFT whose purpose is fixed. */
export const RECORD = {
  mft: 0,
  mftMirror: 1,
  logFile: 2,
  volume: 3,
  attributeDefinitions: 4,
  root: 5,
  bitmap: 6,
  boot: 7,
  badClusters: 8,
  secure: 9,
  upcase: 10,
  extend: 11,
} as const;

/** Attribute types that have a meaning here. */
export const ATTRIBUTE = {
  standardInformation: 0x10,
  attributeList: 0x20,
  fileName: 0x30,
  objectId: 0x40,
  securityDescriptor: 0x50,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
  reparsePoint: 0xc0,
  eaInformation: 0xd0,
  ea: 0xe0,
  loggedUtilityStream: 0x100,
  /** Ends the attributes of a record. */
  end: 0xffffffff,
} as const;

const bootSector = {
  jump: bytes(0x00, 3, "jump over the parameters"),
  oemId: ascii(0x03, 8, "`NTFS` and four spaces"),
  bytesPerSector: u16(0x0b, "bytes per logical sector, 256 to 4096"),
  sectorsPerCluster: u8(0x0d, "1 to 128 sectors; from 0xF4 on 2^(256 - n) sectors"),
  reserved: reserved(0x0e, 7),
  media: u8(0x15, "0xF8"),
  reserved2: reserved(0x16, 2),
  sectorsPerTrack: u16(0x18, "geometry for the BIOS"),
  heads: u16(0x1a, "geometry for the BIOS"),
  hiddenSectors: u32(0x1c, "sectors before the partition; informational"),
  reserved3: reserved(0x20, 8),
  totalSectors: size64(0x28, "sectors of the volume, without the backup boot sector"),
  mftCluster: size64(0x30, "first cluster of $MFT"),
  mftMirrorCluster: size64(0x38, "first cluster of $MFTMirr"),
  recordSize: i8(0x40, "size of a FILE record: clusters, or 2^-n bytes where negative"),
  reserved4: reserved(0x41, 3),
  indexBlockSize: i8(0x44, "size of an index block, in the same way"),
  reserved5: reserved(0x45, 3),
  serial: u64(0x48, "volume serial number"),
  checksum: u32(0x50, "not used"),
  bootCode: bytes(0x54, 426, "boot code"),
  endMarker: u16(0x1fe, "0xAA55"),
};
/** First sector of the volume; a copy stands in the last sector of the partition. */
export const BootSector = struct("NTFS boot sector", 512, bootSector);
export type BootSector = Struct<typeof bootSector>;

const fileRecordHeader = {
  signature: ascii(0x00, 4, "`FILE`, or `BAAD` where chkdsk gave up"),
  usaOffset: u16(0x04, "where the update sequence stands"),
  usaCount: u16(0x06, "words of the update sequence: one and one for each 512 bytes"),
  lsn: u64(0x08, "last $LogFile record about this one"),
  sequence: u16(0x10, "how often the record was used; references carry it"),
  linkCount: u16(0x12, "number of $FILE_NAME attributes"),
  firstAttribute: u16(0x14, "offset of the first attribute"),
  flags: u16(0x16, "RECORD_FLAGS"),
  usedSize: u32(0x18, "bytes in use, with the end marker"),
  allocatedSize: u32(0x1c, "size of the record"),
  baseRecord: u48(0x20, "record that this one extends, or 0"),
  baseSequence: u16(0x26, "its sequence"),
  nextAttributeId: u16(0x28, "identifier for the next attribute"),
  reserved: reserved(0x2a, 2),
  recordNumber: u32(0x2c, "own number (3.1; the update sequence stands here in 3.0)"),
};
/** Header of a record of $MFT. */
export const FileRecordHeader = struct("FILE record header", 48, fileRecordHeader);
export type FileRecordHeader = Struct<typeof fileRecordHeader>;

export const RECORD_FLAGS = { inUse: 0x0001, directory: 0x0002, extend: 0x0004, viewIndex: 0x0008 } as const;

const attributeHeader = {
  type: u32(0x00, "attribute type"),
  length: u32(0x04, "bytes to the next attribute, a multiple of 8"),
  isNonResident: u8(0x08, "1 where the value lies in clusters"),
  nameLength: u8(0x09, "UTF-16 units of the name"),
  nameOffset: u16(0x0a, "where the name stands"),
  flags: u16(0x0c, "ATTRIBUTE_FLAGS"),
  id: u16(0x0e, "identifier, unique within the record"),
};
/** What every attribute begins with. */
export const AttributeHeader = struct("attribute header", 16, attributeHeader);
export type AttributeHeader = Struct<typeof attributeHeader>;

export const ATTRIBUTE_FLAGS = {
  /** Compression method; 1 is LZNT1, 0 none. */
  compressionMask: 0x00ff,
  encrypted: 0x4000,
  sparse: 0x8000,
} as const;

const residentHeader = {
  valueLength: u32(0x00, "bytes of the value"),
  valueOffset: u16(0x04, "where the value stands, from the start of the attribute"),
  isIndexed: u8(0x06, "1 where an index holds the value too ($FILE_NAME)"),
  reserved: reserved(0x07, 1),
};
/** Follows the attribute header at 0x10 where the value lies in the record. */
export const ResidentHeader = struct("resident header", 8, residentHeader);
export type ResidentHeader = Struct<typeof residentHeader>;

const nonResidentHeader = {
  lowestVcn: size64(0x00, "first cluster of the attribute that this extent maps"),
  highestVcn: u64(0x08, "last one, -1 where there is none"),
  runsOffset: u16(0x10, "where the mapping pairs stand, from the start of the attribute"),
  compressionUnit: u16(0x12, "clusters of a compression unit, as a power of two"),
  reserved: reserved(0x14, 4),
  allocatedSize: size64(0x18, "bytes of all clusters, with holes; in the extent with lowestVcn 0"),
  dataSize: size64(0x20, "bytes of the value; likewise"),
  initializedSize: size64(0x28, "bytes written so far, the rest reads as zero; likewise"),
};
/** Follows the attribute header at 0x10 where the value lies in clusters. */
export const NonResidentHeader = struct("non-resident header", 48, nonResidentHeader);
export type NonResidentHeader = Struct<typeof nonResidentHeader>;

const standardInformation = {
  created: filetime(0x00, "when the file was created"),
  modified: filetime(0x08, "when its data last changed"),
  changed: filetime(0x10, "when its record last changed"),
  accessed: filetime(0x18, "when it was last read"),
  attributes: u32(0x20, "FILE_ATTRIBUTE_* bits, without the directory bit"),
  maximumVersions: u32(0x24, "0"),
  version: u32(0x28, "0; 1 on a case-sensitive directory"),
  classId: u32(0x2c, "0"),
};
/** $STANDARD_INFORMATION, the part that every volume has. */
export const StandardInformation = struct("$STANDARD_INFORMATION", 48, standardInformation);
export type StandardInformation = Struct<typeof standardInformation>;

export const STANDARD_INFORMATION_VERSION = { caseSensitive: 1 } as const;

const standardInformationTail = {
  ownerId: u32(0x00, "key into $Quota, or 0"),
  securityId: u32(0x04, "key into $Secure"),
  quotaCharged: u64(0x08, "bytes charged to the owner"),
  usn: u64(0x10, "last entry of the change journal"),
};
/** Follows $STANDARD_INFORMATION at 0x30 since NTFS 3.0. */
export const StandardInformationTail = struct("$STANDARD_INFORMATION tail", 24, standardInformationTail);
export type StandardInformationTail = Struct<typeof standardInformationTail>;

const fileName = {
  parentRecord: u48(0x00, "directory that holds the name"),
  parentSequence: u16(0x06, "its sequence"),
  created: filetime(0x08, "as in $STANDARD_INFORMATION, but often stale"),
  modified: filetime(0x10, "likewise"),
  changed: filetime(0x18, "likewise"),
  accessed: filetime(0x20, "likewise"),
  allocatedSize: size64(0x28, "of the unnamed $DATA; often stale"),
  dataSize: size64(0x30, "likewise"),
  flags: u32(0x38, "FILE_ATTRIBUTE_* bits and FILE_NAME_FLAGS"),
  reparseTagOrEaSize: u32(0x3c, "reparse tag, or size of the extended attributes"),
  nameLength: u8(0x40, "UTF-16 units of the name, which follows at 0x42"),
  namespace: u8(0x41, "NAMESPACE"),
};
/** $FILE_NAME, which is also the key of a directory entry. */
export const FileName = struct("$FILE_NAME", 66, fileName);
export type FileName = Struct<typeof fileName>;

export const FILE_NAME_FLAGS = { directory: 0x1000_0000, viewIndex: 0x2000_0000 } as const;

export const NAMESPACE = { posix: 0, win32: 1, dos: 2, win32AndDos: 3 } as const;

const attributeListEntry = {
  type: u32(0x00, "attribute type"),
  length: u16(0x04, "bytes to the next entry"),
  nameLength: u8(0x06, "UTF-16 units of the name"),
  nameOffset: u8(0x07, "where the name stands, 0x1A"),
  lowestVcn: size64(0x08, "first cluster that the extent maps"),
  record: u48(0x10, "record that holds the extent"),
  sequence: u16(0x16, "its sequence"),
  id: u16(0x18, "identifier of the attribute in that record"),
};
/** One extent of one attribute of a file that needs more than one record. */
export const AttributeListEntry = struct("attribute list entry", 26, attributeListEntry);
export type AttributeListEntry = Struct<typeof attributeListEntry>;

const indexRoot = {
  indexedType: u32(0x00, "type of the attribute that is indexed, 0x30 for a directory"),
  collation: u32(0x04, "COLLATION"),
  blockSize: u32(0x08, "bytes of an index block"),
  clustersPerBlock: u8(0x0c, "the same in clusters, or in 512 bytes where a cluster is larger"),
  reserved: reserved(0x0d, 3),
};
/** $INDEX_ROOT; an index header follows. */
export const IndexRoot = struct("$INDEX_ROOT", 16, indexRoot);
export type IndexRoot = Struct<typeof indexRoot>;

export const COLLATION = { binary: 0, fileName: 1, u32: 0x10 } as const;

const indexHeader = {
  entriesOffset: u32(0x00, "where the entries begin, from the start of this header"),
  indexLength: u32(0x04, "where they end, likewise"),
  allocatedLength: u32(0x08, "where the room for them ends, likewise"),
  flags: u32(0x0c, "1 where entries have sub-nodes"),
};
/** Stands before the entries of a node: in $INDEX_ROOT at 0x10, in an index block at 0x18. */
export const IndexHeader = struct("index header", 16, indexHeader);
export type IndexHeader = Struct<typeof indexHeader>;

const indexBlockHeader = {
  signature: ascii(0x00, 4, "`INDX`"),
  usaOffset: u16(0x04, "where the update sequence stands"),
  usaCount: u16(0x06, "words of the update sequence"),
  lsn: u64(0x08, "last $LogFile record about this block"),
  vcn: u64(0x10, "where the block itself stands in $INDEX_ALLOCATION"),
};
/** Start of a block of $INDEX_ALLOCATION; an index header follows. */
export const IndexBlockHeader = struct("index block header", 24, indexBlockHeader);
export type IndexBlockHeader = Struct<typeof indexBlockHeader>;

const viewEntry = {
  dataOffset: u16(0x00, "where the data stands, from the start of the entry"),
  dataLength: u16(0x02, "bytes of it"),
  reserved: reserved(0x04, 4),
  length: u16(0x08, "bytes to the next entry, a multiple of 8"),
  keyLength: u16(0x0a, "bytes of the key, which follows at 0x10"),
  flags: u16(0x0c, "INDEX_ENTRY_FLAGS"),
  reserved2: reserved(0x0e, 2),
};
/** Header of an entry of an index that is no directory ($SII): data in place of a file. */
export const ViewEntryHeader = struct("view index entry", 16, viewEntry);
export type ViewEntryHeader = Struct<typeof viewEntry>;

const indexEntry = {
  record: u48(0x00, "file that the entry names"),
  sequence: u16(0x06, "its sequence"),
  length: u16(0x08, "bytes to the next entry, a multiple of 8"),
  keyLength: u16(0x0a, "bytes of the key, which follows at 0x10"),
  flags: u16(0x0c, "INDEX_ENTRY_FLAGS; the sub-node's VCN is the last 8 bytes"),
  reserved: reserved(0x0e, 2),
};
/** Header of a directory entry; its key is a $FILE_NAME. */
export const IndexEntryHeader = struct("index entry", 16, indexEntry);
export type IndexEntryHeader = Struct<typeof indexEntry>;

export const INDEX_ENTRY_FLAGS = { hasChild: 0x01, isEnd: 0x02 } as const;

const volumeInformation = {
  reserved: reserved(0x00, 8),
  majorVersion: u8(0x08, "3"),
  minorVersion: u8(0x09, "0 (Windows 2000) or 1 (since XP)"),
  flags: u16(0x0a, "VOLUME_FLAGS"),
};
/** $VOLUME_INFORMATION of record 3. */
export const VolumeInformation = struct("$VOLUME_INFORMATION", 12, volumeInformation);
export type VolumeInformation = Struct<typeof volumeInformation>;

export const VOLUME_FLAGS = {
  dirty: 0x0001,
  resizeLog: 0x0002,
  upgrade: 0x0004,
  nt4: 0x0008,
  deleteUsn: 0x0010,
  repairObjectId: 0x0020,
  chkdsk: 0x4000,
  modifiedByChkdsk: 0x8000,
} as const;

const reparsePoint = {
  tag: u32(0x00, "who is in charge of the file's data"),
  dataLength: u16(0x04, "bytes that follow at 0x08"),
  reserved: reserved(0x06, 2),
};
/** $REPARSE_POINT (MS-FSCC 2.1.2.2). */
export const ReparsePoint = struct("$REPARSE_POINT", 8, reparsePoint);
export type ReparsePoint = Struct<typeof reparsePoint>;

const linkReparse = {
  targetOffset: u16(0x00, "where the target stands, from the start of the names"),
  targetLength: u16(0x02, "bytes of it"),
  printOffset: u16(0x04, "where the target as users wrote it stands, likewise"),
  printLength: u16(0x06, "bytes of it"),
};
/** Follows {@link ReparsePoint} where it is a junction (MS-FSCC 2.1.2.5) or a symbolic link (2.1.2.4). */
export const LinkReparse = struct("link reparse data", 8, linkReparse);
export type LinkReparse = Struct<typeof linkReparse>;

/** Flags of a symbolic link, 4 bytes that stand between {@link LinkReparse} and the names. */
export const SYMBOLIC_LINK_FLAGS = { isRelative: 0x01 } as const;

const restartPage = {
  signature: ascii(0x00, 4, "`RSTR`, or `CHKD` after chkdsk"),
  usaOffset: u16(0x04, "where the update sequence stands"),
  usaCount: u16(0x06, "words of the update sequence"),
  chkdskLsn: u64(0x08, "set by chkdsk"),
  systemPageSize: u32(0x10, "bytes of this page; the second one follows it"),
  logPageSize: u32(0x14, "bytes of the pages of log records"),
  restartOffset: u16(0x18, "where the restart area stands"),
  minorVersion: u16(0x1a, "1, or 0 of version 2"),
  majorVersion: u16(0x1c, "1; 2 while Windows 8 or later has the volume in use"),
};
/** Start of the two restart pages of $LogFile. */
export const RestartPage = struct("restart page", 30, restartPage);
export type RestartPage = Struct<typeof restartPage>;

const restartArea = {
  currentLsn: u64(0x00, "newest log record"),
  clientCount: u16(0x08, "log clients, 1"),
  clientFreeList: u16(0x0a, "first free client, or 0xFFFF"),
  clientInUseList: u16(0x0c, "first client that has the log open, or 0xFFFF"),
  flags: u16(0x0e, "2 where the volume was dismounted"),
  sequenceNumberBits: u32(0x10, "how an LSN is divided"),
  areaLength: u16(0x14, "bytes of the area with its clients"),
  clientArrayOffset: u16(0x16, "where the clients stand"),
  fileSize: u64(0x18, "bytes of the log"),
  lastLsnDataLength: u32(0x20, "bytes of the newest record"),
  recordHeaderLength: u16(0x24, "bytes of a record header"),
  logPageDataOffset: u16(0x26, "where records begin in a page"),
  openCount: u32(0x28, "changes with every mount"),
  reserved: reserved(0x2c, 4),
};
/** What a restart page says of the state of the log. */
export const RestartArea = struct("restart area", 48, restartArea);
export type RestartArea = Struct<typeof restartArea>;

export const RESTART_FLAGS = { volumeIsClean: 0x0002 } as const;

/** End of a list of log clients. */
export const NO_CLIENT = 0xffff;
