// SPDX-License-Identifier: MIT
import { attempt, CODES, type Finding, finding } from "../errors.ts";
import { checkGptCopies } from "./check-gpt.ts";
import { BOOT_RECORD_SIZE_BYTES, BootRecord, PartitionRecord, RECORD_TYPES } from "./layout.ts";
import { hasPartitionRecords, hasProtectiveRecord } from "./mbr.ts";
import type { PartitionedDisk } from "./read-table.ts";
import { checkBackupTable, readVolumes } from "./read-volumes.ts";

const RECORD_COUNT = 4;
const ACTIVE = 0x80;

/** What a protective record says where the disk has more sectors than it can count, and what Windows always says. */
const SECTOR_COUNT_UNKNOWN = 0xffff_ffff;

/**
 * Checks the partition table of a disk with every copy of it. What a volume holds is not looked at: contents that cannot
 * be read are no damage of the table.
 */
export function* checkPartitions(disk: PartitionedDisk): Generator<Finding> {
  const layout = yield* attempt(() => readVolumes(disk));
  if (layout !== undefined) yield* layout.findings.filter(({ code }) => CODES[code].kind !== "unsupported");
  yield* checkBackupTable(disk);
  if (disk.sizeBytes < BOOT_RECORD_SIZE_BYTES) return;
  const boot = new BootRecord(disk.read(0, BOOT_RECORD_SIZE_BYTES));
  if (layout?.table === "mbr" && hasPartitionRecords(boot)) yield* checkMbr(boot);
  if (layout?.table !== "gpt") return;
  if (hasProtectiveRecord(boot)) yield* checkProtection(boot, disk);
  yield* checkGptCopies(disk);
}

function* checkMbr(boot: BootRecord): Generator<Finding> {
  const where = { structure: "MBR", offset: 0 };
  const active = recordsOf(boot).filter(({ status, type }) => status === ACTIVE && type !== 0);
  if (active.length > 1) yield finding("MBR_ACTIVE", `${active.length} partitions are active`, where);
  if (boot.diskSignature === 0) yield finding("MBR_SIGNATURE_MISSING", "the disk signature is 0", where);
}

/** The record must cover the disk from sector 1 on (UEFI 2.10, 5.2.3). */
function* checkProtection(boot: BootRecord, disk: PartitionedDisk): Generator<Finding> {
  const record = recordsOf(boot).find(({ type }) => type === RECORD_TYPES.protective);
  if (record === undefined) return;
  const lastLba = Math.floor(disk.sizeBytes / disk.logicalSectorSizeBytes) - 1;
  const { firstLba, sectorCount } = record;
  const isWhole = sectorCount === lastLba || sectorCount === SECTOR_COUNT_UNKNOWN;
  if (firstLba === 1 && isWhole) return;
  const message = `it protects ${sectorCount} sectors from LBA ${firstLba} on, the disk ends with LBA ${lastLba}`;
  yield finding("GPT_PROTECTIVE_RANGE", message, { structure: "MBR", offset: record.at - boot.at });
}

function recordsOf(boot: BootRecord): PartitionRecord[] {
  return Array.from({ length: RECORD_COUNT }, (_, index) => {
    const at = boot.at + BootRecord.offsetOf.records + index * PartitionRecord.sizeBytes;
    return new PartitionRecord(boot.view, at);
  });
}
