// SPDX-License-Identifier: MIT
import { ZERO_GUID } from "../../../bytes/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { Change } from "../../../io/index.ts";
import { checksumOf } from "../../vhdx/checksum.ts";
import {
  DataDescriptor,
  LOG_SECTOR_SIZE_BYTES,
  LogDataSector,
  LogEntryHeader,
  MIB,
} from "../../vhdx/layout.ts";
import type { FileRange } from "../../vhdx/ranges.ts";
import type { FileSteps } from "../file-steps.ts";
import type { HeaderPair } from "./header-pair.ts";

/** Descriptors that stand in one sector with the header of their entry; an entry has half of the log at most. */
const SECTORS_PER_ENTRY_MAX = 126;

/**
 * Writes changes of a VHDX's own structures through its log, so that they are all in force or none is (2.3).
 *
 * An entry is on stable storage before the header names its log, or before the one before it is overwritten: entries
 * stand at the begin and in the middle of the log in turn, each with itself as its tail, for what earlier ones say has
 * reached its place by then. So at every moment the log is either not in use or has a whole entry that may be replayed
 * any number of times.
 */
export class LogWriter {
  readonly #steps: FileSteps;
  readonly #headers: HeaderPair;
  readonly #log: FileRange;
  readonly #guid: string;
  #entryCount = 0;

  /** A log that is not in use; `guid` is what it is called once it is. */
  constructor(steps: FileSteps, headers: HeaderPair, log: FileRange, guid: string) {
    this.#steps = steps;
    this.#headers = headers;
    this.#log = log;
    this.#guid = guid;
  }

  /**
   * Changes sectors of 4 KiB, in three steps and two more for the first time: entry, headers, the sectors themselves.
   *
   * All of them come into force at once where there are 126 at most; more than that do in groups. Throws
   * DISK_WRITE_NO_LOG.
   */
  commit(sectors: readonly Change[]): void {
    for (let first = 0; first < sectors.length; first += SECTORS_PER_ENTRY_MAX) {
      this.#commitGroup(sectors.slice(first, first + SECTORS_PER_ENTRY_MAX));
    }
  }

  /** Takes the log out of use and wipes its entries; nothing where it was never used. */
  close(): void {
    if (this.#entryCount === 0) return;
    this.#headers.update({ logGuid: ZERO_GUID });
    wipeEntries(this.#steps, this.#log, [0, this.#halfBytes]);
  }

  #commitGroup(sectors: readonly Change[]): void {
    const position = this.#entryCount % 2 === 0 ? 0 : this.#halfBytes;
    this.#steps.write(this.#log.offset + position, this.#entryOf(sectors, position));
    this.#steps.endStep();
    if (this.#entryCount === 0) this.#headers.update({ logGuid: this.#guid });
    this.#entryCount++;
    for (const { offset, bytes } of sectors) this.#steps.write(offset, bytes);
    this.#steps.endStep();
  }

  get #halfBytes(): number {
    const half = this.#log.lengthBytes / 2;
    if (half >= (SECTORS_PER_ENTRY_MAX + 1) * LOG_SECTOR_SIZE_BYTES) return half;
    throw new VmguestError("DISK_WRITE_NO_LOG", `the log has ${this.#log.lengthBytes} bytes`, {
      structure: this.#log.what,
      offset: this.#log.offset,
    });
  }

  /** The bytes of an entry (2.3.1). */
  #entryOf(sectors: readonly Change[], tail: number): Uint8Array {
    const sequence = BigInt(this.#entryCount + 1);
    const bytes = new Uint8Array((1 + sectors.length) * LOG_SECTOR_SIZE_BYTES);
    const view = new DataView(bytes.buffer);
    sectors.forEach((sector, index) => {
      const at = LogEntryHeader.sizeBytes + index * DataDescriptor.sizeBytes;
      Object.assign(new DataDescriptor(view, at), {
        signature: "desc",
        trailingBytes: sector.bytes.subarray(LogDataSector.offsetOf.sequenceLow),
        leadingBytes: sector.bytes.subarray(0, LogDataSector.offsetOf.payload),
        fileOffset: sector.offset,
        sequence,
      });
      Object.assign(new LogDataSector(view, (1 + index) * LOG_SECTOR_SIZE_BYTES), {
        signature: "data",
        sequenceHigh: Number(sequence >> 32n),
        payload: sector.bytes.subarray(LogDataSector.offsetOf.payload, LogDataSector.offsetOf.sequenceLow),
        sequenceLow: Number(sequence & 0xffff_ffffn),
      });
    });
    const { sizeBytes } = this.#steps;
    const header = new LogEntryHeader(view);
    Object.assign(header, {
      signature: "loge",
      entryLengthBytes: bytes.length,
      tail,
      sequence,
      descriptorCount: sectors.length,
      logGuid: this.#guid,
      // Both must be whole MiB; the file itself need not be where nothing was added to it.
      flushedFileOffset: sizeBytes - (sizeBytes % MIB),
      lastFileOffset: Math.ceil(sizeBytes / MIB) * MIB,
    });
    header.checksum = checksumOf(view);
    return bytes;
  }
}

/** Takes a log out of use that was replayed, headers first, then its entries. */
export function retireLog(steps: FileSteps, headers: HeaderPair, log: FileRange): void {
  headers.update({ logGuid: ZERO_GUID });
  const sectorCount = log.lengthBytes / LOG_SECTOR_SIZE_BYTES;
  wipeEntries(
    steps,
    log,
    Array.from({ length: sectorCount }, (_, sector) => sector * LOG_SECTOR_SIZE_BYTES),
  );
}

function wipeEntries(steps: FileSteps, log: FileRange, positions: readonly number[]): void {
  for (const position of positions) {
    const offset = log.offset + position;
    if (new LogEntryHeader(steps.read(offset, LOG_SECTOR_SIZE_BYTES)).signature !== "loge") continue;
    steps.write(offset, new Uint8Array(LOG_SECTOR_SIZE_BYTES));
  }
  steps.endStep();
}
