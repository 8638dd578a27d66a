// SPDX-License-Identifier: MIT
import { ATTRIBUTE, RECORD_FLAGS } from "../../../src/fs/ntfs/layout.ts";
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
import { type LabFile, planTree } from "./tree.ts";

const BOOT_SIZE_BYTES = 8192;
const FIRST_FILE_RECORD = 24;
const MIRRORED_RECORDS = 4;
/** Free clusters at the end of the volume. */
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

/** Builds a small NTFS volume. Everything on it is where Windows would have it, but for $AttrDef and $Secure: empty. */
export function layNtfs(options: NtfsOptions = {}): LabVolume {
  const clusterSizeBytes = options.clusterSizeBytes ?? 4096;
  const recordSizeBytes = options.recordSizeBytes ?? 1024;
  const format: RecordFormat = { recordSizeBytes, isVersion30: options.version?.[1] === 0 };
  const clusters = new ClusterWriter(clusterSizeBytes);
  const tree = planTree(options);
  const encoder = new FileEncoder(clusters, format, options, tree.nextRecord);
  const records = new Map<number, Uint8Array>();
  const put = (file: LabFile, attributes: LabAttribute[], flags = 0) => {
    for (const [recordNumber, record] of encoder.encode(file, attributes, flags))
      records.set(recordNumber, record);
  };

  const bootClusters = clusters.clustersFor(BOOT_SIZE_BYTES);
  clusters.take(bootClusters);
  const system = systemFiles(tree.root);
  for (const file of tree.files) put(file, encoder.contentOf(file));
  put(tree.root, encoder.contentOf(tree.root));
  put(system.extend, encoder.contentOf(system.extend), RECORD_FLAGS.extend);
  put(system.upcase, [clusters.attribute(ATTRIBUTE.data, "", { content: upcaseOf(options) })]);
  put(system.logFile, [clusters.attribute(ATTRIBUTE.data, "", { content: logFileOf(options) })]);
  put(system.attributeDefinitions, [
    clusters.attribute(ATTRIBUTE.data, "", { content: new Uint8Array(2560) }),
  ]);
  put(system.secure, encoder.secureContent(), RECORD_FLAGS.viewIndex);
  put(system.volume, encoder.volumeContent());
  put(system.boot, [
    {
      type: ATTRIBUTE.data,
      runs: [{ lcn: 0, lengthClusters: bootClusters }],
      clusterSizeBytes,
      dataBytes: BOOT_SIZE_BYTES,
    },
  ]);
  for (const file of system.reserved) put(file, [{ type: ATTRIBUTE.data, value: new Uint8Array(0) }]);

  // From here on, all numbers of records are known but those that extend $MFT, which are reserved ones.
  const recordCount = encoder.nextRecord;
  const mftRuns = takeMft(clusters, recordCount * recordSizeBytes, options);
  const mirrorClusters = clusters.clustersFor(MIRRORED_RECORDS * recordSizeBytes);
  const mirror = { lcn: clusters.take(mirrorClusters), lengthClusters: mirrorClusters };
  put(system.mftMirror, [
    {
      type: ATTRIBUTE.data,
      runs: [mirror],
      clusterSizeBytes,
      dataBytes: MIRRORED_RECORDS * recordSizeBytes,
    },
  ]);
  put(system.mft, encoder.mftContent(mftRuns, recordCount, records));
  const clusterCount = putBitmap(clusters, put, system);

  const sectorSizeBytes = options.sectorSizeBytes ?? 512;
  const volumeSizeBytes = clusterCount * clusterSizeBytes;
  const bytes = new Uint8Array(volumeSizeBytes + sectorSizeBytes);
  clusters.flushInto(bytes);
  const boot = encodeBoot(options, {
    volumeSizeBytes,
    mftCluster: mftRuns[0]?.lcn ?? 0,
    mirrorCluster: mirror.lcn,
  });
  bytes.set(boot, 0);
  bytes.set(boot, volumeSizeBytes);

  const recordOffset = (recordNumber: number) =>
    offsetIn(mftRuns, recordNumber * recordSizeBytes, clusterSizeBytes);
  for (let recordNumber = 0; recordNumber < recordCount; recordNumber++) {
    const record = records.get(recordNumber) ?? freeRecord(recordNumber, format);
    writeAcross(bytes, record, recordNumber * recordSizeBytes, mftRuns, clusterSizeBytes);
    if (recordNumber < MIRRORED_RECORDS) {
      bytes.set(record, mirror.lcn * clusterSizeBytes + recordNumber * recordSizeBytes);
    }
  }
  const byPath = new Map([tree.root, ...tree.files].map((file) => [file.path, file.recordNumber]));
  return {
    bytes,
    clusterSizeBytes,
    recordSizeBytes,
    recordCount,
    recordNumber: (path) => {
      const recordNumber = byPath.get(path);
      if (recordNumber === undefined) throw new RangeError(`the lab volume has no ${path}`);
      return recordNumber;
    },
    recordOffset,
    indexBlockOffsets: (path) => encoder.indexBlockOffsets(path),
  };
}

function upcaseOf({ upcase }: NtfsOptions): Uint8Array {
  return upcase ?? new Uint8Array(UPCASE.buffer.slice(0));
}

function logFileOf({ logFile = "clean" }: NtfsOptions): Uint8Array {
  return logFile instanceof Uint8Array ? logFile : LOG_FILES[logFile]();
}

/** The clusters of $MFT: the first piece holds the reserved records, the others share the rest. */
function takeMft(
  clusters: ClusterWriter,
  sizeBytes: number,
  { mftPieces = 1, recordSizeBytes = 1024 }: NtfsOptions,
): Run[] {
  const total = clusters.clustersFor(sizeBytes);
  const first = mftPieces === 1 ? total : clusters.clustersFor(FIRST_FILE_RECORD * recordSizeBytes);
  const others = Math.max(1, Math.floor((total - first) / Math.max(1, mftPieces - 1)));
  const runs: Run[] = [];
  for (let left = total; left > 0; ) {
    const isLast = runs.length === mftPieces - 1;
    const lengthClusters = Math.min(left, runs.length === 0 ? first : isLast ? left : others);
    runs.push({ lcn: clusters.take(lengthClusters), lengthClusters });
    clusters.skip(mftPieces === 1 ? 0 : 1);
    left -= lengthClusters;
  }
  return runs;
}

/** Writes $Bitmap, whose own clusters it has to tell too, and $BadClus; gives the number of clusters. */
function putBitmap(
  clusters: ClusterWriter,
  put: (file: LabFile, attributes: LabAttribute[]) => void,
  system: ReturnType<typeof systemFiles>,
): number {
  const { clusterSizeBytes } = clusters;
  let clusterCount = clusters.next + SPARE_CLUSTERS;
  const sizeOf = (count: number) => Math.ceil(count / 64) * 8;
  clusterCount += clusters.clustersFor(sizeOf(clusterCount + 2));
  const bitmap = new Uint8Array(sizeOf(clusterCount));
  const lcn = clusters.take(clusters.clustersFor(bitmap.length));
  const mark = (cluster: number) => {
    bitmap[cluster >> 3] = (bitmap[cluster >> 3] ?? 0) | (1 << (cluster & 7));
  };
  for (const [first, count] of clusters.used) for (let index = 0; index < count; index++) mark(first + index);
  for (let cluster = clusterCount; cluster < bitmap.length * 8; cluster++) mark(cluster);
  clusters.write(lcn, bitmap);
  const runs = [{ lcn, lengthClusters: clusters.clustersFor(bitmap.length) }];
  put(system.bitmap, [{ type: ATTRIBUTE.data, runs, clusterSizeBytes, dataBytes: bitmap.length }]);
  put(system.badClusters, [
    { type: ATTRIBUTE.data, value: new Uint8Array(0) },
    {
      type: ATTRIBUTE.data,
      name: "$Bad",
      runs: [{ lcn: undefined, lengthClusters: clusterCount }],
      clusterSizeBytes,
      dataBytes: clusterCount * clusterSizeBytes,
      initializedBytes: 0,
    },
  ]);
  return clusterCount;
}

function freeRecord(recordNumber: number, format: RecordFormat): Uint8Array {
  return encodeRecord({ recordNumber, sequence: 1, flags: 0 }, [], format);
}

/** Where a byte of a stream lies on the volume. */
function offsetIn(runs: readonly Run[], offset: number, clusterSizeBytes: number): number {
  let left = offset;
  for (const { lcn, lengthClusters } of runs) {
    if (left < lengthClusters * clusterSizeBytes) return (lcn ?? 0) * clusterSizeBytes + left;
    left -= lengthClusters * clusterSizeBytes;
  }
  throw new RangeError(`offset ${offset} lies past the stream`);
}

/** Writes a record that may cross from one run into the next. */
function writeAcross(
  image: Uint8Array,
  bytes: Uint8Array,
  offset: number,
  runs: readonly Run[],
  clusterSizeBytes: number,
): void {
  const step = Math.min(bytes.length, clusterSizeBytes);
  for (let at = 0; at < bytes.length; at += step) {
    image.set(bytes.subarray(at, at + step), offsetIn(runs, offset + at, clusterSizeBytes));
  }
}
