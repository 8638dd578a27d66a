// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { findBin, readBaseBlock } from "../base-block.ts";
import { type BaseBlock, FILE_TYPES, LogEntry, SECTOR_SIZE } from "../layout.ts";
import { difference } from "../recovery/log-file.ts";

/** Windows writes a log back long before; searching more than this would only stall the edit. */
const LOG_SIZE_MAX = 256 * 1024 * 1024;

const CHUNK_SIZE = 64 * 1024;

/** What the base block of an edited hive has to say so that Windows takes no old log for a newer one. */
export interface Freshness {
  /** For both sequence numbers: above those of the hive, and of all that its logs have or had. */
  readonly sequence: number;
  /** For hive and first bin, of which old-format logs are told by the time; undefined where it is left as it is. */
  readonly lastWritten: bigint | undefined;
}

/**
 * Looks through the logs of a hive: the base block of each, and every sector that an entry begins in, also those that
 * earlier rounds of the log left behind. Throws HIVE_EDIT_UNRECOVERED for a log that is too large to be searched.
 *
 * Entries of new-format logs are applied by their sequence numbers, so the hive's is put above all of them. Old-format
 * logs are applied where their time is that of the hive; Windows 8.1 and later, which write new-format logs, do not
 * keep that time, and there it is left alone.
 */
export function freshnessAbove(
  image: ByteSource,
  block: BaseBlock,
  logs: readonly ByteSource[],
  now: bigint,
): Freshness {
  let sequence = block.primarySequence;
  let time = now;
  let hasNewLog = false;
  const raise = (other: number) => {
    if (difference(other, sequence) > 0) sequence = other;
  };
  const follow = (other: bigint) => {
    if (other >= time) time = other + 1n;
  };
  for (const log of logs) {
    const logBlock = readBaseBlock(log);
    if (logBlock?.signature === block.signature) {
      raise(logBlock.primarySequence);
      raise(logBlock.secondarySequence);
      if (logBlock.fileType === FILE_TYPES.newLog) hasNewLog = true;
      else follow(logBlock.lastWritten);
    }
    for (const entry of entrySequences(log)) raise(entry);
  }
  const isTimeKept = block.lastWritten !== 0n && !hasNewLog;
  if (isTimeKept) {
    follow(block.lastWritten);
    follow(findBin(image, 0)?.timestamp ?? 0n);
  }
  return { sequence: (sequence + 1) % 2 ** 32, lastWritten: isTimeKept ? time : undefined };
}

/** The sequence numbers of everything in a log that looks like an entry. */
function* entrySequences(log: ByteSource): Generator<number> {
  if (log.sizeBytes > LOG_SIZE_MAX) {
    const message = `a transaction log of the hive is larger than ${LOG_SIZE_MAX} bytes`;
    throw new VmguestError("HIVE_EDIT_UNRECOVERED", message, { structure: "transaction log" });
  }
  for (let start = 0; start < log.sizeBytes; start += CHUNK_SIZE) {
    const chunk = log.read(start, Math.min(CHUNK_SIZE, log.sizeBytes - start));
    for (let at = 0; at + LogEntry.sizeBytes <= chunk.byteLength; at += SECTOR_SIZE) {
      const entry = new LogEntry(chunk, at);
      if (entry.signature === "HvLE") yield entry.sequence;
    }
  }
}
