// SPDX-License-Identifier: MIT
import { finding, VmguestError } from "../../errors.ts";
import { type ByteSource, copyBytes, SliceSource } from "../../io/index.ts";
import { AttributeSet } from "./attribute.ts";
import type { ClusterSpace } from "./attribute-list.ts";
import type { NtfsGeometry } from "./boot.ts";
import { FileRecord, type RecordSource } from "./file-record.ts";
import type { FindingLog } from "./finding-log.ts";
import { ATTRIBUTE, RECORD } from "./layout.ts";

/** $MFTMirr holds at least these; more where a cluster does, but no reader relies on that. */
const MIRRORED_RECORDS = 4;
/** Enough for the folders an audit visits again and again: 256 KiB with the usual records. */
const RECORDS_KEPT = 256;

/** The master file table: every file's record by number. */
export class Mft implements RecordSource {
  readonly #space: ClusterSpace;
  readonly #geometry: NtfsGeometry;
  readonly #findings: FindingLog;
  readonly #source: ByteSource;
  /** 0 until the table is open: nothing but its own record can be read before. */
  #recordCount = 0;
  /** In order of use, as in the page cache. */
  readonly #records = new Map<number, FileRecord>();

  /**
   * Opens the table through its own record. $MFT may be in many pieces, and its own record may need extension records
   * that are found through the first pieces.
   */
  constructor(space: ClusterSpace, geometry: NtfsGeometry, findings: FindingLog) {
    this.#space = space;
    this.#geometry = geometry;
    this.#findings = findings;
    const record = this.#readOrMirror(RECORD.mft, () =>
      this.#readAt(space.volume, geometry.mftOffset, RECORD.mft),
    );
    this.#records.set(RECORD.mft, record);
    const data = new AttributeSet(record, this, space).find(ATTRIBUTE.data, "", { inOrder: true });
    if (data === undefined) throw record.damage("NTFS_ATTRIBUTE_MISSING", "$MFT has no data");
    this.#source = data.open("$MFT");
    this.#recordCount = Math.floor(this.#source.sizeBytes / geometry.recordSizeBytes);
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** The record, in use or not. Throws NTFS_RECORD for a number past the table. */
  record(recordNumber: number): FileRecord {
    const record = this.#records.get(recordNumber) ?? this.#load(recordNumber);
    this.#records.delete(recordNumber);
    this.#records.set(recordNumber, record);
    if (this.#records.size > RECORDS_KEPT) {
      const [oldest] = this.#records.keys();
      if (oldest !== undefined) this.#records.delete(oldest);
    }
    return record;
  }

  #load(recordNumber: number): FileRecord {
    if (recordNumber >= this.#recordCount) {
      const message = `there is no record ${recordNumber}, the table has ${this.#recordCount}`;
      throw new VmguestError("NTFS_RECORD", message, { path: "$MFT", structure: "master file table" });
    }
    const { recordSizeBytes } = this.#geometry;
    const read = () => this.#readAt(this.#source, recordNumber * recordSizeBytes, recordNumber);
    return recordNumber < MIRRORED_RECORDS ? this.#readOrMirror(recordNumber, read) : read();
  }

  /** Takes the copy in $MFTMirr where the record itself is damaged, as Windows does. */
  #readOrMirror(recordNumber: number, read: () => FileRecord): FileRecord {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      const copy = this.#readMirror(recordNumber);
      if (copy === undefined) throw error;
      this.#findings.add(
        finding("NTFS_MFT_DAMAGED", `${error.message}; its copy in $MFTMirr was used`, error.where),
      );
      return copy;
    }
  }

  #readMirror(recordNumber: number): FileRecord | undefined {
    const { mftMirrorOffset, recordSizeBytes } = this.#geometry;
    try {
      return this.#readAt(this.#space.volume, mftMirrorOffset + recordNumber * recordSizeBytes, recordNumber);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      return undefined;
    }
  }

  #readAt(source: ByteSource, offset: number, recordNumber: number): FileRecord {
    const home = new SliceSource(source, offset, this.#geometry.recordSizeBytes);
    return FileRecord.parse(copyBytes(home, 0, home.sizeBytes), recordNumber, home);
  }
}
