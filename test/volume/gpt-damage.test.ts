import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBackupTable, readVolumes } from "../../src/volume/index.ts";
import { GptHeader } from "../../src/volume/layout.ts";
import { GPT_TYPES, type LabGptPartition, SparseDisk, sealHeader, writeGpt } from "../lab/partitions.ts";

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

describe("a damaged primary table", () => {
  const seal = (change: (header: GptHeader) => void) => (disk: SparseDisk) => {
    const header = new GptHeader(disk.read(512, 92));
    change(header);
    disk.write(512, sealHeader(header));
  };

  const DAMAGES: { what: string; damage: (disk: SparseDisk) => void; says: string }[] = [
    { what: "zeroes", damage: (disk) => disk.write(512, new Uint8Array(512)), says: "no EFI PART at 0x200" },
    {
      what: "a flipped bit in the header",
      damage: (disk) => disk.write(512 + 57, Uint8Array.of(0xff)),
      says: "checksum of the header is 0x",
    },
    {
      what: "a flipped bit in the entries",
      damage: (disk) => disk.write(1024 + 33, Uint8Array.of(9)),
      says: "checksum of the entries is 0x",
    },
    { what: "size 91", damage: (disk) => disk.write(524, Uint8Array.of(91)), says: "header size is 91" },
    {
      what: "a size beyond the sector",
      damage: (disk) => disk.write(524, Uint8Array.of(1, 2)),
      says: "header size is 513",
    },
    {
      what: "another place",
      damage: seal((header) => {
        header.myLba = 2n ** 63n;
      }),
      says: "it stands at LBA 1, but was written for LBA 9223372036854775808",
    },
    {
      what: "four billion entries",
      damage: seal((header) => {
        header.entryCount = 0xffffffff;
      }),
      says: "4294967295 entries are more than 1024",
    },
    ...[0, 1, 64, 129, 384, 8192, 0x80000000].map((entrySize) => ({
      what: `entries of ${entrySize} bytes`,
      damage: seal((header) => {
        header.entrySize = entrySize;
      }),
      says: `entry size is ${entrySize}`,
    })),
    ...[131072n, 131071n, 2n ** 40n, 2n ** 64n - 1n].map((entriesLba) => ({
      what: `entries at LBA ${entriesLba}`,
      damage: seal((header) => {
        header.entriesLba = entriesLba;
      }),
      says: `its entries at LBA ${entriesLba} lie past the end of the disk`,
    })),
  ];

  test.each(DAMAGES)("($what) gives way to the backup", ({ damage, says }) => {
    const disk = writeGpt(smallDisk(), { partitions: TWO });
    damage(disk);
    const { volumes, findings } = readVolumes(disk);
    expect(volumes).toHaveLength(2);
    expect(findings).toMatchObject([
      { code: "GPT_PRIMARY_DAMAGED", severity: "warning", where: { structure: "GPT header", offset: 512 } },
    ]);
    expect(findings[0]?.message).toContain(says);
  });

  test.each(DAMAGES)("($what) without a backup is GPT_INVALID", ({ damage, says }) => {
    const disk = writeGpt(smallDisk(), { partitions: TWO });
    damage(disk);
    disk.write(64 * MIB - 512, new Uint8Array(512));
    expect(() => readVolumes(disk)).toThrow(
      expect.objectContaining({
        code: "GPT_INVALID",
        kind: "corrupt",
        message: expect.stringContaining(says),
      }),
    );
  });

  test("finds a backup that stayed behind when the disk was expanded", () => {
    const disk = writeGpt(new SparseDisk(128 * MIB), { partitions: TWO, backupLba: 131071 });
    disk.write(1024, Uint8Array.of(1));
    expect(readVolumes(disk).findings).toMatchObject([{ code: "GPT_PRIMARY_DAMAGED" }]);
  });

  test("does not look for a backup beyond the disk", () => {
    for (const alternateLba of [0n, 131072n, 2n ** 40n, 2n ** 64n - 1n]) {
      const disk = writeGpt(smallDisk(), { partitions: TWO });
      seal((header) => {
        header.alternateLba = alternateLba;
        header.entrySize = 1;
      })(disk);
      disk.write(64 * MIB - 512, new Uint8Array(512));
      expect(() => readVolumes(disk)).toThrow(expect.objectContaining({ code: "GPT_INVALID" }));
    }
  });
});

describe("checkBackupTable", () => {
  const at = 64 * MIB - 512;
  const change = (edit: (header: GptHeader) => void) => (disk: SparseDisk) => {
    const header = new GptHeader(disk.read(at, 92));
    edit(header);
    return disk.write(at, sealHeader(header));
  };

  test("has nothing to say about two copies that agree, or a disk without them", () => {
    expect(checkBackupTable(writeGpt(smallDisk(), { partitions: TWO }))).toEqual([]);
    expect(checkBackupTable(new SparseDisk(MIB))).toEqual([]);
    expect(checkBackupTable(new SparseDisk(0))).toEqual([]);
  });

  test.each([
    {
      what: "wiped",
      damage: (disk: SparseDisk) => disk.write(at, new Uint8Array(512)),
      says: "no EFI PART at 0x3fffe00",
    },
    {
      what: "of another disk",
      damage: change((header) => {
        header.diskGuid = "ffffffff-ffff-ffff-ffff-ffffffffffff";
      }),
      says: "it belongs to another disk",
    },
    {
      what: "older than the primary",
      damage: (disk: SparseDisk) => {
        const older = writeGpt(smallDisk(), { partitions: [MSR] });
        const entries = older.read(at - 32 * 512, 33 * 512);
        return disk.write(at - 32 * 512, new Uint8Array(entries.buffer));
      },
      says: "it lists other partitions than the primary",
    },
  ])("tells of a backup that is $what", ({ damage, says }) => {
    const disk = writeGpt(smallDisk(), { partitions: TWO });
    damage(disk);
    expect(checkBackupTable(disk)).toMatchObject([
      { code: "GPT_BACKUP_DAMAGED", message: says, where: { offset: at } },
    ]);
    expect(readVolumes(disk).findings).toEqual([]);
  });

  test("tells of a backup that the primary places beyond any disk", () => {
    const edit = (header: GptHeader, copy: string) => {
      if (copy === "primary") header.alternateLba = 2n ** 64n - 1n;
    };
    const disk = writeGpt(smallDisk(), { partitions: TWO, edit });
    expect(checkBackupTable(disk)).toMatchObject([
      { code: "GPT_BACKUP_DAMAGED", message: "the primary places it beyond any disk" },
    ]);
  });
});

test("any bytes for a header give a layout or GPT_INVALID", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 92, maxLength: 92 }), fc.boolean(), (noise, isSealed) => {
      const header = new GptHeader(new DataView(noise.slice().buffer));
      header.signature = "EFI PART";
      header.headerSize = 92;
      if (isSealed) {
        header.myLba = 1n;
        header.entryCount %= 1024;
        header.entrySize = 128;
      }
      const disk = writeGpt(new SparseDisk(MIB), { partitions: [] })
        .write(512, sealHeader(header))
        .write(MIB - 512, noise);
      try {
        expect(readVolumes(disk).table).toBe("gpt");
      } catch (error) {
        expect(error).toMatchObject({ code: "GPT_INVALID" });
      }
    }),
  );
});
