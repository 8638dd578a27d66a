// SPDX-License-Identifier: MIT
import type { Disk } from "../disk/index.ts";
import { type Finding, finding, VmguestError } from "../errors.ts";
import { type ByteSource, SliceSource } from "../io/index.ts";
import { contentOfBytes, contentOfFirstSector } from "./content.ts";
import { readGpt, readPrimaryGpt } from "./gpt.ts";
import type { BootRecord } from "./layout.ts";
import {
  hasPartitionRecords,
  hasProtectiveRecord,
  hasUnprotectiveRecord,
  partitionRecordsFit,
  readMbr,
} from "./mbr.ts";
import type { PartitionList, PartitionPlace } from "./partition-list.ts";
import type { PartitionTable } from "./volume.ts";

/** The part of a disk that its partitions depend on. Any ByteSource with a sector size will do. */
export type PartitionedDisk = Pick<Disk, "sizeBytes" | "read" | "logicalSectorSizeBytes">;

/** A partition table that was believed, and the sector size that it counts in. */
export interface TableReading {
  readonly table: PartitionTable;
  readonly list: PartitionList;
  readonly sectorSizeBytes: number;
}

const IN_SECTOR_0 = { structure: "MBR", offset: 0 };

/**
 * Decides which table of a disk counts, and reads it: undefined for a disk that has none. `boot` is its first sector.
 * Throws GPT_INVALID where the MBR names a GUID partition table alone, but no copy of it can be believed.
 */
export function readTable(disk: PartitionedDisk, boot: BootRecord): TableReading | undefined {
  const sectorSizeBytes = disk.logicalSectorSizeBytes;
  // A disk without partitions begins with a boot sector, whose code may look like partition records, and a tool that
  // partitions a disk may leave an old boot sector's name in front of them. Records that fit decide.
  const isBootSector = contentOfFirstSector(boot.view) !== undefined;
  if (hasPartitionRecords(boot)) {
    if (hasProtectiveRecord(boot)) return readProtected(disk, boot);
    if (!isBootSector || partitionRecordsFit(boot, disk.sizeBytes, sectorSizeBytes))
      return readLegacy(disk, boot);
  }
  if (isBootSector) return undefined;
  const list = readPrimaryGpt(disk, sectorSizeBytes);
  if (list === undefined) return undefined;
  const message = "sector 0 has no protective MBR, so Windows would not look for the GUID partition table";
  return withFinding(
    { table: "gpt", list, sectorSizeBytes },
    finding("GPT_UNPROTECTED", message, IN_SECTOR_0),
  );
}

/** A disk whose MBR says that there is a GUID partition table. */
function readProtected(disk: PartitionedDisk, boot: BootRecord): TableReading {
  const sectorSizeBytes = disk.logicalSectorSizeBytes;
  const gpt = readGpt(disk, sectorSizeBytes);
  if ("places" in gpt) {
    const reading: TableReading = { table: "gpt", list: gpt, sectorSizeBytes };
    if (!hasUnprotectiveRecord(boot)) return reading;
    // Linux reads the GUID partition table then and Windows the MBR, which names a part of the same partitions.
    const message =
      "Windows reads the partitions of the MBR, Linux the GUID partition table, which was used here";
    return withFinding(reading, finding("GPT_HYBRID", message, IN_SECTOR_0));
  }
  const other = otherSectorSize(sectorSizeBytes);
  const rescaled = readPrimaryGpt(disk, other);
  if (rescaled !== undefined) {
    return withMismatch({ table: "gpt", list: rescaled, sectorSizeBytes: other }, sectorSizeBytes);
  }
  const where = { structure: "GPT header", offset: sectorSizeBytes };
  if (!hasUnprotectiveRecord(boot)) throw new VmguestError("GPT_INVALID", gpt.reason, where);
  // To Windows this is an MBR disk anyway: it believes a protective record only where that is the only one.
  return withFinding(readLegacy(disk, boot), finding("GPT_INVALID", gpt.reason, where));
}

/**
 * A disk with an MBR. It does not say what sector size it counts in; where no partition of it begins with anything
 * known, but one does when counted in the other size, the image was copied from a disk with such sectors.
 */
function readLegacy(disk: PartitionedDisk, boot: BootRecord): TableReading {
  const sectorSizeBytes = disk.logicalSectorSizeBytes;
  const list = readMbr(disk, boot, sectorSizeBytes);
  if (someSpeaks(disk, list)) return { table: "mbr", list, sectorSizeBytes };
  const other = otherSectorSize(sectorSizeBytes);
  const rescaled = readMbr(disk, boot, other);
  const fits = rescaled.places.every(({ offset, sizeBytes }) => offset + sizeBytes <= disk.sizeBytes);
  if (!fits || !someSpeaks(disk, rescaled)) return { table: "mbr", list, sectorSizeBytes };
  return withMismatch({ table: "mbr", list: rescaled, sectorSizeBytes: other }, sectorSizeBytes);
}

function someSpeaks(disk: ByteSource, { places }: PartitionList): boolean {
  return places.some((place) => contentOfBytes(bytesOfPlace(disk, place)) !== undefined);
}

function otherSectorSize(sectorSizeBytes: number): number {
  return sectorSizeBytes === 512 ? 4096 : 512;
}

function withMismatch(reading: TableReading, expectedBytes: number): TableReading {
  const message = `the partition table counts in sectors of ${reading.sectorSizeBytes} bytes, the disk in ${expectedBytes}`;
  return withFinding(reading, finding("PARTITION_SECTOR_MISMATCH", message, IN_SECTOR_0));
}

function withFinding(reading: TableReading, first: Finding): TableReading {
  const { places, findings } = reading.list;
  return { ...reading, list: { places, findings: [first, ...findings] } };
}

/** The bytes of a partition, or as many of them as the disk has. */
export function bytesOfPlace(disk: ByteSource, { offset, sizeBytes }: PartitionPlace): ByteSource {
  const start = Math.min(offset, disk.sizeBytes);
  return new SliceSource(disk, start, Math.min(sizeBytes, disk.sizeBytes - start));
}
