// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { findBin } from "../base-block.ts";
import type { BaseBlock } from "../layout.ts";
import { applySectors, faultOfSectors } from "./dirty-sectors.ts";
import type { Applied, LogFile } from "./log-file.ts";
import { PatchedSource } from "./patched-source.ts";

/**
 * Applies the one old-format log that belongs to this state of the hive, which is the one with the same time.
 *
 * Where the hive's own base block is damaged (`primary` is undefined), the time in its first bin stands for it. If the
 * write was cut off before that bin, no log has that time: the newest one is applied all the same, and a finding says
 * so. Section "Transaction log files (old format)".
 */
export function applyOldLog(
  source: ByteSource,
  primary: BaseBlock | undefined,
  logs: readonly LogFile[],
  findings: Finding[],
): Applied | undefined {
  const usable = logs.filter((log) => {
    const fault = faultOfSectors(log);
    if (fault === undefined) return true;
    findings.push(finding("REGF_LOG", `${fault}; the log was not applied`, { structure: log.name }));
    return false;
  });
  const time = primary === undefined ? findBin(source, 0)?.timestamp : primary.lastWritten;
  const matching = newestOf(usable.filter(({ block }) => block.lastWritten === time));
  const log = matching ?? (primary === undefined ? newestOf(usable) : undefined);
  if (log === undefined) return undefined;
  if (matching === undefined) {
    const message = `${log.name} was applied, although its time is not that of the hive's first bin`;
    findings.push(finding("REGF_LOG_TIMESTAMP", message, { structure: log.name }));
  }

  const hive = new PatchedSource(source);
  const count = applySectors(hive, log);
  const base = primary ?? log.block;
  return {
    hive,
    base,
    binsSize: log.block.binsSize,
    sequence: log.block.primarySequence,
    flags: base.flags,
    what: `${count} sectors of ${log.name}`,
  };
}

/** The log that was written last; of two with the same time the first. */
function newestOf(logs: readonly LogFile[]): LogFile | undefined {
  return logs.reduce<LogFile | undefined>(
    (newest, log) =>
      newest !== undefined && newest.block.lastWritten >= log.block.lastWritten ? newest : log,
    undefined,
  );
}
