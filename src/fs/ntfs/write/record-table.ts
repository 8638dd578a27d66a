// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { Phase } from "../../../io/index.ts";
import { AttributeSet } from "../attribute.ts";
import type { NtfsGeometry } from "../boot.ts";
import { FileRecord, type RecordSource } from "../file-record.ts";
import { ATTRIBUTE, FileRecordHeader, RECORD, RECORD_FLAGS } from "../layout.ts";
import type { VolumeContext } from "../ntfs-node.ts";
import { BitStore } from "./bit-store.ts";
import type { ClusterAllocator } from "./cluster-allocator.ts";
import { ClusterFile, runsOfAttribute } from "./cluster-file.ts";
import type { Draft } from "./draft.ts";
import { RecordEditor } from "./record-editor.ts";
import type { TearWatch } from "./tear-watch.ts";

/** Records before this one are not for files. */
export const FIRST_FILE_RECORD = 24;
/** Windows lets $MFT grow by at least this many records. */
const GROWTH_RECORDS = 64;
/** 2^28 records, more than any volume of a guest has; the bitmap is held in memory. */
const BITMAP_SIZE_MAX = 2 ** 25;
const PLACE = { path: "$MFT", structure: "bitmap of FILE records" } as const;

/** A record that was free and is somebody's now. */
export interface TakenRecord {
  readonly recordNumber: number;
  readonly sequence: number;
  /** What stood in its place. */
  readonly previous: Uint8Array;
}

export interface RecordTableOptions {
  readonly draft: Draft;
  readonly geometry: NtfsGeometry;
  /** The reader's view of the volume as it was opened. */
  readonly context: VolumeContext;
  readonly clusters: ClusterAllocator;
  readonly tears: TearWatch;
}

/** $MFT: reads FILE records as they are now, writes them with their copies in $MFTMirr, hands out free ones. */
export class RecordTable implements RecordSource {
  readonly #options: RecordTableOptions;
  readonly #mirror: ClusterFile;
  readonly #mirroredCount: number;
  #file: ClusterFile;
  #recordCount: number;
  #bits: BitStore;
  #bitmapFile: ClusterFile;
  /** How the table was before the operation under way let it grow. */
  #before: { file: ClusterFile; recordCount: number; bitmapFile: ClusterFile; bytes: number } | undefined;
  /** Records that the bitmap calls free, and that are not. */
  readonly #unfit = new Set<number>();

  constructor(options: RecordTableOptions) {
    const { draft, geometry, context } = options;
    const { mft, space } = context;
    this.#options = options;
    const own = mft.record(RECORD.mft);
    const fileOf = (record: FileRecord, type: number) =>
      new ClusterFile(draft, geometry.clusterSizeBytes, runsOfAttribute(record, mft, space, { type }));
    this.#file = fileOf(own, ATTRIBUTE.data);
    this.#recordCount = mft.recordCount;
    const mirror = mft.record(RECORD.mftMirror);
    this.#mirror = fileOf(mirror, ATTRIBUTE.data);
    const mirrorBytes = new AttributeSet(mirror, mft, space).require(ATTRIBUTE.data).sizeBytes;
    this.#mirroredCount = Math.floor(mirrorBytes / geometry.recordSizeBytes);
    const bitmap = new AttributeSet(own, mft, space).require(ATTRIBUTE.bitmap);
    // Bits in record 0 could not reach the disk apart from the rest of it. No system formats a volume so.
    if (bitmap.first.isResident) throw damaged("the bitmap stands in the record of $MFT");
    this.#bitmapFile = fileOf(own, ATTRIBUTE.bitmap);
    // What was never written of them reads as zeros, but would not stay what is written there.
    const { initializedBytes } = bitmap.first.sizes;
    const data = new AttributeSet(own, mft, space).require(ATTRIBUTE.data).first.sizes;
    if (data.initializedBytes !== data.dataBytes) throw damaged("the table was not written to its end");
    if (initializedBytes > BITMAP_SIZE_MAX) {
      throw new VmguestError("LIMIT_EXCEEDED", `a bitmap of ${initializedBytes} bytes is not changed`, PLACE);
    }
    const bits = this.#bitmapFile.read(0, initializedBytes);
    this.#bits = new BitStore(bits, (offset, part, phase) => this.#bitmapFile.write(offset, part, phase));
    if (this.#bits.count < this.#recordCount) throw damaged("the bitmap is shorter than the table");
  }

  get recordSizeBytes(): number {
    return this.#options.geometry.recordSizeBytes;
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** The cluster behind the last one of the table. */
  get endLcn(): number {
    return this.#file.nextLcn ?? 0;
  }

  isMarkedUsed(recordNumber: number): boolean {
    return this.#bits.isUsed(recordNumber);
  }

  /** Bytes of records as they lie on the volume. */
  readRaw(first: number, count: number): Uint8Array {
    const { recordSizeBytes } = this.#options.geometry;
    return this.#file.read(first * recordSizeBytes, count * recordSizeBytes);
  }

  record(recordNumber: number): FileRecord {
    if (recordNumber >= this.#recordCount) throw damaged(`there is no record ${recordNumber}`);
    return FileRecord.parse(this.readRaw(recordNumber, 1), recordNumber);
  }

  edit(recordNumber: number): RecordEditor {
    return RecordEditor.of(this.record(recordNumber));
  }

  write(editor: RecordEditor, phase: Phase): void {
    const { recordNumber } = editor;
    const bytes = editor.seal();
    const offset = recordNumber * bytes.length;
    const where = { path: "$MFT", structure: `FILE record ${recordNumber}`, offset };
    this.#options.tears.note(this.#file.stretches(offset, bytes.length), where);
    this.#file.write(offset, bytes, phase);
    if (recordNumber >= this.#mirroredCount) return;
    this.#options.tears.noteApart("is written to $MFT and to $MFTMirr", where);
    this.#mirror.write(offset, bytes, phase);
  }

  /** Takes a record that is free by the bitmap and by what it says itself, and lets the table grow where there is none. */
  take(): TakenRecord {
    for (;;) {
      // One that cannot be cut in half goes first.
      const taken =
        this.#takeFree((recordNumber) => this.#isInOnePage(recordNumber)) ?? this.#takeFree(() => true);
      if (taken !== undefined) return taken;
      this.#grow();
    }
  }

  /** Frees a record: what it says at once, the bit behind it in the last phase. */
  free(recordNumber: number): void {
    const editor = this.edit(recordNumber);
    const { header } = editor;
    header.flags &= ~RECORD_FLAGS.inUse;
    header.sequence = header.sequence === 0xffff ? 1 : header.sequence + 1;
    header.linkCount = 0;
    this.write(editor, "arming");
    this.#bits.give(recordNumber, 1);
  }

  commit(): void {
    this.#bits.commit();
    this.#before = undefined;
  }

  discard(): void {
    this.#bits.discard();
    if (this.#before === undefined) return;
    this.#file = this.#before.file;
    this.#recordCount = this.#before.recordCount;
    this.#bitmapFile = this.#before.bitmapFile;
    this.#bits.cut(this.#before.bytes);
    this.#before = undefined;
  }

  #takeFree(isGood: (recordNumber: number) => boolean): TakenRecord | undefined {
    const end = this.#recordCount;
    let recordNumber = this.#bits.nextFree(FIRST_FILE_RECORD, end);
    for (; recordNumber < end; recordNumber = this.#bits.nextFree(recordNumber + 1, end)) {
      if (this.#unfit.has(recordNumber) || !isGood(recordNumber)) continue;
      const previous = this.readRaw(recordNumber, 1);
      const header = new FileRecordHeader(new DataView(previous.buffer));
      const isWritten = header.signature === "FILE";
      const isUsed = isWritten && ((header.flags & RECORD_FLAGS.inUse) !== 0 || header.baseRecord !== 0);
      if (isUsed || (!isWritten && header.signature !== "\0\0\0\0")) {
        this.#unfit.add(recordNumber);
        continue;
      }
      this.#bits.take(recordNumber, 1);
      return { recordNumber, sequence: (isWritten && header.sequence) || 1, previous };
    }
    return undefined;
  }

  #isInOnePage(recordNumber: number): boolean {
    const { recordSizeBytes } = this.#options.geometry;
    return this.#options.tears.isInOnePage(
      this.#file.stretches(recordNumber * recordSizeBytes, recordSizeBytes),
    );
  }

  /**
   * Adds records to the table. They are laid out as free ones before the table's own record says that they are there,
   * and that only once its clusters are marked used.
   */
  #grow(): void {
    const own = this.edit(RECORD.mft);
    const data = own.find(ATTRIBUTE.data);
    const bitmap = own.find(ATTRIBUTE.bitmap);
    const isSpread = own.find(ATTRIBUTE.attributeList) !== undefined;
    if (data === undefined || bitmap === undefined || isSpread) {
      throw full("the table is described by several records");
    }
    const { recordSizeBytes, clusterSizeBytes } = this.#options.geometry;
    this.#before ??= {
      file: this.#file,
      recordCount: this.#recordCount,
      bitmapFile: this.#bitmapFile,
      bytes: this.#bits.count / 8,
    };
    const first = this.#recordCount;
    this.#file = this.#growFile(GROWTH_RECORDS) ?? this.#growFile(1) ?? this.#file;
    const count = Math.min(
      Math.floor(this.#file.sizeBytes / recordSizeBytes),
      first + Math.max(GROWTH_RECORDS, clusterSizeBytes / recordSizeBytes),
    );
    if (count === first) throw full("there are no clusters for more");
    const sizeBytes = count * recordSizeBytes;
    for (let recordNumber = first; recordNumber < count; recordNumber++) {
      const blank = RecordEditor.blank(
        { recordNumber, sequence: 1, flags: 0 },
        new Uint8Array(recordSizeBytes),
      );
      this.#file.write(recordNumber * recordSizeBytes, blank.encode(), "data");
    }
    own.setNonResident(ATTRIBUTE.data, "", {
      runs: this.#file.runs,
      clusterSizeBytes,
      dataBytes: sizeBytes,
    });
    this.#growBitmap(own, count);
    if (own.freeBytes < 0) throw full("its own record has no room for one more run");
    this.write(own, "records");
    this.#recordCount = count;
    this.#options.clusters.mftEnd = this.endLcn;
  }

  /** The table with room for so many more records, or undefined where there is no space for it. */
  #growFile(recordCount: number): ClusterFile | undefined {
    const { recordSizeBytes, clusterSizeBytes } = this.#options.geometry;
    const sizeBytes = (this.#recordCount + recordCount) * recordSizeBytes;
    try {
      return extend(this.#file, sizeBytes, clusterSizeBytes, this.#options.clusters);
    } catch (error) {
      if (error instanceof VmguestError && error.code === "NTFS_WRITE_NO_SPACE") return undefined;
      throw error;
    }
  }

  #growBitmap(own: RecordEditor, recordCount: number): void {
    const { clusterSizeBytes } = this.#options.geometry;
    const before = this.#bits.count / 8;
    const lengthBytes = Math.max(before, Math.ceil(recordCount / 64) * 8);
    if (lengthBytes === before) return;
    this.#bitmapFile = extend(this.#bitmapFile, lengthBytes, clusterSizeBytes, this.#options.clusters);
    this.#bitmapFile.write(before, new Uint8Array(lengthBytes - before), "data");
    own.setNonResident(ATTRIBUTE.bitmap, "", {
      runs: this.#bitmapFile.runs,
      clusterSizeBytes,
      dataBytes: Math.max(lengthBytes, own.find(ATTRIBUTE.bitmap)?.sizes.dataBytes ?? 0),
      initializedBytes: lengthBytes,
    });
    this.#bits.grow(lengthBytes);
  }
}

/** An attribute with clusters for so many bytes. Throws NTFS_WRITE_NO_SPACE. */
function extend(
  file: ClusterFile,
  sizeBytes: number,
  clusterSizeBytes: number,
  clusters: ClusterAllocator,
): ClusterFile {
  const missing = Math.ceil(Math.max(0, sizeBytes - file.sizeBytes) / clusterSizeBytes);
  return file.extended(clusters.take(missing, file.nextLcn));
}

function full(message: string): VmguestError {
  return new VmguestError("NTFS_WRITE_MFT_FULL", `no FILE record is free, and ${message}`, { path: "$MFT" });
}

function damaged(message: string): VmguestError {
  return new VmguestError("NTFS_WRITE_DAMAGED", message, PLACE);
}
