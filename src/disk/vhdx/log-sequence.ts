// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { LOG_SECTOR_SIZE_BYTES } from "./layout.ts";
import { type LogEntry, readLogEntry } from "./log-entry.ts";
import type { LogRing } from "./log-ring.ts";

/**
 * The entries that a replay has to apply, oldest first: the active sequence of the log, from the entry that its last
 * one names as the tail (2.3.2). What comes before the tail has reached its place already.
 *
 * Entries of earlier turns around the log may still be whole, so of all sequences the one with the highest number
 * counts. Throws VHDX_LOG_NO_SEQUENCE where there is none, because a header that names a log promises one.
 */
export function findActiveSequence(ring: LogRing, logGuid: string): [LogEntry, ...LogEntry[]] {
  const known = new Map<number, LogEntry | undefined>();
  const entryAt = (position: number): LogEntry | undefined => {
    if (!known.has(position)) known.set(position, readLogEntry(ring, position, logGuid));
    return known.get(position);
  };

  let active: LogEntry[] = [];
  let start = 0;
  // Ends after one turn: `start` moves on by a sector at least, and the first step back is the end.
  for (let previous = -1; start > previous; ) {
    previous = start;
    const sequence = sequenceFrom(start, ring.sizeBytes, entryAt);
    const last = sequence.at(-1);
    if (last !== undefined && last.sequence > (active.at(-1)?.sequence ?? 0n)) {
      const tailIndex = sequence.findIndex((entry) => entry.position === last.tail);
      if (tailIndex >= 0) active = sequence.slice(tailIndex);
    }
    const next = last === undefined ? start + LOG_SECTOR_SIZE_BYTES : last.position + last.lengthBytes;
    start = next % ring.sizeBytes;
  }

  const [first, ...others] = active;
  if (first !== undefined) return [first, ...others];
  throw new VmguestError("VHDX_LOG_NO_SEQUENCE", `no whole sequence of entries belongs to log ${logGuid}`, {
    structure: "VHDX log",
    offset: ring.offset,
  });
}

/** Entries that follow each other from `start` on, in the log and in their numbers, for one turn at most. */
function sequenceFrom(
  start: number,
  sizeBytes: number,
  entryAt: (position: number) => LogEntry | undefined,
): LogEntry[] {
  const entries: LogEntry[] = [];
  let used = 0;
  while (used < sizeBytes) {
    const entry = entryAt((start + used) % sizeBytes);
    const previous = entries.at(-1);
    if (entry === undefined || used + entry.lengthBytes > sizeBytes) break;
    if (previous !== undefined && entry.sequence !== previous.sequence + 1n) break;
    entries.push(entry);
    used += entry.lengthBytes;
  }
  return entries;
}
