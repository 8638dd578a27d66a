// SPDX-License-Identifier: MIT
import {
  bytes,
  type Field,
  reserved,
  type Struct,
  type StructClass,
  size64,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "../../../bytes/index.ts";

/** A structure inside another one; reading gives a window on it, writing copies its bytes. */
function nested<F extends Record<string, Field<unknown>>>(Inner: StructClass<F>, typeName: string) {
  return (offset: number, meaning: string): Field<Struct<F>> => ({
    type: {
      name: typeName,
      sizeBytes: Inner.sizeBytes,
      get: (view, at) => new Inner(view, at),
      set: (view, at, value) => {
        const target = new Uint8Array(view.buffer, view.byteOffset + at, Inner.sizeBytes);
        target.set(new Uint8Array(value.view.buffer, value.view.byteOffset + value.at, Inner.sizeBytes));
      },
    },
    offset,
    meaning,
  });
}

const descriptorTagFields = {
  id: u16(0, "which descriptor follows"),
  version: u16(2, "2 for ECMA-167/2 (NSR02), 3 for ECMA-167/3 (NSR03)"),
  checksum: u8(4, "sum of the other 15 bytes of the tag, modulo 256"),
  reserved: reserved(5, 1),
  serial: u16(6, "serial number; not used"),
  crc: u16(8, "CRC-16 of the bytes behind the tag, polynomial 0x1021 from 0"),
  crcSizeBytes: u16(10, "how many bytes the CRC covers"),
  location: u32(12, "block of the descriptor: of the volume, or of its partition"),
};

/** What every descriptor begins with (ECMA-167 3/7.2 and 4/7.2). */
export const DescriptorTag = struct("descriptor tag", 16, descriptorTagFields);
export type DescriptorTag = Struct<typeof descriptorTagFields>;

/** `DescriptorTag.id` (ECMA-167 3/7.2.1 and 4/7.2.1). */
export const TAG_ID = {
  sparingTable: 0,
  anchor: 2,
  pointer: 3,
  partition: 5,
  logicalVolume: 6,
  terminating: 8,
  fileSet: 256,
  fileIdentifier: 257,
  allocationExtent: 258,
  fileEntry: 261,
  extendedFileEntry: 266,
} as const;

const volumeExtentFields = {
  sizeBytes: u32(0, "bytes"),
  block: u32(4, "first block of the volume"),
};

/** Extent of the volume (ECMA-167 3/7.1). */
export const VolumeExtent = struct("extent_ad", 8, volumeExtentFields);
export type VolumeExtent = Struct<typeof volumeExtentFields>;

const shortAllocationFields = {
  kindAndSize: u32(0, "bytes, and the kind of the extent in the two highest bits"),
  block: u32(4, "first block, in the partition of the file entry"),
};

/** Extent in the partition of its file entry (ECMA-167 4/14.14.1). */
export const ShortAllocation = struct("short_ad", 8, shortAllocationFields);
export type ShortAllocation = Struct<typeof shortAllocationFields>;

const longAllocationFields = {
  kindAndSize: u32(0, "bytes, and the kind of the extent in the two highest bits"),
  block: u32(4, "first block of the partition"),
  partition: u16(8, "partition reference: which partition map"),
  implementationUse: bytes(10, 6, "not used"),
};

/** Extent in any partition (ECMA-167 4/14.14.2). */
export const LongAllocation = struct("long_ad", 16, longAllocationFields);
export type LongAllocation = Struct<typeof longAllocationFields>;

/** Kind of an extent, the two highest bits of its size (ECMA-167 4/14.14.1.1). */
export const EXTENT_KIND = { recorded: 0, allocated: 1, hole: 2, continuation: 3 } as const;

const timestampFields = {
  typeAndZone: u16(
    0,
    "type in the high 4 bits (0 UTC, 1 local), minutes ahead of UTC in the low 12; -2047 for none",
  ),
  year: u16(2, "1 to 9999"),
  month: u8(4, "1 to 12"),
  day: u8(5, "1 to 31"),
  hour: u8(6, "0 to 23"),
  minute: u8(7, "0 to 59"),
  second: u8(8, "0 to 59"),
  centisecond: u8(9, "hundredths of a second"),
  hundredMicroseconds: u8(10, "hundreds of microseconds"),
  microsecond: u8(11, "microseconds"),
};

/** Date and time (ECMA-167 1/7.3). */
export const Timestamp = struct("timestamp", 12, timestampFields);
export type Timestamp = Struct<typeof timestampFields>;

const tag = nested(DescriptorTag, "tag");
const extentAd = nested(VolumeExtent, "extent_ad");
const longAd = nested(LongAllocation, "long_ad");
const timestamp = nested(Timestamp, "timestamp");

/** Where the descriptors of the volume are: at block 256, the last, or 256 before it (ECMA-167 3/10.2). */
export const AnchorDescriptor = struct("anchor volume descriptor pointer", 512, {
  tag: tag(0, "id 2"),
  main: extentAd(16, "main volume descriptor sequence"),
  reserve: extentAd(24, "its second copy"),
  reserved: reserved(32, 480),
});

/** Where a volume descriptor sequence goes on (ECMA-167 3/10.3). */
export const DescriptorPointer = struct("volume descriptor pointer", 512, {
  tag: tag(0, "id 3"),
  sequence: u32(16, "volume descriptor sequence number"),
  next: extentAd(20, "next extent of the sequence"),
  reserved: reserved(28, 484),
});

const partitionFields = {
  tag: tag(0, "id 5"),
  sequence: u32(16, "volume descriptor sequence number: the highest counts"),
  flags: u16(20, "1 allocated"),
  number: u16(22, "partition number, which the partition maps name"),
  contents: bytes(24, 32, "`+NSR02` or `+NSR03`"),
  contentsUse: bytes(56, 128, "space maps of what can be written to"),
  access: u32(184, "1 read only, 2 write once, 3 rewritable, 4 overwritable"),
  startBlock: u32(188, "first block"),
  blockCount: u32(192, "blocks"),
  implementation: bytes(196, 32, "program that made it"),
  implementationUse: bytes(228, 128, "for that program"),
  reserved: reserved(356, 156),
};

/** One partition (ECMA-167 3/10.5). */
export const PartitionDescriptor = struct("partition descriptor", 512, partitionFields);
export type PartitionDescriptor = Struct<typeof partitionFields>;

const logicalVolumeFields = {
  tag: tag(0, "id 6"),
  sequence: u32(16, "volume descriptor sequence number: the highest counts"),
  characterSet: bytes(20, 64, "OSTA Compressed Unicode"),
  label: bytes(84, 128, "name of the volume, a dstring"),
  blockSizeBytes: u32(212, "bytes of a block"),
  domain: bytes(216, 32, "`*OSTA UDF Compliant` and the revision at 0x18 of it"),
  fileSet: longAd(248, "file set descriptor"),
  mapTableSizeBytes: u32(264, "bytes of the partition maps"),
  mapCount: u32(268, "number of partition maps"),
  implementation: bytes(272, 32, "program that made it"),
  implementationUse: bytes(304, 128, "for that program"),
  integrity: extentAd(432, "logical volume integrity descriptors; not used"),
};

/** The volume as files see it; the partition maps follow (ECMA-167 3/10.6). */
export const LogicalVolumeDescriptor = struct("logical volume descriptor", 440, logicalVolumeFields);
export type LogicalVolumeDescriptor = Struct<typeof logicalVolumeFields>;

/** Partition map of type 1: a partition as it is (ECMA-167 3/10.7.2). */
export const PartitionMap = struct("partition map", 6, {
  type: u8(0, "1 plain, 2 of a special kind"),
  sizeBytes: u8(1, "6, or 64 for type 2"),
  volumeSequence: u16(2, "volume of the set"),
  partitionNumber: u16(4, "partition number"),
});

const specialMapFields = {
  type: u8(0, "2"),
  sizeBytes: u8(1, "64"),
  reserved: reserved(2, 2),
  flags: u8(4, "flags of the identifier"),
  identifier: bytes(
    5,
    23,
    "`*UDF Metadata Partition`, `*UDF Sparable Partition` or `*UDF Virtual Partition`",
  ),
  suffix: bytes(28, 8, "revision of UDF"),
  volumeSequence: u16(36, "volume of the set"),
  partitionNumber: u16(38, "number of the partition that holds it"),
};

/** Partition map of type 2 as UDF has it (OSTA UDF 2.2.8). */
export const SpecialPartitionMap = struct("partition map of type 2", 64, {
  ...specialMapFields,
  details: bytes(40, 24, "depends on the identifier"),
});

const metadataMapFields = {
  ...specialMapFields,
  file: u32(40, "block of the file entry of the metadata file"),
  mirrorFile: u32(44, "block of the file entry of its copy"),
  bitmapFile: u32(48, "block of the file entry of its space map; not used"),
  unitBlocks: u32(52, "blocks of an allocation unit"),
  alignmentBlocks: u16(56, "alignment in blocks"),
  copyFlags: u8(58, "1 where the copy has blocks of its own"),
  reserved2: reserved(59, 5),
};

/** Metadata partition: a file of the partition below holds directories and file entries (OSTA UDF 2.50, 2.2.10). */
export const MetadataPartitionMap = struct("metadata partition map", 64, metadataMapFields);
export type MetadataPartitionMap = Struct<typeof metadataMapFields>;

const sparableMapFields = {
  ...specialMapFields,
  packetBlocks: u16(40, "blocks of a packet"),
  tableCount: u8(42, "copies of the sparing table, 1 to 4"),
  reserved2: reserved(43, 1),
  tableSizeBytes: u32(44, "bytes of a sparing table"),
  tables: bytes(48, 16, "first block of each copy, 32 bits each"),
};

/** Sparable partition: defective packets are replaced by others (OSTA UDF 1.50, 2.2.9). */
export const SparablePartitionMap = struct("sparable partition map", 64, sparableMapFields);
export type SparablePartitionMap = Struct<typeof sparableMapFields>;

/** Which packets were replaced; the entries follow, 8 bytes each (OSTA UDF 1.50, 2.2.11). */
export const SparingTable = struct("sparing table", 56, {
  tag: tag(0, "id 0"),
  identifier: bytes(16, 32, "`*UDF Sparing Table`"),
  entryCount: u16(48, "number of entries"),
  reserved: reserved(50, 2),
  sequence: u32(52, "sequence number"),
});

/** First number of an entry of the sparing table from which on it replaces nothing: free, or defective itself. */
export const SPARING_UNUSED = 0xffff_fff0;

/** Where the root directory is (ECMA-167 4/14.1). */
export const FileSetDescriptor = struct("file set descriptor", 512, {
  tag: tag(0, "id 256"),
  recorded: timestamp(16, "when it was made"),
  levels: bytes(28, 12, "interchange level and character sets"),
  fileSetNumber: u32(40, "0"),
  descriptorNumber: u32(44, "0"),
  volumeCharacterSet: bytes(48, 64, "OSTA Compressed Unicode"),
  volumeLabel: bytes(112, 128, "name of the volume, a dstring"),
  characterSet: bytes(240, 64, "OSTA Compressed Unicode"),
  label: bytes(304, 32, "name of the file set, a dstring"),
  copyrightFile: bytes(336, 32, "not used"),
  abstractFile: bytes(368, 32, "not used"),
  root: longAd(400, "file entry of the root directory"),
  domain: bytes(416, 32, "`*OSTA UDF Compliant`"),
  next: longAd(448, "further file sets; not used"),
  streamDirectory: longAd(464, "streams of the volume; not used"),
  reserved: reserved(480, 32),
});

const icbTagFields = {
  priorEntries: u32(0, "direct entries written before"),
  strategy: u16(4, "4: one entry that counts; 4096 chains them"),
  strategyParameter: bytes(6, 2, "not used"),
  entryCountMax: u16(8, "1"),
  reserved: reserved(10, 1),
  fileType: u8(11, "4 directory, 5 file, 12 link, 249 real-time file, 250 to 252 metadata, others devices"),
  parent: bytes(12, 6, "not used"),
  flags: u16(18, "bits 0 to 2: how the data is allocated"),
};

/** What kind of file an entry describes (ECMA-167 4/14.6). */
export const IcbTag = struct("ICB tag", 20, icbTagFields);
export type IcbTag = Struct<typeof icbTagFields>;

/** `IcbTag.fileType`. */
export const FILE_TYPE = {
  directory: 4,
  file: 5,
  link: 12,
  realTime: 249,
  metadata: 250,
  mirror: 251,
} as const;

/** The low three bits of `IcbTag.flags`: what the allocation descriptors are (ECMA-167 4/14.6.8). */
export const ALLOCATION = { short: 0, long: 1, extended: 2, embedded: 3 } as const;

const icbTag = nested(IcbTag, "ICB tag");

const fileEntryStart = {
  tag: tag(0, "id 261, or 266 in the extended form"),
  icb: icbTag(16, "kind of file"),
  owner: bytes(36, 16, "user, group, permissions, links; not used"),
  recordSizeBytes: u32(52, "0"),
  sizeBytes: size64(56, "bytes of the file"),
};

/** A file or directory; extended attributes and allocation descriptors follow (ECMA-167 4/14.9). */
export const FileEntry = struct("file entry", 176, {
  ...fileEntryStart,
  blocksRecorded: size64(64, "blocks in use"),
  accessed: timestamp(72, "last access"),
  modified: timestamp(84, "last change of the data"),
  changed: timestamp(96, "last change of the attributes"),
  checkpoint: u32(108, "1"),
  attributesIcb: longAd(112, "further extended attributes; not used"),
  implementation: bytes(128, 32, "program that made it"),
  uniqueId: u64(160, "unique number of the file"),
  attributesSizeBytes: u32(168, "bytes of extended attributes, which follow"),
  allocationSizeBytes: u32(172, "bytes of allocation descriptors, which follow those"),
});

/** The same with a time of creation and streams (ECMA-167/3 4/14.17). */
export const ExtendedFileEntry = struct("extended file entry", 216, {
  ...fileEntryStart,
  objectSizeBytes: size64(64, "bytes of the file and its streams"),
  blocksRecorded: size64(72, "blocks in use"),
  accessed: timestamp(80, "last access"),
  modified: timestamp(92, "last change of the data"),
  created: timestamp(104, "creation"),
  changed: timestamp(116, "last change of the attributes"),
  checkpoint: u32(128, "1"),
  reserved: reserved(132, 4),
  attributesIcb: longAd(136, "further extended attributes; not used"),
  streamsIcb: longAd(152, "streams; not used"),
  implementation: bytes(168, 32, "program that made it"),
  uniqueId: u64(200, "unique number of the file"),
  attributesSizeBytes: u32(208, "bytes of extended attributes, which follow"),
  allocationSizeBytes: u32(212, "bytes of allocation descriptors, which follow those"),
});

/** More allocation descriptors of a file, which follow (ECMA-167 4/14.5). */
export const AllocationExtent = struct("allocation extent descriptor", 24, {
  tag: tag(0, "id 258"),
  previous: u32(16, "not used"),
  sizeBytes: u32(20, "bytes of allocation descriptors"),
});

const fileIdentifierFields = {
  tag: tag(0, "id 257"),
  version: u16(16, "1"),
  characteristics: u8(18, "1 hidden, 2 directory, 4 deleted, 8 parent"),
  nameSizeBytes: u8(19, "bytes of the name"),
  icb: longAd(20, "file entry"),
  implementationSizeBytes: u16(36, "bytes of implementation use, which follow"),
};

/** Entry of a directory; implementation use and the name follow, and zeros up to a multiple of 4 (ECMA-167 4/14.4). */
export const FileIdentifier = struct("file identifier descriptor", 38, fileIdentifierFields);
export type FileIdentifier = Struct<typeof fileIdentifierFields>;

/** `FileIdentifier.characteristics`. */
export const CHARACTERISTICS = { hidden: 1, directory: 2, deleted: 4, parent: 8 } as const;
