import { describe, expect, test } from "vitest";
import { ZERO_GUID } from "../../src/bytes/index.ts";
import type { Code } from "../../src/errors.ts";
import { checkPartitions } from "../../src/volume/check/index.ts";
import { BootRecord, PartitionRecord } from "../../src/volume/layout.ts";
import {
  buildBootRecord,
  buildNtfsBootSector,
  GPT_TYPES,
  type LabGpt,
  SparseDisk,
  writeExtended,
  writeGpt,
} from "../lab/partitions.ts";

const MIB = 1024 * 1024;
const LAST_LBA = 131_071;
const guid = (index: number) => `00000000-0000-4000-8000-00000000000${index}`;

const PARTITIONS = [
  { type: GPT_TYPES.msr, guid: guid(1), firstLba: 2048, lastLba: 34_815 },
  { type: GPT_TYPES.basicData, guid: guid(2), firstLba: 34_816, lastLba: 100_351 },
];

const newDisk = (sizeBytes = 64 * MIB) => new SparseDisk(sizeBytes);

const gptDisk = (table: Partial<LabGpt> = {}, disk = newDisk()) =>
  writeGpt(disk, { partitions: PARTITIONS, ...table });

const codesOf = (disk: SparseDisk): Code[] => [...checkPartitions(disk)].map(({ code }) => code);

/** A boot record with these records and a disk signature, and its change. */
function mbr(
  records: Parameters<typeof buildBootRecord>[0],
  edit: (boot: BootRecord) => unknown = () => {},
): Uint8Array {
  const bytes = buildBootRecord(records);
  const boot = new BootRecord(new DataView(bytes.buffer));
  boot.diskSignature = 0xdeadbeef;
  edit(boot);
  return bytes;
}

const NTFS = { type: 0x07, firstLba: 2048, sectorCount: 20_480 };
const mbrDisk = (bytes: Uint8Array) =>
  newDisk()
    .write(0, bytes)
    .write(2048 * 512, buildNtfsBootSector());

describe("a sound partition table has no findings", () => {
  test.each([
    { what: "GPT", disk: gptDisk() },
    {
      what: "GPT of sectors of 4 KiB",
      disk: writeGpt(new SparseDisk(64 * MIB, 4096), {
        partitions: [{ ...PARTITIONS[0]!, firstLba: 256, lastLba: 4351 }],
      }),
    },
    { what: "GPT whose gaps are large", disk: gptDisk({ partitions: PARTITIONS.slice(1) }) },
    { what: "MBR", disk: mbrDisk(mbr([{ ...NTFS, status: 0x80 }])) },
    { what: "none at all", disk: newDisk() },
  ])("$what", ({ disk }) => {
    expect([...checkPartitions(disk)]).toEqual([]);
  });
});

describe("a fault gives the codes that name it, and no other", () => {
  const usable = { firstUsableLba: 34n, lastUsableLba: BigInt(LAST_LBA - 33) };
  test.each<{ fault: string; codes: Code[]; disk: SparseDisk }>([
    { fault: "a damaged primary", codes: ["GPT_PRIMARY_DAMAGED"], disk: gptDisk().write(512 + 40, "x") },
    {
      fault: "a damaged backup",
      codes: ["GPT_BACKUP_DAMAGED"],
      disk: gptDisk().write(LAST_LBA * 512 + 40, "x"),
    },
    {
      fault: "two damaged copies",
      codes: ["GPT_INVALID"],
      disk: gptDisk()
        .write(512 + 40, "x")
        .write(LAST_LBA * 512 + 40, "x"),
    },
    { fault: "no protective MBR", codes: ["GPT_UNPROTECTED"], disk: gptDisk().write(0, new Uint8Array(512)) },
    {
      fault: "a hybrid MBR",
      codes: ["GPT_HYBRID"],
      disk: gptDisk().write(0, buildBootRecord([{ type: 0xee, firstLba: 1, sectorCount: LAST_LBA }, NTFS])),
    },
    {
      fault: "a protective record of another disk",
      codes: ["GPT_PROTECTIVE_RANGE"],
      disk: gptDisk().write(0, buildBootRecord([{ type: 0xee, firstLba: 1, sectorCount: 1000 }])),
    },
    {
      fault: "another revision",
      codes: ["GPT_FIELDS"],
      disk: gptDisk({ edit: (header, copy) => copy === "primary" && Object.assign(header, { revision: 2 }) }),
    },
    {
      fault: "reserved bytes",
      codes: ["GPT_FIELDS"],
      disk: gptDisk({ edit: (header, copy) => copy === "backup" && header.reserved.fill(1) }),
    },
    {
      fault: "usable sectors that hold the entries",
      codes: ["GPT_USABLE_RANGE", "GPT_COPIES_DIFFER"],
      disk: gptDisk({
        edit: (header, copy) =>
          copy === "primary" && Object.assign(header, { ...usable, firstUsableLba: 5n }),
      }),
    },
    {
      fault: "copies that differ in the usable sectors",
      codes: ["GPT_COPIES_DIFFER"],
      disk: gptDisk({
        edit: (header, copy) =>
          copy === "backup" && Object.assign(header, { ...usable, firstUsableLba: 40n }),
      }),
    },
    {
      fault: "a backup that names no primary",
      codes: ["GPT_COPIES_DIFFER"],
      disk: gptDisk({
        edit: (header, copy) => copy === "backup" && Object.assign(header, { alternateLba: 7n }),
      }),
    },
    {
      fault: "a backup before the end of the disk",
      codes: ["GPT_PROTECTIVE_RANGE", "GPT_BACKUP_MISPLACED"],
      disk: gptDisk({ backupLba: LAST_LBA - 100 }),
    },
    {
      fault: "a disk without identity",
      codes: ["PARTITION_GUID", "PARTITION_GUID"],
      disk: gptDisk({ diskGuid: ZERO_GUID }),
    },
    {
      fault: "two partitions of one identity",
      codes: ["PARTITION_GUID"],
      disk: gptDisk({ partitions: PARTITIONS.map((partition) => ({ ...partition, guid: guid(1) })) }),
    },
    {
      fault: "a partition without identity",
      codes: ["PARTITION_GUID"],
      disk: gptDisk({
        partitions: PARTITIONS.slice(1).map((partition) => ({ ...partition, guid: ZERO_GUID })),
      }),
    },
    {
      fault: "partitions that overlap",
      codes: ["PARTITION_OVERLAP"],
      disk: gptDisk({ partitions: [PARTITIONS[0]!, { ...PARTITIONS[1]!, firstLba: 30_000 }] }),
    },
    {
      fault: "a partition over the table",
      codes: ["PARTITION_MISPLACED"],
      disk: gptDisk({ partitions: [{ ...PARTITIONS[0]!, firstLba: 10 }] }),
    },
    {
      fault: "a partition past the end of the disk",
      codes: ["PARTITION_MISPLACED", "PARTITION_RANGE"],
      disk: gptDisk({ partitions: [{ ...PARTITIONS[0]!, lastLba: 200_000 }] }),
    },
    {
      fault: "two active partitions",
      codes: ["MBR_ACTIVE"],
      disk: mbrDisk(
        mbr([
          { ...NTFS, status: 0x80 },
          { ...NTFS, firstLba: 40_000, status: 0x80 },
        ]),
      ),
    },
    {
      fault: "no disk signature",
      codes: ["MBR_SIGNATURE_MISSING"],
      disk: mbrDisk(mbr([NTFS], (boot) => (boot.diskSignature = 0))),
    },
    {
      fault: "a broken chain of extended boot records",
      codes: ["EBR_INVALID"],
      disk: mbrDisk(mbr([NTFS, { type: 0x0f, firstLba: 40_000, sectorCount: 50_000 }])),
    },
  ])("$fault: $codes", ({ codes, disk }) => {
    expect(codesOf(disk)).toEqual(codes);
  });

  test("a chain of extended boot records that leads back to itself", () => {
    const disk = mbrDisk(mbr([NTFS, { type: 0x0f, firstLba: 40_000, sectorCount: 50_000 }]));
    writeExtended(disk, 40_000, [{ type: 7, firstLba: 41_000, sectorCount: 1000 }], 1000);
    const boot = new BootRecord(disk.read(40_000 * 512, 512));
    const at = BootRecord.offsetOf.records + PartitionRecord.sizeBytes;
    Object.assign(new PartitionRecord(boot.view, at), { type: 5, firstLba: 0, sectorCount: 1000 });
    disk.write(40_000 * 512, new Uint8Array(boot.view.buffer));
    expect(codesOf(disk)).toEqual(["EBR_LOOP"]);
  });
});

test("a table that counts in other sectors than the disk", () => {
  const disk = writeGpt(newDisk(), {
    partitions: [{ ...PARTITIONS[0]!, firstLba: 256, lastLba: 4351 }],
    sectorSizeBytes: 4096,
  });
  expect(codesOf(disk)).toEqual(["PARTITION_SECTOR_MISMATCH", "GPT_PROTECTIVE_RANGE"]);
});

test("contents that cannot be read are no fault of the table", () => {
  const disk = gptDisk({ partitions: [{ ...PARTITIONS[1]!, type: GPT_TYPES.ldmData }] });
  expect(codesOf(disk)).toEqual([]);
});
