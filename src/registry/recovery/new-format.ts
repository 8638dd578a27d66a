// SPDX-License-Identifier: MIT
import type { Finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { BaseBlock, LogEntry } from "../layout.ts";
import { applyEntry, entriesOf } from "./log-entries.ts";
import { type Applied, difference, isBefore, type LogFile } from "./log-file.ts";
import { PatchedSource } from "./patched-source.ts";

/**
 * Applies the entries of new-format logs: those whose sequence numbers follow each other without a gap, the older log
 * first and then on into the newer one.
 *
 * What is older than the hive's secondary sequence number is in the hive already; a log that begins with it is passed
 * over. A hive whose own base block is damaged (`primary` is undefined) gets that of the newest log, and only that log
 * counts. Section "Transaction log files (new format)".
 */
export function applyNewLogs(
  source: ByteSource,
  primary: BaseBlock | undefined,
  logs: readonly LogFile[],
  findings: Finding[],
): Applied | undefined {
  const oldestFirst = [...logs].sort((a, b) => difference(a.block.primarySequence, b.block.primarySequence));
  const newest = oldestFirst.at(-1);
  const base = primary ?? newest?.block;
  if (newest === undefined || base === undefined) return undefined;

  const hive = new PatchedSource(source);
  let last: LogEntry | undefined;
  let count = 0;
  for (const log of primary === undefined ? [newest] : oldestFirst) {
    for (const entry of entriesOf(log, findings)) {
      const { sequence } = entry.header;
      if (last !== undefined && !isBefore(last.sequence, sequence)) continue;
      const isNext =
        last === undefined
          ? sequence === log.block.primarySequence && !isBefore(sequence, base.secondarySequence)
          : difference(sequence, last.sequence) === 1;
      if (!isNext) break;
      applyEntry(hive, log, entry);
      last = entry.header;
      count++;
    }
  }
  if (last === undefined) return undefined;
  return {
    hive,
    base,
    binsSize: last.binsSize,
    sequence: (last.sequence + 1) % 2 ** 32,
    // Bit 0 says that transactions are pending; the rest of the flags is not logged.
    flags: base.flags - (base.flags % 2) + (last.flags % 2),
    what: `${count} log entries`,
  };
}
