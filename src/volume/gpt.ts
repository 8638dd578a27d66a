// SPDX-License-Identifier: MIT
import { crc32 } from "node:zlib";
import { ZERO_GUID } from "../bytes/index.ts";
import { type Finding, finding } from "../errors.ts";
import type { ByteSource } from "../io/index.ts";
import { GptEntry, GptHeader } from "./layout.ts";
import type { PartitionList, PartitionPlace } from "./partition-list.ts";

const SIGNATURE = "EFI PART";
const PRIMARY_LBA = 1;

/** Windows makes 128 entries and sees no more of them; eight times as many is no table that anybody made. */
const MAX_ENTRY_COUNT = 1024;
/** The specification lets entries grow by doubling, nobody has done it yet; this bounds what is read to 4 MiB. */
const MAX_ENTRY_SIZE_BYTES = 4096;
/** Sector numbers below it stay below 2^53 as byte offsets, and so do sums of two, in either sector size. */
const LBA_END = 2n ** 40n;

/** One copy of the table whose header and entries passed every check. */
export interface GptCopy {
  readonly header: GptHeader;
  readonly entries: DataView;
}

/** Why a copy cannot be believed. */
export interface Damage {
  readonly reason: string;
  /** Where the copy says that the other one is: a hint from a damaged header, to be checked like any other place. */
  readonly alternateLba: number | undefined;
}

/** What {@link readGpt} found: a table, or for both copies the reason why there is none. */
export type GptReading = PartitionList | { readonly reason: string };

/**
 * Reads the GUID partition table of a disk whose sectors have `sectorSizeBytes`.
 *
 * The backup is only read where the primary is damaged: at the end of the disk, and where the primary says that it
 * is, because it stays behind when a virtual disk is expanded.
 */
export function readGpt(disk: ByteSource, sectorSizeBytes: number): GptReading {
  const primary = readCopy(disk, PRIMARY_LBA, sectorSizeBytes);
  if ("header" in primary) return listPartitions(primary, sectorSizeBytes);

  const lastLba = Math.floor(disk.sizeBytes / sectorSizeBytes) - 1;
  let backup = readCopy(disk, lastLba, sectorSizeBytes);
  if ("reason" in backup && primary.alternateLba !== undefined && primary.alternateLba !== lastLba) {
    backup = readCopy(disk, primary.alternateLba, sectorSizeBytes);
  }
  if ("reason" in backup) return { reason: `primary: ${primary.reason}; backup: ${backup.reason}` };

  const { places, findings } = listPartitions(backup, sectorSizeBytes);
  const where = { structure: "GPT header", offset: PRIMARY_LBA * sectorSizeBytes };
  return { places, findings: [finding("GPT_PRIMARY_DAMAGED", primary.reason, where), ...findings] };
}

/** Reads the table where only its primary copy would count, as on a disk that has lost its protective MBR. */
export function readPrimaryGpt(disk: ByteSource, sectorSizeBytes: number): PartitionList | undefined {
  const primary = readCopy(disk, PRIMARY_LBA, sectorSizeBytes);
  return "header" in primary ? listPartitions(primary, sectorSizeBytes) : undefined;
}

/**
 * Compares the backup copy with the primary, for a structural check; an audit has no need of it.
 *
 * Gives nothing where the primary is damaged, because {@link readGpt} has said so then.
 */
export function checkGptBackup(disk: ByteSource, sectorSizeBytes: number): Finding[] {
  const primary = readCopy(disk, PRIMARY_LBA, sectorSizeBytes);
  if ("reason" in primary) return [];
  const lba = toLba(primary.header.alternateLba);
  const reason =
    lba === undefined
      ? "the primary places it beyond any disk"
      : compareBackup(disk, lba, sectorSizeBytes, primary);
  if (reason === undefined) return [];
  const where = {
    structure: "backup GPT header",
    ...(lba === undefined ? {} : { offset: lba * sectorSizeBytes }),
  };
  return [finding("GPT_BACKUP_DAMAGED", reason, where)];
}

function compareBackup(
  disk: ByteSource,
  lba: number,
  sectorSizeBytes: number,
  primary: GptCopy,
): string | undefined {
  const backup = readCopy(disk, lba, sectorSizeBytes);
  if ("reason" in backup) return backup.reason;
  if (backup.header.diskGuid !== primary.header.diskGuid) return "it belongs to another disk";
  if (backup.header.entriesCrc !== primary.header.entriesCrc)
    return "it lists other partitions than the primary";
  return undefined;
}

/** Reads and checks the copy of the table whose header is in sector `lba`. */
export function readCopy(disk: ByteSource, lba: number, sectorSizeBytes: number): GptCopy | Damage {
  const offset = lba * sectorSizeBytes;
  if (lba < PRIMARY_LBA || offset + sectorSizeBytes > disk.sizeBytes)
    return damage("it lies past the end of the disk");
  const sector = disk.read(offset, sectorSizeBytes);
  const header = new GptHeader(sector);
  if (header.signature !== SIGNATURE) return damage(`no ${SIGNATURE} at 0x${offset.toString(16)}`);

  const reason = faultOfHeader(header, lba, sectorSizeBytes);
  if (reason !== undefined) return damage(reason, header);

  const entriesLba = toLba(header.entriesLba);
  const sizeBytes = header.entryCount * header.entrySize;
  if (entriesLba === undefined || entriesLba * sectorSizeBytes + sizeBytes > disk.sizeBytes) {
    return damage(`its entries at LBA ${header.entriesLba} lie past the end of the disk`, header);
  }
  const entries = disk.read(entriesLba * sectorSizeBytes, sizeBytes);
  const computed = crc32(bytesOf(entries, 0, sizeBytes));
  if (computed !== header.entriesCrc) {
    return damage(
      `checksum of the entries is ${hex(computed)}, the header says ${hex(header.entriesCrc)}`,
      header,
    );
  }
  return { header, entries };
}

/** The first broken rule of a header (UEFI 2.10, 5.3.2: signature, checksum, own place, entries), if any. */
function faultOfHeader(header: GptHeader, lba: number, sectorSizeBytes: number): string | undefined {
  const { headerSize, entryCount, entrySize } = header;
  if (headerSize < GptHeader.sizeBytes || headerSize > sectorSizeBytes) return `header size is ${headerSize}`;
  const computed = headerCrc(header);
  if (computed !== header.headerCrc) {
    return `checksum of the header is ${hex(computed)}, it says ${hex(header.headerCrc)}`;
  }
  if (header.myLba !== BigInt(lba)) return `it stands at LBA ${lba}, but was written for LBA ${header.myLba}`;
  if (entryCount > MAX_ENTRY_COUNT) return `${entryCount} entries are more than ${MAX_ENTRY_COUNT}`;
  const doublings = Math.log2(entrySize / GptEntry.sizeBytes);
  if (!Number.isInteger(doublings) || doublings < 0 || entrySize > MAX_ENTRY_SIZE_BYTES) {
    return `entry size is ${entrySize}`;
  }
  return undefined;
}

/** CRC-32 of the header as if its checksum field were zero, without changing the bytes that others may share. */
function headerCrc(header: GptHeader): number {
  const { headerCrc: start, reserved: end } = GptHeader.offsetOf;
  const before = crc32(bytesOf(header.view, 0, start));
  const zero = crc32(new Uint8Array(end - start), before);
  return crc32(bytesOf(header.view, end, header.headerSize - end), zero);
}

function listPartitions({ header, entries }: GptCopy, sectorSizeBytes: number): PartitionList {
  const places: PartitionPlace[] = [];
  const findings: Finding[] = [];
  for (let index = 0; index < header.entryCount; index++) {
    const entry = new GptEntry(entries, index * header.entrySize);
    if (entry.type === ZERO_GUID) continue;
    const where = { structure: `GPT entry ${index + 1}` };
    const first = toLba(entry.firstLba);
    const last = toLba(entry.lastLba);
    if (first === undefined || last === undefined) {
      const range = `LBA ${entry.firstLba} to ${entry.lastLba}`;
      findings.push(
        finding("PARTITION_RANGE", `partition ${index + 1}, ${range}, is beyond any disk`, where),
      );
      continue;
    }
    if (last < first) {
      const range = `begins at LBA ${first}, but ends at LBA ${last}`;
      findings.push(finding("PARTITION_MISPLACED", `partition ${index + 1} ${range}`, where));
      continue;
    }
    if (entry.firstLba < header.firstUsableLba || entry.lastLba > header.lastUsableLba) {
      const usable = `${header.firstUsableLba} to ${header.lastUsableLba}`;
      const range = `LBA ${first} to ${last}, is not inside the usable sectors, LBA ${usable}`;
      const indexed = { partition: places.length, ...where };
      findings.push(finding("PARTITION_MISPLACED", `partition ${index + 1}, ${range}`, indexed));
    }
    places.push({
      partition: {
        number: index + 1,
        type: entry.type,
        name: entry.name,
        guid: entry.guid,
        isActive: undefined,
      },
      offset: first * sectorSizeBytes,
      sizeBytes: (last - first + 1) * sectorSizeBytes,
    });
  }
  return { places, findings };
}

function damage(reason: string, header?: GptHeader): Damage {
  return { reason, alternateLba: header === undefined ? undefined : toLba(header.alternateLba) };
}

/** The number of a sector, or undefined where no disk has so many. */
export function toLba(value: bigint): number | undefined {
  return value < LBA_END ? Number(value) : undefined;
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
