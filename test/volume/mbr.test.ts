import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readVolumes } from "../../src/volume/index.ts";
import {
  buildBootRecord,
  buildNtfsBootSector,
  type LabRecord,
  SparseDisk,
  writeExtended,
} from "../lab/partitions.ts";

const MIB = 1024 * 1024;

/** Number, start and length in sectors of each volume, as `sfdisk` would list them. */
function rowsOf(disk: SparseDisk) {
  const sector = disk.logicalSectorSizeBytes;
  return readVolumes(disk).volumes.map(({ partition, offset, sizeBytes }) => [
    partition?.number,
    partition?.type,
    offset / sector,
    sizeBytes / sector,
  ]);
}

const diskWith = (...records: LabRecord[]) => new SparseDisk(64 * MIB).write(0, buildBootRecord(records));

describe("a disk with an MBR", () => {
  test("has primary and logical partitions where fdisk counts them", () => {
    const disk = diskWith(
      { status: 0x80, type: 0x07, firstLba: 2048, sectorCount: 20480 },
      { type: 0x0f, firstLba: 22528, sectorCount: 100_000 },
    )
      .write(
        22528 * 512,
        buildBootRecord([
          { type: 0x07, firstLba: 2048, sectorCount: 20480 },
          { type: 0x05, firstLba: 22528, sectorCount: 22528 },
        ]),
      )
      .write(45056 * 512, buildBootRecord([{ type: 0x83, firstLba: 2048, sectorCount: 20480 }]));
    expect(rowsOf(disk)).toEqual([
      [1, "0x07", 2048, 20480],
      [5, "0x07", 24576, 20480],
      [6, "0x83", 47104, 20480],
    ]);
    const { table, volumes, findings } = readVolumes(disk);
    expect(table).toBe("mbr");
    expect(findings).toEqual([]);
    expect(volumes[0]?.partition).toEqual({
      number: 1,
      type: "0x07",
      name: undefined,
      guid: undefined,
      isActive: true,
    });
    expect(volumes[1]?.partition?.isActive).toBe(false);
  });

  test("keeps the numbers of the places, and skips records without type or length", () => {
    const disk = diskWith(
      { type: 0, firstLba: 1, sectorCount: 10 },
      { type: 0x07, firstLba: 2048, sectorCount: 10 },
      { type: 0x07, firstLba: 1, sectorCount: 0 },
      { type: 0x83, firstLba: 4096, sectorCount: 10 },
    );
    expect(rowsOf(disk)).toEqual([
      [2, "0x07", 2048, 10],
      [4, "0x83", 4096, 10],
    ]);
  });

  test("is read as it was written, whatever the partitions", () => {
    const part = fc.record({
      gap: fc.integer({ min: 2, max: 3000 }),
      length: fc.integer({ min: 1, max: 9000 }),
    });
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 3 }),
        fc.array(part, { maxLength: 20 }),
        fc.constantFrom<512 | 4096>(512, 4096),
        (primary, logical, sectorSize) => {
          let next = 8;
          const place = ({ gap, length }: { gap: number; length: number }): LabRecord => {
            const firstLba = next + gap;
            next = firstLba + length;
            return { type: 0x83, firstLba, sectorCount: length };
          };
          const records = primary.map(place);
          const extended = next;
          const inside = logical.map(place);
          if (inside.length > 0) {
            records.push({ type: 0x05, firstLba: extended, sectorCount: next - extended });
          }
          const disk = new SparseDisk((next + 9) * sectorSize, sectorSize);
          disk.write(0, buildBootRecord(records));
          writeExtended(disk, extended, inside, 1);
          const numbered = (rows: LabRecord[], from: number) =>
            rows.map(({ firstLba, sectorCount }, index) => [from + index, "0x83", firstLba, sectorCount]);
          expect(rowsOf(disk)).toEqual([
            ...numbered(records.slice(0, primary.length), 1),
            ...numbered(inside, 5),
          ]);
          expect(readVolumes(disk).findings).toEqual([]);
        },
      ),
    );
  });

  test("of another sector size is read where its volumes speak, and said to be one", () => {
    const records = buildBootRecord([{ type: 0x07, firstLba: 256, sectorCount: 2048 }]);
    for (const [size, written] of [
      [512, 4096],
      [4096, 512],
    ] as const) {
      const disk = new SparseDisk(64 * MIB, size)
        .write(0, records)
        .write(256 * written, buildNtfsBootSector());
      expect(readVolumes(disk)).toMatchObject({
        table: "mbr",
        volumes: [{ content: "ntfs", offset: 256 * written, sizeBytes: 2048 * written }],
        findings: [{ code: "PARTITION_SECTOR_MISMATCH", severity: "warning" }],
      });
    }
  });

  test("keeps its sector size where nothing speaks in either, or where the other would leave the disk", () => {
    const silent = new SparseDisk(64 * MIB).write(
      0,
      buildBootRecord([{ type: 0x83, firstLba: 64, sectorCount: 64 }]),
    );
    const large = new SparseDisk(8 * MIB)
      .write(0, buildBootRecord([{ type: 0x83, firstLba: 64, sectorCount: 16000 }]))
      .write(64 * 4096, buildNtfsBootSector());
    for (const disk of [silent, large]) {
      expect(readVolumes(disk)).toMatchObject({ volumes: [{ offset: 64 * 512 }], findings: [] });
    }
  });

  test("reads a partition that is not aligned to anything", () => {
    const disk = diskWith({ type: 0x07, firstLba: 63, sectorCount: 1000 }).write(
      63 * 512,
      buildNtfsBootSector(),
    );
    const { volumes } = readVolumes(disk);
    expect(volumes).toMatchObject([{ content: "ntfs", offset: 32256 }]);
    expect(volumes[0]?.source.read(3, 4).getUint32(0)).toBe(0x4e544653);
  });

  test.each([
    {
      what: "past the end of the disk",
      record: { type: 0x07, firstLba: 0xffffffff, sectorCount: 0xffffffff },
      code: "PARTITION_RANGE",
    },
    {
      what: "over the end of the disk",
      record: { type: 0x07, firstLba: 2048, sectorCount: 131_072 },
      code: "PARTITION_RANGE",
    },
    {
      what: "inside another",
      record: { type: 0x07, firstLba: 60_000, sectorCount: 10 },
      code: "PARTITION_OVERLAP",
    },
  ])("lists a partition $what with a finding", ({ record, code }) => {
    const disk = diskWith({ type: 0x83, firstLba: 50_000, sectorCount: 20_000 }, record);
    const { volumes, findings } = readVolumes(disk);
    expect(volumes).toHaveLength(2);
    expect(findings.map(({ code }) => code)).toContain(code);
  });
});

describe("an extended partition", () => {
  const START = 1000;
  const chain = (...records: { at: number; records: LabRecord[] }[]) => {
    const disk = diskWith({ type: 0x05, firstLba: START, sectorCount: 50_000 });
    for (const { at, records: inside } of records) disk.write(at * 512, buildBootRecord(inside));
    return disk;
  };
  const logical: LabRecord = { type: 0x83, firstLba: 1, sectorCount: 99 };
  const link = (firstLba: number): LabRecord => ({ type: 0x05, firstLba, sectorCount: 100 });

  test("may begin with a boot record that only links on", () => {
    const disk = chain({ at: START, records: [link(500)] }, { at: START + 500, records: [logical] });
    expect(rowsOf(disk)).toEqual([[5, "0x83", START + 501, 99]]);
    expect(readVolumes(disk).findings).toEqual([]);
  });

  test.each([
    { what: "to itself", links: [0], code: "EBR_LOOP" },
    { what: "back to an earlier record", links: [300, 600, 300], code: "EBR_LOOP" },
    { what: "outside the extended partition", links: [50_000], code: "EBR_INVALID" },
    { what: "outside the disk", links: [0xffffffff], code: "EBR_INVALID" },
    { what: "to a sector without 55 AA", links: [777], code: "EBR_INVALID" },
  ])("that links $what ends there, and keeps what came before", ({ links, code }) => {
    const places = [0, ...links.slice(0, -1)];
    const disk = chain(
      ...places.map((place, index) => ({ at: START + place, records: [logical, link(links[index] ?? 0)] })),
    );
    const { volumes, findings } = readVolumes(disk);
    expect(volumes).toHaveLength(places.length);
    expect(findings).toMatchObject([{ code, where: { structure: "extended boot record" } }]);
  });

  test("whose chain does not end is cut off after 128 records", () => {
    const disk = chain(
      ...Array.from({ length: 200 }, (_, index) => ({
        at: START + index * 200,
        records: [logical, link((index + 1) * 200)],
      })),
    );
    const { volumes, findings } = readVolumes(disk);
    expect(volumes).toHaveLength(128);
    expect(findings).toMatchObject([{ code: "LIMIT_EXCEEDED" }]);
  });

  test("beyond the end of the disk is a finding", () => {
    const disk = diskWith({ type: 0x05, firstLba: 1_000_000, sectorCount: 10 });
    expect(readVolumes(disk)).toMatchObject({
      volumes: [],
      findings: [{ code: "EBR_INVALID", message: "it lies past the end of the disk" }],
    });
  });

  test("that a logical partition leaves is a finding, the partition is kept", () => {
    const disk = chain({ at: START, records: [{ ...logical, sectorCount: 60_000 }] });
    expect(readVolumes(disk)).toMatchObject({ volumes: [{}], findings: [{ code: "EBR_INVALID" }] });
  });

  test("beside a second one goes on with the numbers", () => {
    const disk = diskWith(
      { type: 0x05, firstLba: 1000, sectorCount: 200 },
      { type: 0x85, firstLba: 2000, sectorCount: 200 },
    )
      .write(1000 * 512, buildBootRecord([logical]))
      .write(2000 * 512, buildBootRecord([logical]));
    expect(rowsOf(disk).map(([number]) => number)).toEqual([5, 6]);
  });
});

test("any partition records give a layout with typed findings", () => {
  const record = fc.record({
    status: fc.constantFrom(0, 0x80, 0x80, 0x17),
    type: fc.oneof(fc.constantFrom(0x05, 0x0f, 0x07, 0x42), fc.integer({ min: 0, max: 0xed })),
    firstLba: fc.oneof(fc.nat(2000), fc.nat(0xffffffff)),
    sectorCount: fc.oneof(fc.nat(2000), fc.nat(0xffffffff)),
  });
  const four = fc.array(record, { maxLength: 4 });
  fc.assert(
    fc.property(four, fc.array(fc.tuple(fc.nat(2000), four), { maxLength: 10 }), (records, extended) => {
      const disk = new SparseDisk(MIB);
      for (const [lba, inside] of extended) disk.write(lba * 512, buildBootRecord(inside));
      const { volumes, table } = readVolumes(disk.write(0, buildBootRecord(records)));
      expect(["mbr", "none"]).toContain(table);
      expect(volumes.length).toBeLessThanOrEqual(4 * 128);
      for (const { source } of volumes) expect(source.sizeBytes).toBeLessThanOrEqual(MIB);
    }),
  );
});
