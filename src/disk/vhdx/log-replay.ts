// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../bytes/index.ts";
import { locate, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import {
  type DataDescriptor,
  LOG_SECTOR_SIZE_BYTES,
  LogDataSector,
  LogEntryHeader,
  MIB,
  REGION_TABLE_OFFSETS,
  VhdxHeader,
  type ZeroDescriptor,
} from "./layout.ts";
import { descriptorSectorCount, descriptorsIn, isData, type LogEntry } from "./log-entry.ts";
import { LogRing } from "./log-ring.ts";
import { findActiveSequence } from "./log-sequence.ts";
import { type FileRange, faultOfRange, overlaps } from "./ranges.ts";
import { type Changes, ReplayedSource, type ZeroRange } from "./replayed-source.ts";

/** Hyper-V and QEMU write logs of 1 MiB; a log is searched as a whole, and a hostile one can have 4 GiB. */
const LOG_LENGTH_MAX = 256 * MIB;
/** Sectors are kept in memory, 64 MiB of them; a log of 1 MiB has room for 255. */
const WRITTEN_SECTOR_COUNT_MAX = 16_384;
/** Zero ranges are kept as ranges; a log of 1 MiB has room for twice as many at the very most. */
const ZERO_RANGE_COUNT_MAX = 16_384;
/** Zeroing forgets sectors written before, one after the other; a genuine log needs thousands of such steps. */
const FORGET_STEP_COUNT_MAX = 2 ** 24;

/** The identifier and the headers are never written through the log (2.2.1, 2.2.2). */
const HEADERS: FileRange = { what: "VHDX headers", offset: 0, lengthBytes: REGION_TABLE_OFFSETS[0] };

/** The part of the file that the header names as the log, checked (2.2.2). */
export function logRange(header: VhdxHeader, fileSizeBytes: number): FileRange {
  const where = { structure: VhdxHeader.structName, offset: VhdxHeader.offsetOf.logOffset };
  const offset = locate({ structure: where.structure }, () => header.logOffset);
  const range = { what: "VHDX log", offset, lengthBytes: header.logLengthBytes };
  if (range.lengthBytes === 0 && isClean(header)) return range;
  const fault = range.lengthBytes === 0 ? "it has no bytes" : faultOfRange(range, fileSizeBytes);
  if (fault === undefined) return range;
  throw new VmguestError("VHDX_LOG_RANGE", fault, { structure: range.what, offset });
}

/** Whether the file was closed properly; only then may the log be passed over, whatever stands in it. */
export function isClean(header: VhdxHeader): boolean {
  return header.logGuid === ZERO_GUID;
}

/** The file with its log applied in memory, as Windows would see it after opening it (2.3.3). */
export function replayLog(file: ByteSource, header: VhdxHeader, log: FileRange): ByteSource {
  return new ReplayedSource(file, readLog(file, header, log));
}

/** What the log does to the file. Throws where it cannot be replayed, one of the VHDX_LOG codes or VHDX_TRUNCATED. */
export function readLog(file: ByteSource, header: VhdxHeader, log: FileRange): Changes {
  if (log.lengthBytes > LOG_LENGTH_MAX) {
    throw new VmguestError("LIMIT_EXCEEDED", `a log of ${log.lengthBytes} bytes is too long to be replayed`, {
      structure: log.what,
      offset: log.offset,
    });
  }
  const ring = new LogRing(file, log.offset, log.lengthBytes);
  const sequence = findActiveSequence(ring, header.logGuid);
  const last = sequence.at(-1) ?? sequence[0];
  if (last.flushedFileOffset > file.sizeBytes) {
    const [was, is] = [last.flushedFileOffset, file.sizeBytes].map((size) => `0x${size.toString(16)}`);
    throw new VmguestError("VHDX_TRUNCATED", `the file had ${was} bytes, now it has ${is}`, {
      structure: LogEntryHeader.structName,
      offset: ring.fileOffsetOf(last.position),
    });
  }
  const replay = new Replay(ring, log, Math.max(file.sizeBytes, last.lastFileOffset));
  for (const entry of sequence) replay.apply(entry);
  return replay.changes();
}

/** Collects what the entries of a sequence do to the file. */
class Replay {
  readonly #ring: LogRing;
  readonly #log: FileRange;
  readonly #sizeBytes: number;
  readonly #sectors = new Map<number, Uint8Array>();
  readonly #zeros: ZeroRange[] = [];
  #forgetStepsLeft = FORGET_STEP_COUNT_MAX;

  constructor(ring: LogRing, log: FileRange, sizeBytes: number) {
    this.#ring = ring;
    this.#log = log;
    this.#sizeBytes = sizeBytes;
  }

  apply({ position, descriptorCount }: LogEntry): void {
    const descriptorSectors = descriptorSectorCount(descriptorCount);
    let dataPosition = position + descriptorSectors * LOG_SECTOR_SIZE_BYTES;
    for (let sector = 0; sector < descriptorSectors; sector++) {
      const sectorPosition = position + sector * LOG_SECTOR_SIZE_BYTES;
      const view = this.#ring.readSector(sectorPosition);
      for (const descriptor of descriptorsIn(view, sector, descriptorCount)) {
        if (descriptor === undefined) continue;
        const offset = this.#ring.fileOffsetOf(sectorPosition) + descriptor.at;
        locate({ structure: "VHDX log descriptor", offset }, () => {
          if (isData(descriptor)) this.#write(descriptor, dataPosition);
          else this.#zero(descriptor);
        });
        if (isData(descriptor)) dataPosition += LOG_SECTOR_SIZE_BYTES;
      }
    }
  }

  changes(): Changes {
    return { sizeBytes: this.#sizeBytes, sectors: this.#sectors, zeros: merge(this.#zeros) };
  }

  #write(descriptor: InstanceType<typeof DataDescriptor>, dataPosition: number): void {
    const offset = this.#checkTarget(descriptor.fileOffset, LOG_SECTOR_SIZE_BYTES);
    const sector = this.#ring.copySector(dataPosition);
    sector.set(descriptor.leadingBytes, 0);
    sector.set(descriptor.trailingBytes, LogDataSector.offsetOf.sequenceLow);
    this.#sectors.set(offset / LOG_SECTOR_SIZE_BYTES, sector);
    if (this.#sectors.size > WRITTEN_SECTOR_COUNT_MAX) {
      throw new VmguestError(
        "LIMIT_EXCEEDED",
        `the log writes more than ${WRITTEN_SECTOR_COUNT_MAX} sectors`,
      );
    }
  }

  #zero(descriptor: InstanceType<typeof ZeroDescriptor>): void {
    const start = this.#checkTarget(descriptor.fileOffset, descriptor.lengthBytes);
    const range = { start, end: start + descriptor.lengthBytes };
    this.#forget(range);
    this.#zeros.push(range);
    if (this.#zeros.length > ZERO_RANGE_COUNT_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `the log zeroes more than ${ZERO_RANGE_COUNT_MAX} ranges`);
    }
  }

  /** Drops the sectors inside a range, over the range or over the sectors, whichever takes fewer steps. */
  #forget({ start, end }: ZeroRange): void {
    const from = start / LOG_SECTOR_SIZE_BYTES;
    const to = end / LOG_SECTOR_SIZE_BYTES;
    this.#forgetStepsLeft -= Math.min(to - from, this.#sectors.size);
    if (this.#forgetStepsLeft < 0) {
      throw new VmguestError("LIMIT_EXCEEDED", "the log zeroes what it wrote over and over again");
    }
    if (to - from < this.#sectors.size) {
      for (let number = from; number < to; number++) this.#sectors.delete(number);
      return;
    }
    for (const number of this.#sectors.keys()) {
      if (number >= from && number < to) this.#sectors.delete(number);
    }
  }

  /** The offset, where the log may write there: whole sectors inside the file, but neither headers nor the log. */
  #checkTarget(offset: number, lengthBytes: number): number {
    const target = { what: "target", offset, lengthBytes };
    const isAligned = offset % LOG_SECTOR_SIZE_BYTES === 0 && lengthBytes % LOG_SECTOR_SIZE_BYTES === 0;
    const isInside = offset + lengthBytes <= this.#sizeBytes;
    if (isAligned && isInside && !overlaps(target, HEADERS) && !overlaps(target, this.#log)) return offset;
    throw new VmguestError(
      "VHDX_LOG_TARGET",
      `it would change ${lengthBytes} bytes at 0x${offset.toString(16)} of a file of 0x${this.#sizeBytes.toString(16)}`,
    );
  }
}

function merge(ranges: readonly ZeroRange[]): ZeroRange[] {
  const merged: ZeroRange[] = [];
  for (const range of [...ranges].sort((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last === undefined || range.start > last.end) merged.push(range);
    else if (range.end > last.end) merged[merged.length - 1] = { start: last.start, end: range.end };
  }
  return merged;
}
