import { describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { MemorySource } from "../../src/io/index.ts";
import { type PartitionedDisk, readVolumes } from "../../src/volume/index.ts";
import { readFixture } from "../support/fixtures.ts";

/** Number, first and last sector, content: as FACTS/part has them from mmls and fdisk. */
type Row = readonly [number: number, first: number, last: number, content: string];

interface Table {
  readonly file: string;
  readonly sector?: 512 | 4096;
  readonly table: "gpt" | "mbr";
  readonly rows: readonly Row[];
  readonly codes?: readonly string[];
}

const TABLES: Table[] = [
  {
    file: "dfvfs-gpt.raw",
    table: "gpt",
    rows: [
      [1, 2048, 2175, "ext"],
      [2, 4096, 4223, "ext"],
    ],
  },
  {
    file: "dfvfs-mbr.raw",
    table: "mbr",
    rows: [
      [1, 1, 129, "ext"],
      [5, 131, 259, "ext"],
    ],
  },
  {
    file: "gpt-512-3p.raw",
    table: "gpt",
    rows: [
      [1, 34, 64, "unknown"],
      [2, 65, 128, "unknown"],
      [3, 129, 2014, "unknown"],
    ],
  },
  {
    // The first sectors of a Mac with Windows beside it: a hybrid MBR, and the rest of the disk is not there.
    file: "gpt.bin",
    table: "gpt",
    rows: [
      [1, 40, 409_639, "unknown"],
      [2, 411_648, 61_437_951, "unknown"],
    ],
    codes: ["GPT_HYBRID", "PARTITION_RANGE", "PARTITION_RANGE"],
  },
  {
    file: "gpt_4k.bin",
    sector: 4096,
    table: "gpt",
    rows: [
      [1, 256, 512, "unknown"],
      [2, 768, 1024, "unknown"],
      [3, 1280, 4186, "unknown"],
    ],
    codes: ["PARTITION_RANGE", "PARTITION_RANGE", "PARTITION_RANGE"],
  },
  {
    file: "mbr-4096-p1e1.bin",
    sector: 4096,
    table: "mbr",
    rows: [
      [1, 3, 4, "lvm"],
      [5, 9, 10, "unknown"],
    ],
  },
  {
    file: "mbr-512-p1e2.bin",
    table: "mbr",
    rows: [
      [2, 1025, 2047, "unknown"],
      [5, 2, 512, "unknown"],
      [6, 514, 1024, "unknown"],
    ],
  },
  {
    // Of this disk and the next only the first sectors are there.
    file: "mbr-512-p4.bin",
    table: "mbr",
    rows: [
      [1, 1, 2, "unknown"],
      [2, 3, 4, "unknown"],
      [3, 5, 6, "unknown"],
      [4, 7, 2047, "lvm"],
    ],
    codes: ["PARTITION_RANGE", "PARTITION_RANGE", "PARTITION_RANGE", "PARTITION_RANGE"],
  },
  {
    file: "mbr.bin",
    table: "mbr",
    rows: [
      [1, 2048, 1_026_047, "unknown"],
      [2, 1_026_048, 125_827_071, "unknown"],
    ],
    codes: ["PARTITION_RANGE", "PARTITION_RANGE"],
  },
];

function diskOf(bytes: Uint8Array, sector: 512 | 4096 = 512): PartitionedDisk {
  const memory = new MemorySource(bytes);
  return {
    sizeBytes: memory.sizeBytes,
    logicalSectorSizeBytes: sector,
    read: (offset, length) => memory.read(offset, length),
  };
}

function rowsOf(disk: PartitionedDisk): Row[] {
  const sector = disk.logicalSectorSizeBytes;
  return readVolumes(disk).volumes.map(({ partition, offset, sizeBytes, content }) => [
    partition?.number ?? 0,
    offset / sector,
    (offset + sizeBytes) / sector - 1,
    content,
  ]);
}

describe("the partition table of", () => {
  test.each(TABLES)(
    "$file gives the partitions that mmls and fdisk list",
    ({ file, sector, table, rows, codes }) => {
      const disk = diskOf(readFixture(`part/${file}`), sector);
      expect(rowsOf(disk)).toEqual(rows);
      const layout = readVolumes(disk);
      expect(layout.table).toBe(table);
      expect(layout.findings.map(({ code }) => code)).toEqual(codes ?? []);
    },
  );

  test("gpt_4k.bin is found on a disk that claims sectors of 512 bytes", () => {
    const { volumes, findings } = readVolumes(diskOf(readFixture("part/gpt_4k.bin")));
    expect(volumes.map(({ offset }) => offset / 4096)).toEqual([256, 768, 1280]);
    expect(findings[0]?.code).toBe("PARTITION_SECTOR_MISMATCH");
  });

  test("gpt.bin keeps names and identities", () => {
    const { volumes } = readVolumes(diskOf(readFixture("part/gpt.bin")));
    expect(volumes[0]).toMatchObject({
      role: "esp",
      partition: { name: "EFI System Partition", guid: "27d920bc-e414-45e0-9503-2606de7a1056" },
    });
    expect(volumes[1]).toMatchObject({ role: "data", partition: { name: "" } });
  });

  test("mbr.bin tells which partition is active", () => {
    const { volumes } = readVolumes(diskOf(readFixture("part/mbr.bin")));
    expect(volumes.map(({ partition }) => partition?.isActive)).toEqual([true, false]);
  });
});

describe("a volume without a partition table", () => {
  test.each([
    { file: "ntfs/dissect-ntfs.bin", content: "ntfs" },
    { file: "ntfs/go-ntfs-charlie.dd", content: "ntfs" },
    { file: "ntfs/colinfinck-testfs1", content: "ntfs" },
    { file: "ntfs/ntfs3.raw", content: "ntfs" },
    { file: "ntfs/bitlocker-win7.img", content: "bitlocker" },
  ])("$file is $content", ({ file, content }) => {
    const { table, volumes, findings } = readVolumes(diskOf(readFixture(file)));
    expect(table).toBe("none");
    expect(volumes).toMatchObject([{ offset: 0, partition: undefined, content }]);
    expect(findings.map(({ code }) => code)).toEqual(content === "bitlocker" ? ["VOLUME_BITLOCKER"] : []);
  });
});

describe("a virtual disk", () => {
  test.each<{ file: string; rows: Row[] }>([
    { file: "vhdx/dfvfs-ntfs-dynamic.vhdx", rows: [[1, 128, 6143, "ntfs"]] },
    { file: "vhdx/ntfs-parent.vhdx", rows: [[1, 128, 6143, "ntfs"]] },
    { file: "vhdx/dissect-dynamic.vhdx", rows: [[1, 128, 14463, "ntfs"]] },
    {
      // Two Linux partitions that were made, but not formatted.
      file: "vhdx/discutils-vhdx-log-replay.vhdx",
      rows: [
        [1, 2048, 206_847, "unknown"],
        [2, 206_848, 616_447, "unknown"],
      ],
    },
  ])("$file holds the volumes that mmls lists", ({ file, rows }) => {
    const disk = openDisk(new MemorySource(readFixture(file)));
    expect(rowsOf(disk)).toEqual(rows);
    expect(readVolumes(disk).findings).toEqual([]);
  });
});
