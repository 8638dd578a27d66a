// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { type ByteSource, copyBytes, readBytes } from "../../../io/index.ts";
import { AttributeSet } from "../attribute.ts";
import { FileRecord } from "../file-record.ts";
import { ATTRIBUTE, FileRecordHeader, RECORD, RECORD_FLAGS } from "../layout.ts";
import { hasBit } from "./bits.ts";
import { ExtentCheck } from "./extents.ts";
import { checkFile, type FileCheckOptions } from "./file-check.ts";
import { checkRecordForm } from "./record-form.ts";
import { RECORD_STATE } from "./record-table.ts";
import type { VolumeCheck } from "./volume-check.ts";

/** Records are read together in pieces of about this size. */
const STEP_BYTES = 1024 * 1024;
/** Records that have a copy at all volumes, from which a damaged one is read. */
const MIRRORED_RECORDS = 4;

/** Goes through $MFT from its first record to its last. */
export class RecordScan {
  readonly #check: VolumeCheck;
  readonly #options: FileCheckOptions;
  readonly #bitmap: Uint8Array;

  constructor(check: VolumeCheck, securityIds: ReadonlySet<number> | undefined) {
    this.#check = check;
    this.#options = { extents: new ExtentCheck(check), securityIds };
    this.#bitmap = readMftBitmap(check);
  }

  /** Yields after every piece, so that findings can be handed on. */
  *run(): Generator<undefined, undefined> {
    const check = this.#check;
    const { recordSizeBytes } = check.geometry;
    const source = check.attempt(() => check.volume.openRecord(RECORD.mft, "$MFT").open());
    if (source === undefined) return;
    const step = Math.max(1, Math.floor(STEP_BYTES / recordSizeBytes));
    for (let first = 0; first < check.records.count; first += step) {
      this.#scanPiece(source, first, Math.min(step, check.records.count - first));
      yield;
    }
    for (let recordNumber = 0; recordNumber < check.records.count; recordNumber++) {
      this.#checkExtension(recordNumber);
    }
    yield;
  }

  #scanPiece(source: ByteSource, first: number, count: number): void {
    const { recordSizeBytes } = this.#check.geometry;
    const piece = this.#check.attempt(() =>
      copyBytes(source, first * recordSizeBytes, count * recordSizeBytes),
    );
    for (let index = 0; index < count; index++) {
      const bytes = piece?.subarray(index * recordSizeBytes, (index + 1) * recordSizeBytes);
      if (bytes === undefined) this.#check.records.mark(first + index, RECORD_STATE.damaged);
      else this.#scan(first + index, bytes);
    }
  }

  #scan(recordNumber: number, bytes: Uint8Array): void {
    const header = new FileRecordHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const isInUse = (header.flags & RECORD_FLAGS.inUse) !== 0;
    // Of records past the end of the bitmap it says nothing; that it is too short has been reported.
    const isMarked = recordNumber < this.#bitmap.length * 8 ? hasBit(this.#bitmap, recordNumber) : isInUse;
    if (!isInUse && recordNumber >= MIRRORED_RECORDS) {
      this.#scanFree(recordNumber, header, isMarked);
      return;
    }
    const record = this.#parse(recordNumber, bytes);
    if (record === undefined) {
      this.#check.records.mark(recordNumber, RECORD_STATE.damaged);
      this.#check.allRunsRead = false;
      return;
    }
    // One of the mirrored records that is not in use: the check of the metadata files reports it.
    if (record.isInUse) this.#scanUsed(record, isMarked);
  }

  #scanFree(recordNumber: number, header: FileRecordHeader, isMarked: boolean): void {
    const check = this.#check;
    const where = { path: "$MFT", structure: `FILE record ${recordNumber}` };
    const { signature, sequence } = header;
    const isKnown = signature === "FILE" || signature === "\0\0\0\0";
    if (isKnown) {
      check.records.sequences[recordNumber] = sequence;
      if (isMarked) check.add("NTFS_MFT_BITMAP_USED", "is not in use, but marked used", where);
    } else if (isMarked) {
      // What lost its signature may have been a file: it is not merely a bit too many.
      this.#reportDamaged(recordNumber, signature);
    } else {
      check.add("NTFS_RECORD_FREE_DAMAGED", "is free and has no FILE signature", where);
    }
  }

  #reportDamaged(recordNumber: number, signature: string): void {
    this.#check.records.mark(recordNumber, RECORD_STATE.damaged);
    this.#check.allRunsRead = false;
    const place = { path: "$MFT", structure: `FILE record ${recordNumber}` };
    const message = signature === "BAAD" ? "was given up as beyond repair" : 'does not begin with "FILE"';
    this.#check.add("NTFS_RECORD", message, place);
  }

  #scanUsed(record: FileRecord, isMarked: boolean): void {
    const check = this.#check;
    const { recordNumber, header, isBase, isDirectory } = record;
    check.records.sequences[recordNumber] = header.sequence;
    check.records.mark(
      recordNumber,
      RECORD_STATE.inUse | (isBase ? RECORD_STATE.base : 0) | (isDirectory ? RECORD_STATE.directory : 0),
    );
    if (!isMarked) {
      check.addOf(recordNumber, "NTFS_MFT_BITMAP_FREE", "is in use, but marked free", record.where());
    }
    checkRecordForm(check, record);
    for (const attribute of record.attributes) {
      if (!attribute.isResident) this.#options.extents.claim(attribute);
    }
    if (isBase) checkFile(check, record, this.#options);
  }

  /** The record with its attributes parsed, or undefined where that is not possible and was reported. */
  #parse(recordNumber: number, bytes: Uint8Array): FileRecord | undefined {
    const { mft } = this.#check.context;
    const parse = () => parseAttributes(FileRecord.parse(bytes, recordNumber));
    if (recordNumber >= MIRRORED_RECORDS) return this.#check.attempt(parse, recordNumber);
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      return this.#check.attempt(() => parseAttributes(mft.record(recordNumber)));
    }
  }

  /** An extension record that no attribute list names: its base does not know it, or is not there. */
  #checkExtension(recordNumber: number): void {
    const check = this.#check;
    const { records } = check;
    const skip = RECORD_STATE.base | RECORD_STATE.listed | RECORD_STATE.damaged;
    if (!records.is(recordNumber, RECORD_STATE.inUse) || ((records.state[recordNumber] ?? 0) & skip) !== 0)
      return;
    const record = check.attempt(() => check.context.mft.record(recordNumber));
    if (record === undefined) return;
    const { baseRecord, baseSequence } = record.header;
    if (baseRecord >= records.count || records.is(baseRecord, RECORD_STATE.damaged)) {
      if (baseRecord < check.context.mft.recordCount) return;
    }
    const isFile = records.is(baseRecord, RECORD_STATE.inUse | RECORD_STATE.base);
    if (isFile && records.sequences[baseRecord] === baseSequence) {
      const message = `extends record ${baseRecord}, whose attribute list does not name it`;
      check.addOf(baseRecord, "NTFS_EXTENSION_UNLISTED", message, record.where());
      return;
    }
    const message = `extends record ${baseRecord} with sequence ${baseSequence}, which is no file in use`;
    check.add("NTFS_EXTENSION_BASE", message, record.where(FileRecordHeader.offsetOf.baseRecord));
  }
}

/** Makes sure that the attributes and their VCNs can be read, so that whoever comes later can rely on it. */
function parseAttributes(record: FileRecord): FileRecord {
  for (const attribute of record.attributes) {
    if (!attribute.isResident) void [attribute.lowestVcn, attribute.endVcn];
  }
  return record;
}

/** The bitmap of $MFT as far as records are checked. */
function readMftBitmap(check: VolumeCheck): Uint8Array {
  const { mft, space } = check.context;
  const where = { path: "$MFT:$BITMAP", structure: "bitmap of $MFT" };
  const bitmap = check.attempt(() =>
    new AttributeSet(mft.record(RECORD.mft), mft, space).require(ATTRIBUTE.bitmap).open("$MFT:$BITMAP"),
  );
  if (bitmap === undefined) return new Uint8Array(0);
  const neededBytes = Math.ceil(mft.recordCount / 8);
  if (bitmap.sizeBytes < neededBytes) {
    const message = `has ${bitmap.sizeBytes} bytes, where ${mft.recordCount} records need ${neededBytes}`;
    check.add("NTFS_MFT_BITMAP_SIZE", message, where);
  }
  const length = Math.min(bitmap.sizeBytes, Math.ceil(check.records.count / 8));
  return check.attempt(() => readBytes(bitmap, 0, length)) ?? new Uint8Array(0);
}
