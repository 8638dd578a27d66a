// SPDX-License-Identifier: MIT
import { ATTRIBUTE, RECORD_FLAGS } from "../../../src/fs/ntfs/layout.ts";
import { encodeAttributeDefinitions } from "./attribute-definitions.ts";
import type { LabAttribute } from "./attributes.ts";
import { encodeBoot } from "./boot-sector.ts";
import { ClusterWriter } from "./cluster-writer.ts";
import { FileEncoder } from "./file-encoder.ts";
import { LOG_FILES } from "./log-file.ts";
import { UPCASE } from "./names.ts";
import type { NtfsOptions } from "./options.ts";
import { encodeRecord, type RecordFormat } from "./records.ts";
import type { Run } from "./runs.ts";
import { systemFiles } from "./system-files.ts";
import { type LabFile, type LabTree, planTree } from "./tree.ts";

const BOOT_SIZE_BYTES = 8192;
const FIRST_FILE_RECORD = 24;
const MIRRORED_RECORDS = 4;
/** Free clusters at the end of the volume, where the options do not say. */
const SPARE_CLUSTERS = 8;

/** A volume in memory, and where the things on it are that a test may want to damage. */
export interface LabVolume {
  /** The whole partition, with the backup boot sector. */
  readonly bytes: Uint8Array;
  readonly clusterSizeBytes: number;
  readonly recordSizeBytes: number;
  readonly recordCount: number;
  recordNumber(path: string): number;
  /** Byte offset on the volume of a FILE record. */
  recordOffset(recordNumber: number): number;
  /** Byte offsets on the volume of the index blocks of a directory. */
  indexBlockOffsets(path: string): number[];
}

/** Builds a small NTFS volume. Everything on it is where Windows would have it, but $Secure is empty. */
export function layNtfs(options: NtfsOptions = {}): LabVolume {
  return new VolumeBuilder(options).build();
}

class VolumeBuilder {
  readonly #options: NtfsOptions;
  readonly #format: RecordFormat;
  readonly #clusters: ClusterWriter;
  readonly #tree: LabTree;
  readonly #system: ReturnType<typeof systemFiles>;
  readonly #encoder: FileEncoder;
  readonly #records = new Map<number, Uint8Array>();
  #mft: Run[] = [];
  #mirror: Run & { lcn: number } = { lcn: 0, lengthClusters: 0 };

  constructor(options: NtfsOptions) {
    const { clusterSizeBytes = 4096, recordSizeBytes = 1024, version } = options;
    this.#options = options;
    this.#format = { recordSizeBytes, isVersion30: version?.[1] === 0 };
    this.#clusters = new ClusterWriter(clusterSizeBytes);
    this.#tree = planTree(options);
    this.#system = systemFiles(this.#tree.root);
    this.#encoder = new FileEncoder(this.#clusters, this.#format, options, this.#tree.nextRecord);
  }

  build(): LabVolume {
    this.#clusters.take(this.#clusters.clustersFor(BOOT_SIZE_BYTES));
    for (const file of this.#tree.files) this.#put(file, this.#encoder.contentOf(file));
    this.#putMetadata();
    // From here on the number of records is known: those that extend $MFT are taken from the reserved ones.
    const recordCount = this.#encoder.nextRecord + (this.#options.spareRecords ?? 0);
    this.#putTable(recordCount);
    const clusterCount = this.#putBitmap();
    return this.#assemble(recordCount, clusterCount);
  }

  #put(file: LabFile, attributes: readonly LabAttribute[], flags = 0): void {
    for (const [recordNumber, record] of this.#encoder.encode(file, attributes, flags)) {
      this.#records.set(recordNumber, record);
    }
  }

  /** An unnamed $DATA with this content, stored as it fits best. */
  #data(content: Uint8Array): LabAttribute {
    return this.#clusters.attribute(ATTRIBUTE.data, "", { content });
  }

  /** An unnamed $DATA in clusters that were taken already. */
  #dataIn(runs: readonly Run[], dataBytes: number): LabAttribute {
    return { type: ATTRIBUTE.data, runs, clusterSizeBytes: this.#clusters.clusterSizeBytes, dataBytes };
  }

  #putMetadata(): void {
    const { upcase = new Uint8Array(UPCASE.buffer.slice(0)), logFile = "clean" } = this.#options;
    const system = this.#system;
    const bootRun = { lcn: 0, lengthClusters: this.#clusters.clustersFor(BOOT_SIZE_BYTES) };
    this.#put(this.#tree.root, this.#encoder.contentOf(this.#tree.root));
    this.#put(system.extend, this.#encoder.contentOf(system.extend), RECORD_FLAGS.extend);
    this.#put(system.upcase, [this.#data(upcase)]);
    this.#put(system.logFile, [this.#data(logFile instanceof Uint8Array ? logFile : LOG_FILES[logFile]())]);
    this.#put(system.attributeDefinitions, [this.#data(encodeAttributeDefinitions())]);
    this.#put(system.secure, this.#encoder.secureContent(), RECORD_FLAGS.viewIndex);
    this.#put(system.volume, this.#encoder.volumeContent());
    this.#put(system.boot, [this.#dataIn([bootRun], BOOT_SIZE_BYTES)]);
    for (const file of system.reserved) this.#put(file, [this.#data(new Uint8Array(0))]);
  }

  /** $MFT and its mirror: where they lie, and what their own records say. */
  #putTable(recordCount: number): void {
    const mirrorSizeBytes = MIRRORED_RECORDS * this.#format.recordSizeBytes;
    const mirrorClusters = this.#clusters.clustersFor(mirrorSizeBytes);
    this.#mft = this.#takeTable(recordCount * this.#format.recordSizeBytes);
    this.#mirror = { lcn: this.#clusters.take(mirrorClusters), lengthClusters: mirrorClusters };
    this.#put(this.#system.mftMirror, [this.#dataIn([this.#mirror], mirrorSizeBytes)]);
    this.#put(this.#system.mft, this.#encoder.mftContent(this.#mft, recordCount, this.#records));
  }

  /** The clusters of $MFT: the first piece holds the reserved records, the others share the rest. */
  #takeTable(sizeBytes: number): Run[] {
    const { mftPieces = 1 } = this.#options;
    const total = this.#clusters.clustersFor(sizeBytes);
    const reserved = this.#clusters.clustersFor(FIRST_FILE_RECORD * this.#format.recordSizeBytes);
    const first = mftPieces === 1 ? total : reserved;
    const others = Math.max(1, Math.floor((total - first) / Math.max(1, mftPieces - 1)));
    const runs: Run[] = [];
    for (let left = total; left > 0; ) {
      const isLast = runs.length === mftPieces - 1;
      const lengthClusters = Math.min(left, runs.length === 0 ? first : isLast ? left : others);
      runs.push({ lcn: this.#clusters.take(lengthClusters), lengthClusters });
      this.#clusters.skip(mftPieces === 1 ? 0 : 1);
      left -= lengthClusters;
    }
    return runs;
  }

  /** $Bitmap, which has to tell of its own clusters too, and $BadClus; gives the number of clusters. */
  #putBitmap(): number {
    const clusters = this.#clusters;
    const sizeOf = (count: number) => Math.ceil(count / 64) * 8;
    const before = clusters.next + (this.#options.spareClusters ?? SPARE_CLUSTERS);
    const clusterCount = before + clusters.clustersFor(sizeOf(before + 2));
    const bitmap = new Uint8Array(sizeOf(clusterCount));
    const lengthClusters = clusters.clustersFor(bitmap.length);
    const lcn = clusters.take(lengthClusters);
    const outside: [number, number] = [clusterCount, bitmap.length * 8 - clusterCount];
    for (const [first, count] of [...clusters.used, outside]) setBits(bitmap, first, count);
    clusters.write(lcn, bitmap);
    this.#put(this.#system.bitmap, [this.#dataIn([{ lcn, lengthClusters }], bitmap.length)]);
    const bad = this.#dataIn(
      [{ lcn: undefined, lengthClusters: clusterCount }],
      clusterCount * clusters.clusterSizeBytes,
    );
    this.#put(this.#system.badClusters, [
      this.#data(new Uint8Array(0)),
      { ...bad, name: "$Bad", initializedBytes: 0 },
    ]);
    return clusterCount;
  }

  #assemble(recordCount: number, clusterCount: number): LabVolume {
    const { clusterSizeBytes } = this.#clusters;
    const { recordSizeBytes } = this.#format;
    const volumeSizeBytes = clusterCount * clusterSizeBytes;
    const bytes = new Uint8Array(volumeSizeBytes + (this.#options.sectorSizeBytes ?? 512));
    const mftCluster = this.#mft[0]?.lcn ?? 0;
    const boot = encodeBoot(this.#options, { volumeSizeBytes, mftCluster, mirrorCluster: this.#mirror.lcn });
    this.#clusters.flushInto(bytes);
    bytes.set(boot, 0);
    bytes.set(boot, volumeSizeBytes);
    for (let recordNumber = 0; recordNumber < recordCount; recordNumber++) {
      const record = this.#records.get(recordNumber) ?? freeRecord(recordNumber, this.#format);
      const offset = recordNumber * recordSizeBytes;
      this.#writeIntoTable(bytes, record, offset);
      if (recordNumber < MIRRORED_RECORDS) bytes.set(record, this.#mirror.lcn * clusterSizeBytes + offset);
    }
    return {
      bytes,
      clusterSizeBytes,
      recordSizeBytes,
      recordCount,
      recordNumber: (path) => this.#recordNumber(path),
      recordOffset: (recordNumber) => this.#offsetInTable(recordNumber * recordSizeBytes),
      indexBlockOffsets: (path) => this.#encoder.indexBlockOffsets(path),
    };
  }

  #recordNumber(path: string): number {
    const file = [this.#tree.root, ...this.#tree.files].find((one) => one.path === path);
    if (file === undefined) throw new RangeError(`the lab volume has no ${path}`);
    return file.recordNumber;
  }

  /** Where a byte of $MFT lies on the volume. */
  #offsetInTable(offset: number): number {
    const { clusterSizeBytes } = this.#clusters;
    let left = offset;
    for (const { lcn = 0, lengthClusters } of this.#mft) {
      if (left < lengthClusters * clusterSizeBytes) return lcn * clusterSizeBytes + left;
      left -= lengthClusters * clusterSizeBytes;
    }
    throw new RangeError(`offset ${offset} lies past $MFT`);
  }

  /** Writes a record, which may cross from one run into the next. */
  #writeIntoTable(image: Uint8Array, record: Uint8Array, offset: number): void {
    const step = Math.min(record.length, this.#clusters.clusterSizeBytes);
    for (let at = 0; at < record.length; at += step) {
      image.set(record.subarray(at, at + step), this.#offsetInTable(offset + at));
    }
  }
}

function freeRecord(recordNumber: number, format: RecordFormat): Uint8Array {
  return encodeRecord({ recordNumber, sequence: 1, flags: 0 }, [], format);
}

function setBits(bitmap: Uint8Array, first: number, count: number): void {
  for (let bit = first; bit < first + count; bit++)
    bitmap[bit >> 3] = (bitmap[bit >> 3] ?? 0) | (1 << (bit & 7));
}
