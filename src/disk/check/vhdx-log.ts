// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { LOG_SECTOR_SIZE_BYTES, LogEntryHeader, MIB, type VhdxHeader } from "../vhdx/layout.ts";
import { readLogEntry } from "../vhdx/log-entry.ts";
import { LogRing } from "../vhdx/log-ring.ts";
import type { FileRange } from "../vhdx/ranges.ts";

/** Hyper-V and QEMU write logs of 1 MiB; of a larger one only so much is searched for entries. */
const SEARCHED_BYTES_MAX = 64 * MIB;

/** A log that no header names should be empty; one entry that is whole shows that it is not. */
export function* checkStaleLog(file: ByteSource, log: FileRange): Generator<Finding> {
  for (const { position, header } of entryHeadersIn(file, log)) {
    const ring = new LogRing(file, log.offset, log.lengthBytes);
    const entry = yield* attempt(() => readLogEntry(ring, position, header.logGuid));
    if (entry === undefined) continue;
    const message = `entry ${entry.sequence} of log ${header.logGuid} is whole, but no header names that log`;
    yield finding("VHDX_LOG_STALE", message, whereOf(log, position));
    return;
  }
}

/** Entries that claim to belong to the log in use, but were torn or overwritten. */
export function* checkLogInUse(
  file: ByteSource,
  { logGuid }: VhdxHeader,
  log: FileRange,
): Generator<Finding> {
  for (const { position, header } of entryHeadersIn(file, log)) {
    if (header.logGuid !== logGuid) continue;
    const ring = new LogRing(file, log.offset, log.lengthBytes);
    const entry = yield* attempt(() => readLogEntry(ring, position, logGuid));
    if (entry !== undefined) continue;
    const message = `entry ${header.sequence} of the log in use is not whole`;
    yield finding("VHDX_LOG_ENTRY", message, whereOf(log, position));
  }
}

/** Entries at whose place a header of one stands; there may be thousands, but each is looked at once. */
function* entryHeadersIn(file: ByteSource, log: FileRange) {
  const end = Math.min(log.lengthBytes, SEARCHED_BYTES_MAX);
  let readBytesLeft = WHOLE_ENTRIES_FACTOR * end;
  for (let position = 0; position < end; position += LOG_SECTOR_SIZE_BYTES) {
    const header = new LogEntryHeader(file.read(log.offset + position, LOG_SECTOR_SIZE_BYTES));
    if (header.signature !== "loge") continue;
    // Entries that overlap on purpose would be read over and over again.
    readBytesLeft -= header.entryLengthBytes;
    if (readBytesLeft < 0) return;
    yield { position, header };
  }
}

/** Genuine entries do not overlap, but those of an earlier turn may reach into those of the next. */
const WHOLE_ENTRIES_FACTOR = 4;

function whereOf(log: FileRange, position: number) {
  return { structure: LogEntryHeader.structName, offset: log.offset + position };
}
