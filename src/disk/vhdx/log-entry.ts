// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import { locate } from "../../errors.ts";
import { checksumOf } from "./checksum.ts";
import {
  DataDescriptor,
  LOG_SECTOR_SIZE_BYTES,
  LogDataSector,
  LogEntryHeader,
  ZeroDescriptor,
} from "./layout.ts";
import type { LogRing } from "./log-ring.ts";

/** A log entry that was found to be whole. */
export interface LogEntry {
  /** Where it begins in the log. */
  readonly position: number;
  readonly lengthBytes: number;
  /** Position of the oldest entry that a replay ending with this one begins with. */
  readonly tail: number;
  readonly sequence: bigint;
  readonly descriptorCount: number;
  readonly flushedFileOffset: number;
  readonly lastFileOffset: number;
}

type Header = InstanceType<typeof LogEntryHeader>;
type Data = InstanceType<typeof DataDescriptor>;
type Zero = InstanceType<typeof ZeroDescriptor>;

const DESCRIPTOR_SIZE_BYTES = 32;
const SLOTS_PER_SECTOR = LOG_SECTOR_SIZE_BYTES / DESCRIPTOR_SIZE_BYTES;
/** The entry header takes the place of the first descriptors. */
const HEADER_SLOTS = LogEntryHeader.sizeBytes / DESCRIPTOR_SIZE_BYTES;

/**
 * The entry at `position`, or undefined where there is none that was written whole and belongs to `logGuid` (2.3.1).
 *
 * A torn or overwritten entry shows in a signature, in a sequence number stamped on each part, or in the checksum.
 */
export function readLogEntry(ring: LogRing, position: number, logGuid: string): LogEntry | undefined {
  const first = ring.readSector(position);
  const header = new LogEntryHeader(first);
  if (!isPlausible(header, ring, logGuid) || !isWhole(header, ring, position)) return undefined;
  const where = { structure: LogEntryHeader.structName, offset: ring.fileOffsetOf(position) };
  return locate(where, () => ({
    position,
    lengthBytes: header.entryLengthBytes,
    tail: header.tail,
    sequence: header.sequence,
    descriptorCount: header.descriptorCount,
    flushedFileOffset: header.flushedFileOffset,
    lastFileOffset: header.lastFileOffset,
  }));
}

/** Whether the numbers of the header can be those of an entry of this log. */
function isPlausible(header: Header, ring: LogRing, logGuid: string): boolean {
  if (header.signature !== "loge") return false;
  const { entryLengthBytes, tail, descriptorCount } = header;
  return (
    entryLengthBytes % LOG_SECTOR_SIZE_BYTES === 0 &&
    entryLengthBytes <= ring.sizeBytes &&
    tail % LOG_SECTOR_SIZE_BYTES === 0 &&
    tail < ring.sizeBytes &&
    header.sequence > 0n &&
    descriptorSectorCount(descriptorCount) * LOG_SECTOR_SIZE_BYTES <= entryLengthBytes &&
    header.logGuid === logGuid
  );
}

/** Goes through the sectors of the entry once, descriptors and data first, and compares the checksum at the end. */
function isWhole(header: Header, ring: LogRing, position: number): boolean {
  const sectorCount = header.entryLengthBytes / LOG_SECTOR_SIZE_BYTES;
  const descriptorSectors = descriptorSectorCount(header.descriptorCount);
  let dataSectorsEnd = descriptorSectors;
  let checksum = checksumOf(header.view);
  for (let sector = 0; sector < sectorCount; sector++) {
    const view = sector === 0 ? header.view : ring.readSector(position + sector * LOG_SECTOR_SIZE_BYTES);
    if (sector < descriptorSectors) {
      const dataSectors = countDataDescriptors(view, sector, header);
      if (dataSectors === undefined) return false;
      dataSectorsEnd += dataSectors;
    } else if (sector < dataSectorsEnd && !isStamped(view, header.sequence)) return false;
    if (sector > 0)
      checksum = crc32c(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), checksum);
  }
  return dataSectorsEnd <= sectorCount && checksum === header.checksum;
}

/** How many of the descriptors in one sector of the entry bring a data sector; undefined where one is damaged. */
function countDataDescriptors(view: DataView, sector: number, header: Header): number | undefined {
  let count = 0;
  for (const descriptor of descriptorsIn(view, sector, header.descriptorCount)) {
    if (descriptor === undefined || descriptor.sequence !== header.sequence) return undefined;
    if (isData(descriptor)) count++;
  }
  return count;
}

function isStamped(view: DataView, sequence: bigint): boolean {
  const sector = new LogDataSector(view);
  return (
    sector.signature === "data" &&
    sector.sequenceHigh === Number(sequence >> 32n) &&
    sector.sequenceLow === Number(sequence & 0xffffffffn)
  );
}

/** The descriptors in one of the entry's first sectors; undefined stands for one that is neither kind. */
export function* descriptorsIn(
  view: DataView,
  sector: number,
  descriptorCount: number,
): Generator<Data | Zero | undefined> {
  const firstSlot = sector === 0 ? HEADER_SLOTS : 0;
  const slotsEnd = Math.min(SLOTS_PER_SECTOR, descriptorCount + HEADER_SLOTS - sector * SLOTS_PER_SECTOR);
  for (let slot = firstSlot; slot < slotsEnd; slot++) {
    const at = slot * DESCRIPTOR_SIZE_BYTES;
    const data = new DataDescriptor(view, at);
    if (data.signature === "desc") yield data;
    else yield data.signature === "zero" ? new ZeroDescriptor(view, at) : undefined;
  }
}

/** Whether a descriptor is of the kind that brings a data sector. */
export function isData(descriptor: Data | Zero): descriptor is Data {
  return descriptor instanceof DataDescriptor;
}

/** Sectors that the header and the descriptors of an entry fill. */
export function descriptorSectorCount(descriptorCount: number): number {
  return Math.ceil((HEADER_SLOTS + descriptorCount) / SLOTS_PER_SECTOR);
}
