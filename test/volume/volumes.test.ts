import { describe, expect, test } from "vitest";
import { type Backing, PageCache } from "../../src/io/index.ts";
import { readVolumes } from "../../src/volume/index.ts";
import {
  buildBootRecord,
  buildFatBootSector,
  buildNtfsBootSector,
  GPT_TYPES,
  SparseDisk,
  writeGpt,
} from "../lab/partitions.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const GUID = "11111111-1111-1111-1111-111111111111";

describe("a disk without a partition table", () => {
  test.each([
    { what: "of no bytes", disk: new SparseDisk(0) },
    { what: "of half a sector", disk: new SparseDisk(511) },
    { what: "that is all zero", disk: new SparseDisk(127 * GIB) },
    {
      what: "that was initialised, but not partitioned",
      disk: new SparseDisk(MIB).write(0, buildBootRecord([])),
    },
    { what: "that holds nothing known", disk: new SparseDisk(MIB).write(0, Uint8Array.of(1, 2, 3)) },
  ])("$what has no volumes", ({ disk }) => {
    expect(readVolumes(disk)).toEqual({ table: "none", volumes: [], findings: [] });
  });

  test("is not taken for one with a table where its boot code looks like one", () => {
    for (const status of [0x00, 0x0d]) {
      const sector = buildNtfsBootSector();
      sector.set([status, 0, 0, 0, 0x65, 0, 0, 0, 0x20, 0x72, 0x65, 0x61, 0x64, 0x20, 0x65, 0x72], 446);
      expect(readVolumes(new SparseDisk(MIB).write(0, sector))).toMatchObject({
        table: "none",
        volumes: [{ content: "ntfs" }],
      });
    }
  });

  test("is one with a table where records that fit stand behind the name of an old boot sector", () => {
    const sector = buildBootRecord([{ type: 0x83, firstLba: 63, sectorCount: 1000 }]);
    sector.set(buildFatBootSector().subarray(0, 440));
    expect(readVolumes(new SparseDisk(MIB).write(0, sector))).toMatchObject({
      table: "mbr",
      volumes: [{ partition: { type: "0x83" } }],
    });
  });

  test.each([
    { what: "begin in sector 0", records: [{ type: 0x0c, firstLba: 0, sectorCount: 1000 }] },
    { what: "leave the disk", records: [{ type: 0x0c, firstLba: 63, sectorCount: 4000 }] },
    {
      what: "overlap",
      records: [
        { type: 0x0c, firstLba: 63, sectorCount: 100 },
        { type: 0x0c, firstLba: 162, sectorCount: 100 },
      ],
    },
  ])("is one volume where the records behind its boot sector $what", ({ records }) => {
    const sector = buildBootRecord(records);
    sector.set(buildFatBootSector().subarray(0, 440));
    expect(readVolumes(new SparseDisk(MIB).write(0, sector))).toMatchObject({
      table: "none",
      volumes: [{ content: "fat" }],
    });
  });
});

/** Counts the pages that reach the disk, as a page cache in front of an image file would fetch them. */
function countingDisk(disk: SparseDisk) {
  const pages = new Set<number>();
  const backing: Backing = {
    sizeBytes: disk.sizeBytes,
    readInto: (target, offset) => {
      for (let at = offset; at < offset + target.length; at += 4096) pages.add(Math.floor(at / 4096));
      disk.readInto(target, offset);
    },
  };
  const cache = new PageCache(backing);
  return {
    pages,
    cache,
    disk: {
      sizeBytes: disk.sizeBytes,
      logicalSectorSizeBytes: disk.logicalSectorSizeBytes,
      read: (offset: number, length: number) => cache.read(offset, length),
    },
  };
}

const WINDOWS_DISK = () =>
  writeGpt(new SparseDisk(127 * GIB), {
    partitions: [
      { type: GPT_TYPES.recovery, guid: GUID, firstLba: 2048, lastLba: 923_647 },
      { type: GPT_TYPES.esp, guid: GUID, firstLba: 923_648, lastLba: 1_126_399 },
      { type: GPT_TYPES.msr, guid: GUID, firstLba: 1_126_400, lastLba: 1_159_167 },
      { type: GPT_TYPES.basicData, guid: GUID, firstLba: 1_159_168, lastLba: 266_336_255 },
    ],
  })
    .write(2048 * 512, buildNtfsBootSector())
    .write(923_648 * 512, buildFatBootSector())
    .write(1_159_168 * 512, buildNtfsBootSector());

describe("reading the volumes of a disk", () => {
  test("takes five pages for the table of a Windows disk and one for each volume", () => {
    const { disk, pages } = countingDisk(WINDOWS_DISK());
    expect(readVolumes(disk).volumes.map(({ content, role }) => `${role}: ${content}`)).toEqual([
      "recovery: ntfs",
      "esp: fat",
      "msr: reserved",
      "data: ntfs",
    ]);
    expect(pages.size).toBe(5 + 3);
  });

  test("takes one page for an MBR and one for its volume", () => {
    const record = { type: 0x07, firstLba: 2048, sectorCount: 20_000 };
    const { disk, pages } = countingDisk(
      new SparseDisk(GIB).write(0, buildBootRecord([record])).write(MIB, buildNtfsBootSector()),
    );
    expect(readVolumes(disk).volumes).toMatchObject([{ content: "ntfs" }]);
    expect(pages.size).toBe(2);
  });

  test("stays small for a disk that says nothing", () => {
    const { disk, pages } = countingDisk(new SparseDisk(GIB));
    readVolumes(disk);
    expect(pages.size).toBeLessThanOrEqual(8);
  });

  test("leaves the pages of the cache as they are", () => {
    const { disk, cache } = countingDisk(WINDOWS_DISK());
    readVolumes(disk);
    const before = [...cache.cachedPages()].map((page) => page.slice());
    readVolumes(disk);
    expect([...cache.cachedPages()].map((page) => page.slice())).toEqual(expect.arrayContaining(before));
  });

  test("gives every volume its own bytes", () => {
    const { volumes } = readVolumes(WINDOWS_DISK());
    expect(volumes[3]?.source.sizeBytes).toBe((266_336_255 - 1_159_168 + 1) * 512);
    expect(volumes[3]?.source.read(3, 4).getUint32(0)).toBe(0x4e544653);
    expect(() => volumes[3]?.source.read(volumes[3].sizeBytes, 1)).toThrow(
      expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
    );
  });
});
