import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readVolumes } from "../../src/volume/index.ts";
import { GptHeader } from "../../src/volume/layout.ts";
import {
  buildBootRecord,
  GPT_TYPES,
  type LabGpt,
  type LabGptPartition,
  SparseDisk,
  writeGpt,
} from "../lab/partitions.ts";

const MIB = 1024 * 1024;

const MSR: LabGptPartition = {
  type: GPT_TYPES.msr,
  guid: "11111111-1111-1111-1111-111111111111",
  name: "MSR",
  firstLba: 2048,
  lastLba: 34815,
};
const BASIC: LabGptPartition = {
  type: GPT_TYPES.basicData,
  guid: "22222222-2222-2222-2222-222222222222",
  name: "Basic",
  firstLba: 34816,
  lastLba: 100351,
};
const TWO = [MSR, BASIC];

const smallDisk = () => new SparseDisk(64 * MIB);

describe("a disk with a GUID partition table", () => {
  test("has the volumes that sgdisk put there", () => {
    // Header, first entry and protective record as sgdisk wrote them for these two partitions.
    const header =
      "4546492050415254000001005c000000f823a217000000000100000000000000ffff0100000000002200000000000000" +
      "deff01000000000033221100554477668899aabbccddeeff0200000000000000800000008000000038255b67";
    const entry =
      "16e3c9e35c0bb84d817df92df00215ae111111111111111111111111111111110008000000000000ff87000000000000";
    const disk = writeGpt(smallDisk(), { partitions: TWO });
    expect(hexOf(disk, 512, 92)).toBe(header);
    expect(hexOf(disk, 1024, 48)).toBe(entry);
    expect(new GptHeader(disk.read(64 * MIB - 512, 512)).headerCrc).toBe(0x99aeef3d);

    expect(readVolumes(disk)).toMatchObject({
      table: "gpt",
      findings: [],
      volumes: [
        {
          index: 0,
          offset: 2048 * 512,
          sizeBytes: 16 * MIB,
          role: "msr",
          content: "reserved",
          partition: {
            number: 1,
            type: GPT_TYPES.msr,
            name: "MSR",
            guid: "11111111-1111-1111-1111-111111111111",
            isActive: undefined,
          },
        },
        {
          index: 1,
          offset: 34816 * 512,
          sizeBytes: 32 * MIB,
          role: "data",
          content: "unknown",
          partition: { number: 2, name: "Basic" },
        },
      ],
    });
  });

  test("with 4 KiB sectors counts in them", () => {
    const disk = writeGpt(new SparseDisk(64 * MIB, 4096), {
      partitions: [{ ...BASIC, firstLba: 256, lastLba: 4351 }],
    });
    expect(new GptHeader(disk.read(4096, 92))).toMatchObject({
      alternateLba: 16383n,
      firstUsableLba: 6n,
      lastUsableLba: 16378n,
    });
    expect(readVolumes(disk)).toMatchObject({
      findings: [],
      volumes: [{ offset: MIB, sizeBytes: 16 * MIB }],
    });
  });

  test("of another sector size is read, and said to be one", () => {
    for (const [disk, written] of [
      [512, 4096],
      [4096, 512],
    ] as const) {
      const partitions = [{ ...BASIC, firstLba: 4096, lastLba: 4351 }];
      const image = writeGpt(new SparseDisk(64 * MIB, disk), { partitions, sectorSizeBytes: written });
      const { volumes, findings } = readVolumes(image);
      expect(volumes).toMatchObject([{ offset: 4096 * written, sizeBytes: 256 * written }]);
      expect(findings).toMatchObject([
        {
          code: "PARTITION_SECTOR_MISMATCH",
          message: `the partition table counts in sectors of ${written} bytes, the disk in ${disk}`,
        },
      ]);
    }
  });

  test("is read as it was written, whatever the partitions", () => {
    const guid = fc.uuid();
    const gap = fc.nat(5000);
    const length = fc.integer({ min: 1, max: 100_000 });
    const name = fc.string({ maxLength: 36 }).filter((text) => text.length <= 36 && !text.includes("\0"));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(guid, guid, gap, length, name), { maxLength: 40 }),
        fc.constantFrom<512 | 4096>(512, 4096),
        fc.constantFrom(128, 256, 512),
        (rows, sectorSize, entrySize) => {
          let next = 200;
          const partitions = rows.map(([type, guid, gap, length, name]) => {
            const firstLba = next + gap;
            next = firstLba + length;
            return { type, guid, name, firstLba, lastLba: next - 1 };
          });
          const disk = writeGpt(new SparseDisk((next + 200) * sectorSize, sectorSize), {
            partitions,
            entrySize,
          });
          const { table, volumes, findings } = readVolumes(disk);
          expect(table).toBe("gpt");
          expect(findings.filter(({ code }) => !code.startsWith("VOLUME_"))).toEqual([]);
          expect(
            volumes.map(({ offset, sizeBytes, partition }) => ({
              type: partition?.type,
              guid: partition?.guid,
              name: partition?.name,
              firstLba: offset / sectorSize,
              lastLba: (offset + sizeBytes) / sectorSize - 1,
            })),
          ).toEqual(partitions);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a protective MBR", () => {
  test("without a table behind it is GPT_INVALID, which names both copies", () => {
    const disk = new SparseDisk(4 * MIB).write(
      0,
      buildBootRecord([{ type: 0xee, firstLba: 1, sectorCount: 8191 }]),
    );
    expect(() => readVolumes(disk)).toThrow("primary: no EFI PART at 0x200; backup: no EFI PART at 0x3ffe00");
  });

  test("on a disk of one sector is GPT_INVALID", () => {
    const disk = new SparseDisk(512).write(0, buildBootRecord([{ type: 0xee, firstLba: 1, sectorCount: 1 }]));
    expect(() => readVolumes(disk)).toThrow("it lies past the end of the disk");
  });

  const HYBRID = buildBootRecord([
    { type: 0xee, firstLba: 1, sectorCount: 2047 },
    { type: 0x07, firstLba: 34816, sectorCount: 65536, status: 0x80 },
  ]);

  test("with other partitions beside it gives way to the table, with a finding", () => {
    const disk = writeGpt(smallDisk(), { partitions: TWO }).write(0, HYBRID);
    expect(readVolumes(disk)).toMatchObject({
      table: "gpt",
      volumes: [{}, {}],
      findings: [{ code: "GPT_HYBRID", severity: "info" }],
    });
  });

  test("with other partitions beside it is an MBR where no table is left", () => {
    const disk = smallDisk().write(0, HYBRID);
    expect(readVolumes(disk)).toMatchObject({
      table: "mbr",
      volumes: [{ partition: { number: 2, type: "0x07", isActive: true }, offset: 17 * MIB }],
      findings: [{ code: "GPT_INVALID", severity: "error" }],
    });
  });

  test.each([
    { what: "wiped", sector: new Uint8Array(512) },
    { what: "empty", sector: buildBootRecord([]) },
  ])("that is $what hides the table from Windows only", ({ sector }) => {
    const disk = writeGpt(smallDisk(), { partitions: TWO }).write(0, sector);
    expect(readVolumes(disk)).toMatchObject({
      table: "gpt",
      volumes: [{}, {}],
      findings: [{ code: "GPT_UNPROTECTED" }],
    });
  });

  test("that was replaced by an MBR with partitions makes the table a leftover", () => {
    const sector = buildBootRecord([{ type: 0x07, firstLba: 2048, sectorCount: 100 }]);
    const disk = writeGpt(smallDisk(), { partitions: TWO }).write(0, sector);
    expect(readVolumes(disk)).toMatchObject({ table: "mbr", volumes: [{ sizeBytes: 51200 }], findings: [] });
  });
});

describe("an entry", () => {
  const layoutOf = (...partitions: LabGptPartition[]) =>
    readVolumes(writeGpt(smallDisk(), { partitions } satisfies LabGpt));

  test("that ends before it begins is left out with a finding", () => {
    const layout = layoutOf({ ...MSR, firstLba: 3000, lastLba: 2999 }, BASIC);
    expect(layout.volumes).toMatchObject([{ index: 0, partition: { number: 2 } }]);
    expect(layout.findings).toMatchObject([
      { code: "PARTITION_MISPLACED", message: "partition 1 begins at LBA 3000, but ends at LBA 2999" },
    ]);
  });

  test.each([
    { firstLba: 2n ** 40n, lastLba: 2n ** 40n },
    { firstLba: 2n ** 63n, lastLba: 2n ** 64n - 1n },
    { firstLba: 40n, lastLba: 2n ** 53n },
  ])("from LBA $firstLba to $lastLba is beyond any disk and left out", ({ firstLba, lastLba }) => {
    const layout = layoutOf({ ...MSR, firstLba, lastLba }, BASIC);
    expect(layout.volumes).toMatchObject([{ partition: { number: 2 } }]);
    expect(layout.findings).toMatchObject([{ code: "PARTITION_RANGE", where: { structure: "GPT entry 1" } }]);
  });

  test("that reaches past the end of the disk keeps the bytes that are there", () => {
    const edit = (header: GptHeader) => {
      header.lastUsableLba = 2n ** 39n;
    };
    const partitions = [MSR, { ...BASIC, lastLba: 2 ** 33 }];
    const { volumes, findings } = readVolumes(writeGpt(smallDisk(), { partitions, edit }));
    expect(volumes[1]?.sizeBytes).toBe((2 ** 33 - 34816 + 1) * 512);
    expect(volumes[1]?.source.sizeBytes).toBe(64 * MIB - 34816 * 512);
    expect(findings).toMatchObject([
      {
        code: "PARTITION_RANGE",
        where: { partition: 1 },
        message: "partition 2 ends at 0x40000000200, but the disk at 0x4000000",
      },
    ]);
  });

  test("that begins past the end of the disk is a volume without bytes", () => {
    const edit = (header: GptHeader) => {
      header.lastUsableLba = 2n ** 39n;
    };
    const partitions = [{ ...BASIC, firstLba: 2 ** 30, lastLba: 2 ** 31 }];
    const { volumes, findings } = readVolumes(writeGpt(smallDisk(), { partitions, edit }));
    expect(volumes).toMatchObject([{ content: "unknown", source: { sizeBytes: 0 } }]);
    expect(findings).toMatchObject([{ code: "PARTITION_RANGE" }]);
  });

  test("on the sectors of the table is listed with a finding", () => {
    const layout = layoutOf({ ...MSR, firstLba: 0 }, BASIC);
    expect(layout.volumes).toHaveLength(2);
    expect(layout.findings).toMatchObject([{ code: "PARTITION_MISPLACED", where: { partition: 0 } }]);
  });

  test("that overlaps others is listed, with one finding for each that begins inside another", () => {
    const layout = layoutOf(
      { ...BASIC, firstLba: 10_000, lastLba: 20_000 },
      { ...BASIC, firstLba: 5000, lastLba: 50_000 },
      { ...BASIC, firstLba: 50_000, lastLba: 60_000 },
      { ...BASIC, firstLba: 60_001, lastLba: 70_000 },
    );
    expect(layout.volumes).toHaveLength(4);
    expect(layout.findings.map(({ code, where }) => [code, where.partition])).toEqual([
      ["PARTITION_OVERLAP", 0],
      ["PARTITION_OVERLAP", 2],
    ]);
  });
});

test("any bytes for entries give volumes inside 2^53 and typed findings", () => {
  const lba = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 4000n }));
  fc.assert(
    fc.property(fc.array(fc.tuple(lba, lba), { maxLength: 128 }), (rows) => {
      const partitions = rows.map(([firstLba, lastLba]) => ({ ...BASIC, firstLba, lastLba }));
      const { volumes } = readVolumes(writeGpt(new SparseDisk(MIB), { partitions }));
      for (const { offset, sizeBytes, source } of volumes) {
        expect(offset + sizeBytes).toBeLessThanOrEqual(2 ** 53);
        expect(source.sizeBytes).toBeLessThanOrEqual(MIB);
      }
    }),
  );
});

function hexOf(disk: SparseDisk, offset: number, length: number): string {
  return Buffer.from(disk.read(offset, length).buffer).toString("hex");
}
