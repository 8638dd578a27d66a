// SPDX-License-Identifier: MIT
import { buildNtfs, type NtfsOptions } from "./ntfs.ts";
import { buildBootRecord, GPT_TYPES, SparseDisk, writeGpt } from "./partitions.ts";
import { vhdOf } from "./vhd.ts";
import { vhdxOf } from "./vhdx.ts";
import { type WindowsOptions, windowsFiles } from "./windows.ts";

const MIB = 1024 * 1024;
const SECTOR = 512;
const MBR_NTFS = 0x07;
const MBR_LINUX = 0x83;

/** What stands in a partition, and what the partition table calls it; basic data unless told. */
export interface LabPartition {
  readonly bytes: Uint8Array;
  readonly type?: keyof typeof GPT_TYPES;
}

/** The files of a Windows as a volume takes them, which has no place for fakes. */
export function ntfsFiles(windows: WindowsOptions): Record<string, Uint8Array> {
  return windowsFiles(windows) as Record<string, Uint8Array>;
}

/** An NTFS volume with one Windows on it, or several in folders of their own, and whatever else. */
export function windowsVolume(
  windows: WindowsOptions | readonly WindowsOptions[],
  { files, ...options }: NtfsOptions = {},
): Uint8Array {
  const all = [windows].flat() as readonly WindowsOptions[];
  const ofWindows: Record<string, Uint8Array> = Object.assign({}, ...all.map(ntfsFiles));
  // First for their place, since a folder must come before what is in it, and last to replace files of Windows.
  return buildNtfs({ ...options, files: { ...files, ...ofWindows, ...files } });
}

/** A volume whose superblock is that of ext, and nothing else: its inside is not read. */
export function extVolume(): Uint8Array {
  const bytes = new Uint8Array(65_536);
  const superblock = new DataView(bytes.buffer, 1024);
  superblock.setUint32(0, 16, true);
  superblock.setUint32(32, 8192, true);
  superblock.setUint16(56, 0xef53, true);
  return bytes;
}

/** A disk with a GUID partition table, each partition beginning at the next MiB. */
export function layGpt(partitions: readonly (LabPartition | Uint8Array)[]): Uint8Array {
  const { disk, places } = place(partitions);
  const entries = places.map(({ firstLba, sectorCount, type }, index) => ({
    type: GPT_TYPES[type],
    guid: `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`,
    firstLba,
    lastLba: firstLba + sectorCount - 1,
  }));
  return bytesOf(writeGpt(disk, { partitions: entries }));
}

/** A disk with a master boot record, as virtual machines of generation 1 have it; at most four partitions. */
export function layMbr(partitions: readonly (LabPartition | Uint8Array)[]): Uint8Array {
  const { disk, places } = place(partitions);
  const records = places.map(({ firstLba, sectorCount, type }) => {
    return { type: type === "linux" ? MBR_LINUX : MBR_NTFS, firstLba, sectorCount };
  });
  return bytesOf(disk.write(0, buildBootRecord(records)));
}

/** Packers of a disk into an image file. */
export const CONTAINERS = {
  vhdx: (disk: Uint8Array) => vhdxOf(disk).toBytes(),
  "vhdx-fixed": (disk: Uint8Array) => vhdxOf(disk, { isFixed: true }).toBytes(),
  vhd: (disk: Uint8Array) => vhdOf(disk).bytes,
  "vhd-fixed": (disk: Uint8Array) => vhdOf(disk, { diskType: 2 }).bytes,
  raw: (disk: Uint8Array) => disk,
} as const;

function place(partitions: readonly (LabPartition | Uint8Array)[]) {
  let end = MIB;
  const places = partitions.map((partition) => {
    const { bytes, type = "basicData" } = partition instanceof Uint8Array ? { bytes: partition } : partition;
    const offset = end;
    end = roundUp(offset + bytes.length);
    const sectorCount = Math.ceil(bytes.length / SECTOR);
    return { offset, bytes, type, firstLba: offset / SECTOR, sectorCount };
  });
  // The last MiB is for the backup of a partition table.
  const disk = new SparseDisk(end + MIB);
  for (const { offset, bytes } of places) disk.write(offset, bytes);
  return { disk, places };
}

const roundUp = (size: number) => Math.ceil(size / MIB) * MIB;
const bytesOf = (disk: SparseDisk) => new Uint8Array(disk.read(0, disk.sizeBytes).buffer);
