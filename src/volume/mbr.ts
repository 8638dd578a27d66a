// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import {
  BOOT_RECORD_SIZE_BYTES,
  BOOT_SIGNATURE,
  BootRecord,
  PartitionRecord,
  RECORD_TYPES,
} from "./layout.ts";
import type { PartitionList, PartitionPlace } from "./partition-list.ts";

const RECORD_COUNT = 4;
/** Logical partitions are numbered after the four places of the master boot record, used or not. */
const FIRST_LOGICAL_NUMBER = RECORD_COUNT + 1;
/** Windows has 24 letters to give and fdisk makes 60 partitions at most; a longer chain was made to keep us busy. */
const MAX_EXTENDED_RECORDS = 128;

const EXTENDED_TYPES: readonly number[] = [
  RECORD_TYPES.extendedChs,
  RECORD_TYPES.extendedLba,
  RECORD_TYPES.extendedLinux,
];

/** A used record and its place in the boot record, from 1. */
interface UsedRecord {
  readonly number: number;
  readonly record: PartitionRecord;
}

/** The sectors of an extended partition, which its boot records and logical partitions must not leave. */
interface ExtendedChain {
  readonly disk: ByteSource;
  readonly start: number;
  readonly end: number;
  readonly sectorSizeBytes: number;
}

/**
 * Whether the first 512 bytes of a disk hold a partition table: signature, at least one used record, and no status
 * byte that fdisk or Windows never write. Without the last rule the boot code of an unpartitioned disk would pass.
 */
export function hasPartitionRecords(boot: BootRecord): boolean {
  const used = usedRecords(boot);
  return used.length > 0 && used.every(({ record }) => (record.status & 0x7f) === 0);
}

/** Whether all records lie behind sector 0, inside the disk, and beside each other. */
export function partitionRecordsFit(
  boot: BootRecord,
  diskSizeBytes: number,
  sectorSizeBytes: number,
): boolean {
  const sorted = usedRecords(boot).sort((a, b) => a.record.firstLba - b.record.firstLba);
  let end = 1;
  for (const { record } of sorted) {
    if (record.firstLba < end) return false;
    end = record.firstLba + record.sectorCount;
  }
  return end * sectorSizeBytes <= diskSizeBytes;
}

/** Whether one record says that the disk has a GUID partition table. */
export function hasProtectiveRecord(boot: BootRecord): boolean {
  return usedRecords(boot).some(({ record }) => record.type === RECORD_TYPES.protective);
}

/** Whether a record names a partition, beside one that protects a GUID partition table (a hybrid MBR). */
export function hasUnprotectiveRecord(boot: BootRecord): boolean {
  return usedRecords(boot).some(({ record }) => record.type !== RECORD_TYPES.protective);
}

/**
 * The partitions of a master boot record, the logical ones after the primary ones; extended partitions are followed,
 * not listed, and a protective record is left out.
 */
export function readMbr(disk: ByteSource, boot: BootRecord, sectorSizeBytes: number): PartitionList {
  const primary = usedRecords(boot).filter(({ record }) => record.type !== RECORD_TYPES.protective);
  const places = primary
    .filter(({ record }) => !isExtended(record))
    .map(({ number, record }) => placeOf(number, record, record.firstLba, sectorSizeBytes));
  const findings: Finding[] = [];
  for (const { record } of primary) {
    if (!isExtended(record)) continue;
    const start = record.firstLba;
    const chain = { disk, start, end: start + record.sectorCount, sectorSizeBytes };
    appendLogical(chain, places, findings);
  }
  return { places, findings };
}

/** Appends the logical partitions of an extended one, numbered on from those that are there. */
function appendLogical(chain: ExtendedChain, places: PartitionPlace[], findings: Finding[]): void {
  const { sectorSizeBytes, end } = chain;
  let number = Math.max(FIRST_LOGICAL_NUMBER, ...places.map(({ partition }) => partition.number + 1));
  for (const { lba, used } of extendedRecords(chain, findings)) {
    const record = used.find((record) => !isExtended(record));
    if (record === undefined) continue;
    // The start of a logical partition counts from its own boot record.
    const firstLba = lba + record.firstLba;
    if (firstLba + record.sectorCount > end) {
      const reach = `partition ${number} does not end inside its extended partition, at LBA ${end - 1}`;
      findings.push(finding("EBR_INVALID", reach, whereOf(lba, sectorSizeBytes)));
    }
    places.push(placeOf(number, record, firstLba, sectorSizeBytes));
    number++;
  }
}

/** Walks the boot records of an extended partition; damage ends the walk, and what came before it counts. */
function* extendedRecords(
  { disk, start, end, sectorSizeBytes }: ExtendedChain,
  findings: Finding[],
): Generator<{ lba: number; used: PartitionRecord[] }> {
  const visited = new Set<number>();
  let lba = start;
  for (;;) {
    const where = whereOf(lba, sectorSizeBytes);
    const boot = readExtendedRecord(disk, where.offset);
    if (typeof boot === "string") {
      findings.push(finding("EBR_INVALID", boot, where));
      return;
    }
    visited.add(lba);
    const used = usedRecords(boot).map(({ record }) => record);
    yield { lba, used };

    const link = used.find(isExtended);
    if (link === undefined) return;
    // A link counts from the first boot record of the chain.
    lba = start + link.firstLba;
    if (lba >= end) {
      findings.push(finding("EBR_INVALID", `it leads to LBA ${lba}, outside the extended partition`, where));
      return;
    }
    if (visited.has(lba)) {
      findings.push(finding("EBR_LOOP", `it leads back to LBA ${lba}`, where));
      return;
    }
    if (visited.size === MAX_EXTENDED_RECORDS) {
      const limit = `the chain of extended boot records goes on after ${MAX_EXTENDED_RECORDS} of them`;
      findings.push(finding("LIMIT_EXCEEDED", limit, where));
      return;
    }
  }
}

function whereOf(lba: number, sectorSizeBytes: number) {
  return { structure: "extended boot record", offset: lba * sectorSizeBytes };
}

function readExtendedRecord(disk: ByteSource, offset: number): BootRecord | string {
  if (offset + BOOT_RECORD_SIZE_BYTES > disk.sizeBytes) return "it lies past the end of the disk";
  const boot = new BootRecord(disk.read(offset, BOOT_RECORD_SIZE_BYTES));
  return boot.signature === BOOT_SIGNATURE ? boot : "it does not end with 55 AA";
}

function usedRecords(boot: BootRecord): UsedRecord[] {
  if (boot.signature !== BOOT_SIGNATURE) return [];
  const used: UsedRecord[] = [];
  for (let index = 0; index < RECORD_COUNT; index++) {
    const at = boot.at + BootRecord.offsetOf.records + index * PartitionRecord.sizeBytes;
    const record = new PartitionRecord(boot.view, at);
    if (record.type !== 0 && record.sectorCount !== 0) used.push({ number: index + 1, record });
  }
  return used;
}

function isExtended(record: PartitionRecord): boolean {
  return EXTENDED_TYPES.includes(record.type);
}

function placeOf(
  number: number,
  record: PartitionRecord,
  firstLba: number,
  sectorSizeBytes: number,
): PartitionPlace {
  return {
    partition: {
      number,
      type: `0x${record.type.toString(16).padStart(2, "0")}`,
      name: undefined,
      guid: undefined,
      isActive: record.status === 0x80,
    },
    offset: firstLba * sectorSizeBytes,
    sizeBytes: record.sectorCount * sectorSizeBytes,
  };
}
