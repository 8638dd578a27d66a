import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readVolumes, type VolumeContent } from "../../src/volume/index.ts";
import {
  bootSector,
  buildBootRecord,
  buildFatBootSector,
  buildNtfsBootSector,
  GPT_TYPES,
  SparseDisk,
  writeGpt,
} from "../lab/partitions.ts";

const MIB = 1024 * 1024;
const OFFSET = MIB;
const GUID = "11111111-1111-1111-1111-111111111111";

/** A disk with one partition of `type`: a GUID, or the type byte of an MBR. */
function diskOf(type: string | number, sectorSize: 512 | 4096 = 512): SparseDisk {
  const disk = new SparseDisk(16 * MIB, sectorSize);
  const firstLba = OFFSET / sectorSize;
  const sectorCount = (8 * MIB) / sectorSize;
  if (typeof type === "number") {
    return disk.write(0, buildBootRecord([{ type, firstLba, sectorCount }]));
  }
  return writeGpt(disk, {
    partitions: [{ type, guid: GUID, firstLba, lastLba: firstLba + sectorCount - 1 }],
  });
}

/** Superblock of ext4: inode count, block size, blocks per group, magic, revision. */
function extSuperblock(
  fields: { blockSizeLog?: number; revision?: number; inodeCount?: number } = {},
): Uint8Array {
  const view = new DataView(new ArrayBuffer(1024));
  view.setUint32(0, fields.inodeCount ?? 1000, true);
  view.setUint32(24, fields.blockSizeLog ?? 2, true);
  view.setUint32(32, 32768, true);
  view.setUint16(56, 0xef53, true);
  view.setUint32(76, fields.revision ?? 1, true);
  return new Uint8Array(view.buffer);
}

function bitLockerToGo(): Uint8Array {
  const sector = buildFatBootSector("MSWIN4.1");
  sector.set(Buffer.from("3bd66749292ed84a8399f6a339e3d001", "hex"), 424);
  return sector;
}

const SPEAKING: { what: string; at: number; bytes: Uint8Array | string; content: VolumeContent }[] = [
  { what: "NTFS", at: 0, bytes: buildNtfsBootSector(), content: "ntfs" },
  { what: "FAT32", at: 0, bytes: buildFatBootSector(), content: "fat" },
  { what: "FAT of Windows", at: 0, bytes: buildFatBootSector("MSDOS5.0"), content: "fat" },
  { what: "exFAT", at: 0, bytes: bootSector("\xeb\x76\x90EXFAT   "), content: "exfat" },
  { what: "BitLocker of Vista", at: 0, bytes: bootSector("\xeb\x52\x90-FVE-FS-"), content: "bitlocker" },
  { what: "BitLocker of Windows 7", at: 0, bytes: bootSector("\xeb\x58\x90-FVE-FS-"), content: "bitlocker" },
  { what: "BitLocker To Go", at: 0, bytes: bitLockerToGo(), content: "bitlocker" },
  { what: "ReFS", at: 0, bytes: bootSector("\0\0\0ReFS\0\0\0\0"), content: "refs" },
  { what: "XFS", at: 0, bytes: "XFSB\0\0\x10\0", content: "xfs" },
  { what: "LUKS", at: 0, bytes: "LUKS\xba\xbe\0\x02", content: "luks" },
  { what: "ext4", at: 1024, bytes: extSuperblock(), content: "ext" },
  { what: "ext2 of revision 0", at: 1024, bytes: extSuperblock({ revision: 0 }), content: "ext" },
  { what: "LVM2 in the first sector", at: 0, bytes: "LABELONE", content: "lvm" },
  { what: "LVM2 in the second sector", at: 512, bytes: "LABELONE", content: "lvm" },
  { what: "LVM2 in the fourth sector", at: 1536, bytes: "LABELONE", content: "lvm" },
  { what: "btrfs", at: 0x10040, bytes: "_BHRfS_M", content: "btrfs" },
  { what: "swap", at: 4086, bytes: "SWAPSPACE2", content: "swap" },
  { what: "swap of a hibernated system", at: 4086, bytes: "S1SUSPEND\0", content: "swap" },
  { what: "swap in pages of 16 KiB", at: 16374, bytes: "SWAPSPACE2", content: "swap" },
  { what: "swap in pages of 64 KiB", at: 65526, bytes: "SWAPSPACE2", content: "swap" },
  { what: "UFS1", at: 8192 + 1372, bytes: "\x54\x19\x01\x00", content: "ufs" },
  { what: "UFS2", at: 65536 + 1372, bytes: "\x19\x01\x54\x19", content: "ufs" },
];

describe("a volume is named by its own bytes", () => {
  test.each(SPEAKING)("$what is $content", ({ at, bytes, content }) => {
    for (const type of [GPT_TYPES.basicData, GPT_TYPES.linux, 0x07, 0x83]) {
      const disk = diskOf(type).write(OFFSET + at, bytes);
      expect(readVolumes(disk).volumes).toMatchObject([{ content }]);
    }
  });

  test.each(SPEAKING)("$what without a partition table is one volume", ({ at, bytes, content }) => {
    const disk = new SparseDisk(8 * MIB).write(at, bytes);
    expect(readVolumes(disk)).toMatchObject({
      table: "none",
      volumes: [
        {
          index: 0,
          offset: 0,
          sizeBytes: 8 * MIB,
          partition: undefined,
          role: "unknown",
          content,
          source: disk,
        },
      ],
    });
  });

  test.each(SPEAKING)(
    "$what is not named where the volume ends before its mark does",
    ({ at, bytes, content }) => {
      const needed = content === "ext" ? 80 : bytes.length;
      const disk = new SparseDisk(at + needed - 1).write(at, bytes);
      expect(readVolumes(disk).volumes).toEqual([]);
    },
  );

  test.each([
    { what: "a block size that ext has not", at: 1024, bytes: extSuperblock({ blockSizeLog: 7 }) },
    { what: "a revision that ext has not", at: 1024, bytes: extSuperblock({ revision: 2 }) },
    { what: "no inodes", at: 1024, bytes: extSuperblock({ inodeCount: 0 }) },
    { what: "boot code without a parameter block", at: 0, bytes: bootSector("\xeb\x63\x90") },
    { what: "zeroes", at: 0, bytes: new Uint8Array(512) },
  ])("$what is no reason for a name", ({ at, bytes }) => {
    const disk = diskOf(0x83).write(OFFSET + at, bytes);
    expect(readVolumes(disk).volumes).toMatchObject([{ content: "unknown" }]);
  });

  test.each([
    { offset: 0, value: 0x33, field: "jump" },
    { offset: 12, value: 3, field: "bytes per sector" },
    { offset: 13, value: 3, field: "sectors per cluster" },
    { offset: 13, value: 0, field: "sectors per cluster" },
    { offset: 14, value: 0, field: "reserved sectors" },
    { offset: 16, value: 0, field: "number of FATs" },
    { offset: 21, value: 0xf1, field: "media" },
    { offset: 510, value: 0, field: "signature" },
  ])("FAT with $value as $field is no FAT", ({ offset, value }) => {
    const sector = buildFatBootSector();
    sector[offset] = value;
    expect(readVolumes(new SparseDisk(MIB).write(0, sector)).volumes).toEqual([]);
  });

  test("any bytes give a name or none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const { volumes } = readVolumes(diskOf(0x83).write(OFFSET, bytes));
        expect(volumes).toHaveLength(1);
      }),
    );
  });
});

describe("a volume whose bytes say nothing is named by its type", () => {
  test.each([
    { type: GPT_TYPES.esp, role: "esp", content: "unknown" },
    { type: GPT_TYPES.msr, role: "msr", content: "reserved" },
    { type: GPT_TYPES.basicData, role: "data", content: "unknown" },
    { type: GPT_TYPES.recovery, role: "recovery", content: "unknown" },
    { type: GPT_TYPES.ldmMetadata, role: "data", content: "ldm" },
    { type: GPT_TYPES.ldmData, role: "data", content: "ldm" },
    { type: GPT_TYPES.storageSpaces, role: "data", content: "storage-spaces" },
    { type: GPT_TYPES.linux, role: "data", content: "unknown" },
    { type: "e6d6d379-f507-44c2-a23c-238f2a3df928", role: "data", content: "lvm" },
    { type: "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", role: "data", content: "swap" },
    { type: "ca7d7ccb-63ed-4c53-861c-1742536059cc", role: "data", content: "luks" },
    { type: "21686148-6449-6e6f-744e-656564454649", role: "unknown", content: "reserved" },
    { type: "516e7cb6-6ecf-11d6-8ff8-00022d09712b", role: "data", content: "ufs" },
    { type: "516e7cb5-6ecf-11d6-8ff8-00022d09712b", role: "data", content: "swap" },
    { type: "12345678-1234-1234-1234-123456789abc", role: "unknown", content: "unknown" },
    { type: 0x07, role: "data", content: "unknown" },
    { type: 0x17, role: "data", content: "unknown" },
    { type: 0x27, role: "recovery", content: "unknown" },
    { type: 0x42, role: "data", content: "ldm" },
    { type: 0x82, role: "data", content: "swap" },
    { type: 0x83, role: "data", content: "unknown" },
    { type: 0x8e, role: "data", content: "lvm" },
    { type: 0xa5, role: "data", content: "ufs" },
    { type: 0xef, role: "esp", content: "unknown" },
    { type: 0x99, role: "unknown", content: "unknown" },
  ])("$type is $content, for $role", ({ type, role, content }) => {
    expect(readVolumes(diskOf(type)).volumes).toMatchObject([{ role, content }]);
  });

  test.each([
    { type: 0x42, content: "ldm" },
    { type: GPT_TYPES.ldmData, content: "ldm" },
    { type: GPT_TYPES.storageSpaces, content: "storage-spaces" },
    { type: GPT_TYPES.msr, content: "reserved" },
  ])("$type is $content even where an NTFS begins", ({ type, content }) => {
    const disk = diskOf(type).write(OFFSET, buildNtfsBootSector());
    expect(readVolumes(disk).volumes).toMatchObject([{ content }]);
  });
});

describe("a volume that has lost its NTFS boot sector", () => {
  test.each([
    { type: 0x07, sector: 512 },
    { type: 0x17, sector: 512 },
    { type: 0x27, sector: 512 },
    { type: GPT_TYPES.basicData, sector: 512 },
    { type: GPT_TYPES.basicData, sector: 4096 },
    { type: GPT_TYPES.recovery, sector: 512 },
  ] as const)("is known by the copy in its last sector ($type, $sector bytes)", ({ type, sector }) => {
    const disk = diskOf(type, sector).write(OFFSET + 8 * MIB - sector, buildNtfsBootSector());
    expect(readVolumes(disk).volumes).toMatchObject([{ content: "ntfs" }]);
  });

  test("is not looked for where the type is of another system, or the end is cut off", () => {
    const linux = diskOf(0x83).write(OFFSET + 8 * MIB - 512, buildNtfsBootSector());
    expect(readVolumes(linux).volumes).toMatchObject([{ content: "unknown" }]);
    const cut = new SparseDisk(4 * MIB)
      .write(0, buildBootRecord([{ type: 0x07, firstLba: 2048, sectorCount: 99_999 }]))
      .write(4 * MIB - 512, buildNtfsBootSector());
    expect(readVolumes(cut).volumes).toMatchObject([{ content: "unknown" }]);
  });
});

describe("a volume that cannot be read is a finding", () => {
  test.each([
    { code: "VOLUME_BITLOCKER", type: 0x07, bytes: bootSector("\xeb\x58\x90-FVE-FS-") },
    { code: "VOLUME_REFS", type: 0x07, bytes: bootSector("\0\0\0ReFS\0\0\0\0") },
    { code: "VOLUME_LDM", type: 0x42, bytes: new Uint8Array(1) },
    { code: "VOLUME_STORAGE_SPACES", type: GPT_TYPES.storageSpaces, bytes: new Uint8Array(1) },
  ])("$code", ({ code, type, bytes }) => {
    const { findings } = readVolumes(diskOf(type).write(OFFSET, bytes));
    expect(findings).toMatchObject([{ code, severity: "error", where: { partition: 0 } }]);
  });

  test("also without a partition table", () => {
    const disk = new SparseDisk(MIB).write(0, bootSector("\xeb\x58\x90-FVE-FS-"));
    expect(readVolumes(disk).findings).toMatchObject([{ code: "VOLUME_BITLOCKER", where: { partition: 0 } }]);
  });
});
