// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { FileRecord } from "../file-record.ts";
import { RECORD_FLAGS } from "../layout.ts";
import { HOLE } from "../runs.ts";
import { QuickScan, type UseRun } from "./quick-scan.ts";
import type { RecordTable } from "./record-table.ts";

/** Records are read together in pieces of so many bytes: long ones go past the cache of pages. */
const STEP_BYTES = 1024 * 1024;

/**
 * Calls `use` for every run of every attribute on the volume: one pass over $MFT.
 *
 * Throws NTFS_WRITE_DAMAGED where a record that may be in use cannot be read, since then nobody knows which clusters are
 * its own.
 */
export function scanRuns(records: RecordTable, clusterCount: number, use: UseRun): void {
  const { recordSizeBytes } = records;
  const recordsPerStep = STEP_BYTES / recordSizeBytes;
  for (let first = 0; first < records.recordCount; first += recordsPerStep) {
    const count = Math.min(recordsPerStep, records.recordCount - first);
    const quick = new QuickScan(records.readRaw(first, count), { recordSizeBytes, clusterCount, use });
    for (let index = 0; index < count; index++) {
      const start = index * recordSizeBytes;
      const flags = quick.flagsOf(start);
      if (flags !== undefined && (flags & RECORD_FLAGS.inUse) === 0) continue;
      if (flags !== undefined && quick.scan(start, first + index)) continue;
      scanRecord(records, first + index, clusterCount, use);
    }
  }
}

/** The same for one record, with the reader and its errors. */
function scanRecord(records: RecordTable, recordNumber: number, clusterCount: number, use: UseRun): void {
  const bytes = records.readRaw(recordNumber, 1);
  const signature = String.fromCharCode(...bytes.subarray(0, 4));
  // A bit for a record that was never written is a bit too many; other remains may have been a file.
  const isBlank = signature === "\0\0\0\0";
  if (signature !== "FILE" && (isBlank || !records.isMarkedUsed(recordNumber))) return;
  try {
    for (const attribute of FileRecord.parse(bytes, recordNumber).attributes) {
      if (attribute.isResident) continue;
      const { runCount, vcns, lcns } = attribute.decodeRuns(clusterCount);
      for (let run = 0; run < runCount; run++) {
        const lcn = lcns[run] ?? HOLE;
        if (lcn !== HOLE) use(lcn, (vcns[run + 1] ?? 0) - (vcns[run] ?? 0));
      }
    }
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    const message = `its clusters cannot be told: ${error.message}`;
    throw new VmguestError("NTFS_WRITE_DAMAGED", message, error.where, { cause: error });
  }
}
