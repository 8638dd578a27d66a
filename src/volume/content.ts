// SPDX-License-Identifier: MIT
import { type ByteSource, SliceSource } from "../io/index.ts";
import { BOOT_RECORD_SIZE_BYTES, BOOT_SIGNATURE } from "./layout.ts";
import type { VolumeContent } from "./volume.ts";

/** Bytes at a fixed place that only one kind of content has there. */
interface Mark {
  readonly content: VolumeContent;
  readonly at: number;
  readonly bytes: readonly number[];
}

/**
 * In the first sector. Sources: MS-NTFS boot sector, exFAT specification 3.1.2, ReFS volume header, libbde's format
 * notes, XFS disk structure chapter 13 (superblock), LUKS2 on-disk format 2.1.
 */
const FIRST_SECTOR: readonly Mark[] = [
  mark("ntfs", 3, "NTFS    "),
  mark("exfat", 3, "EXFAT   "),
  mark("refs", 3, "ReFS\0\0\0\0"),
  // BitLocker from Vista on writes its name where NTFS has its own.
  mark("bitlocker", 3, "-FVE-FS-"),
  // BitLocker To Go poses as FAT32, so that a reader program can be found in it: only this GUID gives it away
  // (4967d63b-2e29-4ad8-8399-f6a339e3d001).
  {
    content: "bitlocker",
    at: 424,
    bytes: [0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01],
  },
  mark("xfs", 0, "XFSB"),
  mark("luks", 0, "LUKS\xba\xbe"),
];

/** The swap signature ends the first memory page of the guest, which has one of these sizes (mkswap(8)). */
const SWAP_PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];
/** A system that hibernated into its swap space put the second one in its place. */
const SWAP_NAMES = ["SWAPSPACE2", "S1SUSPEND\0"];
const SWAP_NAME_SIZE_BYTES = 10;

const SWAP = SWAP_PAGE_SIZES.flatMap((pageSize) =>
  SWAP_NAMES.map((name) => mark("swap", pageSize - SWAP_NAME_SIZE_BYTES, name)),
);

/** `fs_magic` at the end of the superblock of UFS1 and UFS2, which stands at 8 or 64 KiB (FreeBSD, sys/ufs/ffs/fs.h). */
const UFS = [8192, 65536].flatMap((superblock) => [
  { content: "ufs", at: superblock + 1372, bytes: [0x54, 0x19, 0x01, 0x00] } as const,
  { content: "ufs", at: superblock + 1372, bytes: [0x19, 0x01, 0x54, 0x19] } as const,
]);

/** Everything that says its name behind the first sector, in the order in which it is looked for. */
const BEHIND: readonly Mark[] = [
  // The label may stand in any of the first four sectors (LVM2, lib/label/label.h).
  ...[0, 512, 1024, 1536].map((at) => mark("lvm", at, "LABELONE")),
  mark("btrfs", 0x10040, "_BHRfS_M"),
  ...SWAP,
  ...UFS,
];

/** One page holds the superblock of ext, the label of LVM and the signature of swap on most systems. */
const HEAD_SIZE_BYTES = 4096;

/**
 * What the first sector of a volume, or of a disk without partitions, says that it is; undefined where it says nothing.
 */
export function contentOfFirstSector(sector: DataView): VolumeContent | undefined {
  const marked = FIRST_SECTOR.find((mark) => hasMark(sector, mark));
  return marked?.content ?? (isFat(sector) ? "fat" : undefined);
}

/**
 * What a volume is, told by its own bytes: the first sector alone as a rule, and only where that says nothing the
 * superblocks of other systems, up to 68 KiB into the volume.
 */
export function contentOfBytes(volume: ByteSource): VolumeContent | undefined {
  if (volume.sizeBytes < BOOT_RECORD_SIZE_BYTES) return undefined;
  const first = contentOfFirstSector(volume.read(0, BOOT_RECORD_SIZE_BYTES));
  if (first !== undefined) return first;
  if (isExt(volume.read(0, Math.min(HEAD_SIZE_BYTES, volume.sizeBytes)))) return "ext";
  return BEHIND.find((mark) => {
    const { at, bytes } = mark;
    return (
      at + bytes.length <= volume.sizeBytes && hasMark(volume.read(at, bytes.length), { ...mark, at: 0 })
    );
  })?.content;
}

/** Whether the last sector of a volume holds the copy of an NTFS boot sector, for a volume that has lost the first. */
export function endsWithNtfsBootSector(volume: ByteSource, sectorSizeBytes: number): boolean {
  if (volume.sizeBytes < 2 * sectorSizeBytes) return false;
  const last = new SliceSource(volume, volume.sizeBytes - sectorSizeBytes, BOOT_RECORD_SIZE_BYTES);
  return contentOfFirstSector(last.read(0, BOOT_RECORD_SIZE_BYTES)) === "ntfs";
}

/**
 * FAT has no reliable name in its boot sector, so the parameter block itself must make sense (Microsoft's FAT
 * specification, version 1.03, "Boot Sector and BPB"). NTFS leaves the number of FATs at 0 and is told apart by it.
 */
function isFat(sector: DataView): boolean {
  const jump = sector.getUint8(0);
  const bytesPerSector = sector.getUint16(11, true);
  const sectorsPerCluster = sector.getUint8(13);
  const reservedSectors = sector.getUint16(14, true);
  const fatCount = sector.getUint8(16);
  const media = sector.getUint8(21);
  return (
    sector.getUint16(510, true) === BOOT_SIGNATURE &&
    (jump === 0xeb || jump === 0xe9) &&
    [512, 1024, 2048, 4096].includes(bytesPerSector) &&
    isPowerOfTwo(sectorsPerCluster) &&
    reservedSectors > 0 &&
    (fatCount === 1 || fatCount === 2) &&
    (media === 0xf0 || media >= 0xf8)
  );
}

/**
 * The two bytes of ext's magic number are found in any encrypted volume of some size, so neighbouring fields of the
 * superblock must make sense too (Linux, Documentation/filesystems/ext4/super.rst).
 */
function isExt(head: DataView): boolean {
  const superblock = 1024;
  if (head.byteLength < superblock + 80) return false;
  const inodeCount = head.getUint32(superblock, true);
  const blockSizeLog = head.getUint32(superblock + 24, true);
  const blocksPerGroup = head.getUint32(superblock + 32, true);
  const magic = head.getUint16(superblock + 56, true);
  const revision = head.getUint32(superblock + 76, true);
  return magic === 0xef53 && inodeCount > 0 && blocksPerGroup > 0 && blockSizeLog <= 6 && revision <= 1;
}

function isPowerOfTwo(byte: number): boolean {
  return byte > 0 && (byte & (byte - 1)) === 0;
}

function mark(content: VolumeContent, at: number, name: string): Mark {
  return { content, at, bytes: Array.from(name, (character) => character.charCodeAt(0)) };
}

function hasMark(view: DataView, { at, bytes }: Mark): boolean {
  return bytes.every((byte, index) => view.getUint8(at + index) === byte);
}
