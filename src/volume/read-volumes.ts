// SPDX-License-Identifier: MIT
import { type Code, type Finding, finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import { contentOfBytes, endsWithNtfsBootSector } from "./content.ts";
import { checkGptBackup } from "./gpt.ts";
import { BOOT_RECORD_SIZE_BYTES, BootRecord } from "./layout.ts";
import { hasProtectiveRecord } from "./mbr.ts";
import type { PartitionPlace } from "./partition-list.ts";
import { partitionType } from "./partition-types.ts";
import { checkPlacement } from "./placement.ts";
import { bytesOfPlace, type PartitionedDisk, readTable, type TableReading } from "./read-table.ts";
import type { Volume, VolumeContent, VolumeLayout } from "./volume.ts";

/**
 * Finds the volumes of a disk and says what each of them is, reading a few sectors of the disk and of each volume.
 *
 * A disk may have a GUID partition table, an MBR with extended partitions, or a single volume without a table; one
 * that is empty, or holds nothing known, has no volumes. Damage that can be read around becomes a finding. Throws
 * GPT_INVALID where the disk says that it has a GUID partition table, but no copy of it can be believed.
 */
export function readVolumes(disk: PartitionedDisk): VolumeLayout {
  const none: VolumeLayout = { table: "none", volumes: [], findings: [] };
  if (disk.sizeBytes < BOOT_RECORD_SIZE_BYTES) return none;
  const boot = new BootRecord(disk.read(0, BOOT_RECORD_SIZE_BYTES));
  const reading = readTable(disk, boot);
  if (reading !== undefined) return toLayout(disk, reading);
  const content = contentOfBytes(disk);
  return content === undefined ? none : wholeDisk(disk, content);
}

/**
 * Compares the two copies of a GUID partition table: GPT_BACKUP_DAMAGED where the backup is not as good as the primary.
 * For a structural check; {@link readVolumes} reads the backup only where it is needed.
 */
export function checkBackupTable(disk: PartitionedDisk): Finding[] {
  if (disk.sizeBytes < BOOT_RECORD_SIZE_BYTES) return [];
  const boot = new BootRecord(disk.read(0, BOOT_RECORD_SIZE_BYTES));
  return hasProtectiveRecord(boot) ? checkGptBackup(disk, disk.logicalSectorSizeBytes) : [];
}

function toLayout(disk: ByteSource, { table, list, sectorSizeBytes }: TableReading): VolumeLayout {
  const volumes = list.places.map((place, index): Volume => {
    const source = bytesOfPlace(disk, place);
    const { role } = partitionType(place.partition.type);
    return { index, ...place, role, content: contentOf(place, source, sectorSizeBytes), source };
  });
  const findings = [
    ...list.findings,
    ...checkPlacement(list.places, disk.sizeBytes),
    ...volumes.flatMap(unreadableContent),
  ];
  return { table, volumes, findings };
}

function wholeDisk(disk: PartitionedDisk, content: VolumeContent): VolumeLayout {
  const volume: Volume = {
    index: 0,
    offset: 0,
    sizeBytes: disk.sizeBytes,
    partition: undefined,
    role: "unknown",
    content,
    source: disk,
  };
  return { table: "none", volumes: [volume], findings: unreadableContent(volume) };
}

function contentOf(place: PartitionPlace, source: ByteSource, sectorSizeBytes: number): VolumeContent {
  const { content = "unknown", isConclusive, mayHoldNtfs } = partitionType(place.partition.type);
  if (isConclusive) return content;
  const spoken = contentOfBytes(source);
  if (spoken !== undefined) return spoken;
  const isWhole = source.sizeBytes === place.sizeBytes;
  return mayHoldNtfs && isWhole && endsWithNtfsBootSector(source, sectorSizeBytes) ? "ntfs" : content;
}

const UNREADABLE: Partial<Record<VolumeContent, { code: Code; message: string }>> = {
  bitlocker: { code: "VOLUME_BITLOCKER", message: "the volume is encrypted with BitLocker" },
  refs: { code: "VOLUME_REFS", message: "the volume is ReFS" },
  ldm: { code: "VOLUME_LDM", message: "the partition belongs to a Windows dynamic disk" },
  "storage-spaces": {
    code: "VOLUME_STORAGE_SPACES",
    message: "the partition belongs to a Storage Spaces pool",
  },
};

/** What keeps a volume's files from being read, though it is not damaged. */
function unreadableContent({ index, content }: Volume): Finding[] {
  const unreadable = UNREADABLE[content];
  return unreadable === undefined ? [] : [finding(unreadable.code, unreadable.message, { partition: index })];
}
