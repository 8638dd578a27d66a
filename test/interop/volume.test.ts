import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openDisk } from "../../src/disk/index.ts";
import { FileSource } from "../../src/io/index.ts";
import { checkBackupTable, type PartitionedDisk, readVolumes, type Volume } from "../../src/volume/index.ts";
import { FIXTURES } from "../support/fixtures.ts";

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "vmguest-volume-"));
const closing: FileSource[] = [];
afterAll(() => {
  for (const file of closing) file.close();
  rmSync(folder, { recursive: true });
});

function run(tool: string, ...args: string[]): string {
  const env = { ...process.env, LVM_SUPPRESS_FD_WARNINGS: "1" };
  return execFileSync(tool, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env });
}

let count = 0;

function sparseFile(sizeBytes: number): string {
  const path = join(folder, `${count++}.img`);
  writeFileSync(path, "");
  truncateSync(path, sizeBytes);
  return path;
}

function openFile(path: string): FileSource {
  const file = FileSource.open(path);
  closing.push(file);
  return file;
}

function diskOf(path: string, sector: 512 | 4096 = 512): PartitionedDisk {
  const file = openFile(path);
  return {
    sizeBytes: file.sizeBytes,
    logicalSectorSizeBytes: sector,
    read: (offset, length) => file.read(offset, length),
  };
}

/** Writes the table that the lines of an sfdisk script describe. */
function partition(path: string, ...lines: string[]): void {
  const args = ["--quiet", "--no-reread", "--no-tell-kernel", path];
  execFileSync("sfdisk", args, { input: lines.join("\n"), stdio: ["pipe", "pipe", "pipe"] });
}

/** Runs `work` with a block device over the file, for tools that take a sector size only from a device. */
function withLoop<T>(path: string, sector: 512 | 4096, work: (device: string) => T): T {
  const device = run("losetup", "--find", "--show", "--sector-size", `${sector}`, path).trim();
  try {
    return work(device);
  } finally {
    run("losetup", "--detach", device);
  }
}

interface ListedPartition {
  node: string;
  start: number;
  size: number;
  type: string;
  uuid?: string;
  name?: string;
  bootable?: boolean;
}

const EXTENDED = ["5", "f", "85"];

/** What `sfdisk --json` lists, in our words; it lists extended partitions too, which are no volumes. */
function listedBySfdisk(path: string) {
  const { partitiontable } = JSON.parse(run("sfdisk", "--json", path)) as {
    partitiontable: { label: string; partitions?: ListedPartition[] };
  };
  const isGpt = partitiontable.label === "gpt";
  return (partitiontable.partitions ?? [])
    .filter(({ type }) => isGpt || !EXTENDED.includes(type))
    .map(({ node, start, size, type, uuid, name, bootable }) => ({
      number: Number(/\d+$/.exec(node.replace(path, ""))?.[0]),
      start,
      size,
      type: isGpt ? type.toLowerCase() : `0x${type.padStart(2, "0")}`,
      guid: uuid?.toLowerCase(),
      name: isGpt ? (name ?? "") : undefined,
      isActive: isGpt ? undefined : (bootable ?? false),
    }))
    .sort((a, b) => a.number - b.number);
}

function listedByUs(disk: PartitionedDisk) {
  const sector = disk.logicalSectorSizeBytes;
  return readVolumes(disk).volumes.map(({ partition, offset, sizeBytes }) => ({
    number: partition?.number,
    start: offset / sector,
    size: sizeBytes / sector,
    type: partition?.type,
    guid: partition?.guid,
    name: partition?.name,
    isActive: partition?.isActive,
  }));
}

describe("a table made by sgdisk", () => {
  const WINDOWS = [
    "-n1:0:+20M",
    "-t1:2700",
    "-c1:Recovery",
    "-n2:0:+8M",
    "-t2:ef00",
    "-n3:0:+4M",
    "-t3:0c01",
  ];
  const NAMED = ["-n4:0:0", "-t4:0700", "-c4:Größe ☃"];

  test.each([512, 4096] as const)("with sectors of %i bytes is read as sfdisk reads it", (sector) => {
    const path = sparseFile(64 * MIB);
    const listed = withLoop(path, sector, (device) => {
      run("sgdisk", ...WINDOWS, ...NAMED, device);
      return listedBySfdisk(device);
    });
    const disk = diskOf(path, sector);
    expect(listed).toHaveLength(4);
    expect(listedByUs(disk)).toEqual(listed);
    expect(readVolumes(disk).volumes.map(({ role }) => role)).toEqual(["recovery", "esp", "msr", "data"]);
    expect(readVolumes(disk).findings).toEqual([]);
    expect(checkBackupTable(disk)).toEqual([]);
  });

  test("with 200 entries, of which many are used, is read as sfdisk reads it", () => {
    const path = sparseFile(512 * MIB);
    run("sgdisk", "--resize-table=200", path);
    run("sgdisk", ...Array.from({ length: 150 }, (_, index) => `-n${index + 40}:0:+1M`), path);
    expect(listedByUs(diskOf(path))).toEqual(listedBySfdisk(path));
  });

  test("is read from its backup as sfdisk reads it, also after the disk was expanded", () => {
    const path = sparseFile(64 * MIB);
    run("sgdisk", ...WINDOWS, ...NAMED, path);
    const listed = listedBySfdisk(path);
    run("dd", "if=/dev/urandom", `of=${path}`, "bs=512", "seek=2", "count=1", "conv=notrunc");
    expect(listedByUs(diskOf(path))).toEqual(listed);
    expect(readVolumes(diskOf(path)).findings).toMatchObject([{ code: "GPT_PRIMARY_DAMAGED" }]);
    truncateSync(path, 100 * MIB);
    expect(listedByUs(diskOf(path))).toEqual(listed);
  });

  test("that sgdisk made hybrid keeps its partitions", () => {
    const path = sparseFile(64 * MIB);
    run("sgdisk", ...WINDOWS, ...NAMED, path);
    const listed = listedBySfdisk(path);
    run("sgdisk", "--hybrid=4", path);
    expect(listedByUs(diskOf(path))).toEqual(listed);
    expect(readVolumes(diskOf(path)).findings).toMatchObject([{ code: "GPT_HYBRID" }]);
  });

  test("that sgdisk zapped is no table any more", () => {
    const path = sparseFile(64 * MIB);
    run("sgdisk", ...WINDOWS, path);
    run("sgdisk", "--zap-all", path);
    expect(readVolumes(diskOf(path))).toEqual({ table: "none", volumes: [], findings: [] });
  });
});

describe("a table made by sfdisk", () => {
  const SCRIPTS = {
    "four primary partitions": [
      "label: dos",
      "size=8M, type=7, bootable",
      "size=8M, type=27",
      "size=8M, type=82",
      "type=83",
    ],
    "logical partitions": [
      "label: dos",
      "size=8M, type=7, bootable",
      "size=40M, type=f",
      "start=, size=4M, type=83",
      ...Array.from({ length: 9 }, () => "size=2M, type=7"),
    ],
    "an extended partition alone": ["label: dos", "type=5", "size=4M, type=b", "size=4M, type=8e"],
    "an unaligned partition": ["label: dos", "start=63, size=16001, type=7"],
  };

  test.each(Object.entries(SCRIPTS))("with %s is read as it lists it", (_, lines) => {
    for (const sector of [512, 4096] as const) {
      const path = sparseFile(64 * MIB);
      const listed = withLoop(path, sector, (device) => {
        partition(device, ...lines);
        return listedBySfdisk(device);
      });
      const disk = diskOf(path, sector);
      expect(listed.length).toBeGreaterThan(0);
      expect(listedByUs(disk)).toEqual(listed);
      expect(readVolumes(disk).findings).toEqual([]);
    }
  });
});

describe("a volume made by", () => {
  const MAKERS: { maker: string; sizeMib: number; args: string[]; content: string }[] = [
    { maker: "mkntfs", sizeMib: 16, args: ["-F", "-q"], content: "ntfs" },
    { maker: "mkfs.vfat", sizeMib: 4, args: ["-F12"], content: "fat" },
    { maker: "mkfs.vfat", sizeMib: 32, args: ["-F16"], content: "fat" },
    { maker: "mkfs.vfat", sizeMib: 64, args: ["-F32"], content: "fat" },
    { maker: "mkfs.vfat", sizeMib: 300, args: ["-F32", "-S4096"], content: "fat" },
    { maker: "mkfs.ext2", sizeMib: 8, args: ["-q", "-F"], content: "ext" },
    { maker: "mkfs.ext4", sizeMib: 16, args: ["-q", "-F", "-b1024"], content: "ext" },
    { maker: "mkfs.ext4", sizeMib: 64, args: ["-q", "-F", "-b4096"], content: "ext" },
    { maker: "mkfs.xfs", sizeMib: 320, args: ["-q", "-f"], content: "xfs" },
    { maker: "mkfs.btrfs", sizeMib: 128, args: ["-q", "-f"], content: "btrfs" },
    { maker: "mkswap", sizeMib: 4, args: ["-q"], content: "swap" },
    { maker: "mkswap", sizeMib: 4, args: ["-q", "--pagesize=65536"], content: "swap" },
  ];

  test.each(MAKERS)(
    "$maker $args is $content, without a partition table and in one",
    ({ maker, sizeMib, args, content }) => {
      const path = sparseFile(sizeMib * MIB);
      run(maker, ...args, path);
      expect(readVolumes(diskOf(path))).toMatchObject({
        table: "none",
        volumes: [{ content }],
        findings: [],
      });

      const disk = sparseFile((sizeMib + 2) * MIB);
      partition(disk, "label: gpt", "start=2048");
      run("dd", `if=${path}`, `of=${disk}`, "bs=1M", "seek=1", "conv=notrunc,sparse");
      expect(readVolumes(diskOf(disk))).toMatchObject({ table: "gpt", volumes: [{ content, offset: MIB }] });
    },
  );

  test("pvcreate is lvm", () => {
    const path = sparseFile(16 * MIB);
    withLoop(path, 512, (device) => run("pvcreate", "--yes", "-ff", device));
    expect(readVolumes(diskOf(path))).toMatchObject({ table: "none", volumes: [{ content: "lvm" }] });
  });

  test("mkntfs is known by its last sector when the first is lost", () => {
    const path = sparseFile(18 * MIB);
    partition(path, "label: dos", "start=2048, size=32768, type=7");
    const volume = sparseFile(16 * MIB);
    run("mkntfs", "-F", "-q", volume);
    run("dd", `if=${volume}`, `of=${path}`, "bs=1M", "seek=1", "conv=notrunc,sparse");
    run("dd", "if=/dev/zero", `of=${path}`, "bs=512", "seek=2048", "count=1", "conv=notrunc");
    expect(readVolumes(diskOf(path)).volumes).toMatchObject([{ content: "ntfs" }]);
  });
});

describe("a real disk", () => {
  const shell = (command: string) => run("sh", "-c", command);
  const rowsOf = (volumes: readonly Volume[]) =>
    volumes.map(({ offset, sizeBytes, content }) => [offset / 512, (offset + sizeBytes) / 512 - 1, content]);

  /** Unpacks without writing the zeroes: the largest of these disks has 128 GiB of them. */
  const unpack = (fixture: string) => {
    const path = join(folder, `${count++}.img`);
    shell(
      `gzip -dc ${join(FIXTURES, fixture)} | dd of=${path} bs=64k iflag=fullblock conv=sparse status=none`,
    );
    return path;
  };
  const untar = (fixture: string, name: string) => {
    shell(`tar -C ${folder} -xzSf ${join(FIXTURES, fixture)}`);
    return join(folder, name);
  };

  const DISKS: {
    what: string;
    open: () => PartitionedDisk;
    table: string;
    rows: unknown[];
    codes?: string[];
  }[] = [
    {
      what: "of Debian with four file systems",
      open: () => diskOf(unpack("ntfs/forensics-fs.multiple.gz")),
      table: "mbr",
      rows: [
        [2048, 227_327, "btrfs"],
        [227_328, 309_247, "ext"],
        [309_248, 391_167, "exfat"],
        [391_168, 511_999, "ntfs"],
      ],
    },
    {
      what: "of Windows Server 2003, not aligned",
      open: () => diskOf(untar("ntfs/vss_2003.tgz", "vss_2003.raw")),
      table: "mbr",
      rows: [[63, 268_430_084, "ntfs"]],
    },
    {
      what: "of Windows 10 with a reserved partition",
      open: () => diskOf(untar("ntfs/vss_1_vol.tar.gz", "vss_1_vol.raw")),
      table: "gpt",
      rows: [
        [34, 65_569, "reserved"],
        [67_584, 10_483_711, "ntfs"],
      ],
    },
    {
      what: "of Windows XP that is a dynamic disk",
      open: () => {
        const path = unpack("ntfs/plaso-usnjrnl.qcow2.gz");
        run("qemu-img", "convert", "-O", "raw", path, `${path}.raw`);
        return diskOf(`${path}.raw`);
      },
      table: "mbr",
      rows: [[63, 2_096_639, "ldm"]],
      codes: ["VOLUME_LDM"],
    },
    {
      what: "of a Linux guest with XFS",
      open: () => openDisk(openFile(unpack("vhdx/discutils-xfs5.vhdx.gz"))),
      table: "mbr",
      rows: [[2048, 20_971_519, "xfs"]],
    },
    {
      what: "of a Linux guest with LVM",
      open: () => openDisk(openFile(unpack("vhdx/discutils-lvm2.vhdx.gz"))),
      table: "gpt",
      rows: [[2048, 20_971_486, "lvm"]],
    },
  ];

  test.each(DISKS)("$what has the volumes that mmls lists", ({ open, table, rows, codes }) => {
    const layout = readVolumes(open());
    expect(rowsOf(layout.volumes)).toEqual(rows);
    expect(layout.table).toBe(table);
    expect(layout.findings.map(({ code }) => code)).toEqual(codes ?? []);
  });
});
