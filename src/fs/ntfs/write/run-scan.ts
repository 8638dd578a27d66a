// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { FileRecord } from "../file-record.ts";
import { FileRecordHeader, RECORD_FLAGS } from "../layout.ts";
import { HOLE } from "../runs.ts";
import type { RecordTable } from "./record-table.ts";

/** Records are read together in pieces of this many. */
const RECORDS_PER_STEP = 256;

/**
 * Calls `use` for every run of every attribute on the volume: one pass over $MFT.
 *
 * Throws NTFS_WRITE_DAMAGED where a record that may be in use cannot be read, since then nobody knows which clusters are
 * its own.
 */
export function scanRuns(
  records: RecordTable,
  clusterCount: number,
  use: (lcn: number, lengthClusters: number) => void,
): void {
  for (let first = 0; first < records.recordCount; first += RECORDS_PER_STEP) {
    const count = Math.min(RECORDS_PER_STEP, records.recordCount - first);
    const bytes = records.readRaw(first, count);
    const recordSizeBytes = bytes.length / count;
    for (let index = 0; index < count; index++) {
      const own = bytes.subarray(index * recordSizeBytes, (index + 1) * recordSizeBytes);
      scanRecord(own, { recordNumber: first + index, records, clusterCount, use });
    }
  }
}

interface ScanContext {
  readonly recordNumber: number;
  readonly records: RecordTable;
  readonly clusterCount: number;
  readonly use: (lcn: number, lengthClusters: number) => void;
}

function scanRecord(bytes: Uint8Array, { recordNumber, records, clusterCount, use }: ScanContext): void {
  const header = new FileRecordHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const isWritten = header.signature === "FILE";
  if (isWritten && (header.flags & RECORD_FLAGS.inUse) === 0) return;
  // A bit for a record that was never written is a bit too many; other remains may have been a file.
  const isBlank = header.signature === "\0\0\0\0";
  if (!isWritten && (isBlank || !records.isMarkedUsed(recordNumber))) return;
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
