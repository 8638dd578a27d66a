// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../bytes/index.ts";
import { type Finding, finding } from "../errors.ts";
import { type GptCopy, readCopy, toLba } from "./gpt.ts";
import { GptEntry, GptHeader } from "./layout.ts";
import type { PartitionedDisk } from "./read-table.ts";

const PRIMARY_LBA = 1;
const REVISION = 0x0001_0000;

/** A copy that passed every check of the reader, and the sector its header is in. */
interface PlacedCopy extends GptCopy {
  readonly lba: number;
}

/**
 * What the reader of a GUID partition table passes over in the copies that it would believe (UEFI 2.10, 5.3). That a
 * copy is damaged, or that the two list other partitions, is said elsewhere.
 */
export function* checkGptCopies(disk: PartitionedDisk): Generator<Finding> {
  const lastLba = Math.floor(disk.sizeBytes / disk.logicalSectorSizeBytes) - 1;
  const primary = copyAt(disk, PRIMARY_LBA);
  const alternateLba = primary === undefined ? undefined : toLba(primary.header.alternateLba);
  const backup = copyAt(disk, alternateLba ?? lastLba);
  for (const copy of [primary, backup]) if (copy !== undefined) yield* checkHeader(copy, disk);

  const inForce = primary ?? backup;
  if (inForce !== undefined) yield* checkGuids(inForce, disk);
  if (primary === undefined || backup === undefined) return;
  const whereBackup = whereOf(backup, disk);
  if (backup.lba !== lastLba) {
    const message = `it is in LBA ${backup.lba}, the disk ends with LBA ${lastLba}`;
    yield finding("GPT_BACKUP_MISPLACED", message, whereBackup);
  }
  const differing = COMPARED.filter((field) => primary.header[field] !== backup.header[field]);
  if (differing.length === 0 && backup.header.alternateLba === BigInt(PRIMARY_LBA)) return;
  const names = [
    ...differing,
    ...(backup.header.alternateLba === BigInt(PRIMARY_LBA) ? [] : ["alternateLba"]),
  ];
  yield finding("GPT_COPIES_DIFFER", `they differ in ${names.join(", ")}`, whereBackup);
}

/** Fields that must be the same in both copies, and are not compared by whoever reads one of them. */
const COMPARED = ["firstUsableLba", "lastUsableLba", "entryCount", "entrySize"] as const;

function copyAt(disk: PartitionedDisk, lba: number): PlacedCopy | undefined {
  const copy = readCopy(disk, lba, disk.logicalSectorSizeBytes);
  return "header" in copy ? { ...copy, lba } : undefined;
}

function* checkHeader(copy: PlacedCopy, disk: PartitionedDisk): Generator<Finding> {
  const { header, lba } = copy;
  const where = whereOf(copy, disk);
  if (header.revision !== REVISION) {
    yield finding("GPT_FIELDS", `the revision is 0x${header.revision.toString(16)}, not 0x10000`, where);
  }
  if (header.reserved.some((byte) => byte !== 0)) {
    yield finding("GPT_FIELDS", "reserved bytes of the header are not zero", where);
  }
  if (header.diskGuid === ZERO_GUID) yield finding("PARTITION_GUID", "the GUID of the disk is zero", where);

  const { firstUsableLba, lastUsableLba, entriesLba, entryCount, entrySize } = header;
  const usable = `LBA ${firstUsableLba} to ${lastUsableLba}`;
  const entriesEnd = entriesLba + BigInt(Math.ceil((entryCount * entrySize) / disk.logicalSectorSizeBytes));
  const isBeside = (start: bigint, end: bigint) => end <= firstUsableLba || start > lastUsableLba;
  if (firstUsableLba > lastUsableLba) {
    yield finding("GPT_USABLE_RANGE", `the usable sectors are ${usable}`, where);
  } else if (!isBeside(entriesLba, entriesEnd) || !isBeside(BigInt(lba), BigInt(lba + 1))) {
    const message = `${usable} are called usable, but hold the header or its entries at LBA ${entriesLba}`;
    yield finding("GPT_USABLE_RANGE", message, where);
  }
}

function* checkGuids({ header, entries }: PlacedCopy, disk: PartitionedDisk): Generator<Finding> {
  const seen = new Map<string, number>();
  for (let index = 0; index < header.entryCount; index++) {
    const entry = new GptEntry(entries, index * header.entrySize);
    if (entry.type === ZERO_GUID) continue;
    const where = {
      structure: `GPT entry ${index + 1}`,
      offset: Number(header.entriesLba) * disk.logicalSectorSizeBytes + index * header.entrySize,
    };
    const other = seen.get(entry.guid);
    if (entry.guid === ZERO_GUID) {
      yield finding("PARTITION_GUID", `the GUID of partition ${index + 1} is zero`, where);
    } else if (other !== undefined) {
      const message = `partition ${index + 1} has the same GUID as partition ${other}`;
      yield finding("PARTITION_GUID", message, where);
    } else seen.set(entry.guid, index + 1);
  }
}

function whereOf({ lba }: PlacedCopy, disk: PartitionedDisk) {
  return {
    structure: lba === PRIMARY_LBA ? GptHeader.structName : "backup GPT header",
    offset: lba * disk.logicalSectorSizeBytes,
  };
}
