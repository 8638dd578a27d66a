// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type NtfsNode, type NtfsVolume, openNtfs } from "../../fs/index.ts";
import {
  ATTRIBUTE,
  AttributeSet,
  FileRecord,
  HOLE,
  RECORD,
  type Run,
  runsOfAttribute,
} from "../../fs/structures/index.ts";
import { type ByteSource, copyBytes, SliceSource } from "../../io/index.ts";

/** Clusters of one file that are told apart, each of which is held in memory: 16 GiB with the usual ones. */
const CLUSTER_COUNT_MAX = 2 ** 22;

/** Where a volume lies on the virtual disk. */
export interface VolumeRange {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A volume before or after a change, down to its records. */
export class VolumeState {
  readonly source: ByteSource;
  readonly volume: NtfsVolume;
  readonly recordCount: number;
  readonly #mft: ByteSource;

  constructor(disk: ByteSource, { offset, sizeBytes }: VolumeRange) {
    this.source = new SliceSource(disk, offset, sizeBytes);
    this.volume = openNtfs(this.source);
    this.#mft = this.volume.openRecord(RECORD.mft, "$MFT").open();
    this.recordCount = Math.floor(this.#mft.sizeBytes / this.volume.geometry.recordSizeBytes);
  }

  /** The record of this number itself, never its copy. Throws NTFS_RECORD, NTFS_TORN_RECORD. */
  record(recordNumber: number): FileRecord {
    return FileRecord.parse(this.recordBytes(recordNumber), recordNumber);
  }

  /** A copy of a record as it lies on the disk. */
  recordBytes(recordNumber: number): Uint8Array {
    const { recordSizeBytes } = this.volume.geometry;
    return copyBytes(this.#mft, recordNumber * recordSizeBytes, recordSizeBytes);
  }

  /** The file at a path, which leads through no links; undefined where there is none. */
  find(path: string): NtfsNode | undefined {
    return this.volume.find(path, { followsLast: false });
  }

  attributesOf(record: FileRecord): AttributeSet {
    const { mft, space } = this.volume.context;
    return new AttributeSet(record, mft, space);
  }

  /** Clusters of an attribute, in order; none where it is not there or stands in the record. */
  runsOf(record: FileRecord, type: number, name = ""): Run[] {
    const isSpread = record.attributes.some((attribute) => attribute.type === ATTRIBUTE.attributeList);
    const own = record.attributes.find((attribute) => attribute.type === type && attribute.name === name);
    if (!isSpread && (own === undefined || own.isResident)) return [];
    const { mft, space } = this.volume.context;
    return runsOfAttribute(record, mft, space, { type, name });
  }

  /** Clusters that a record's own attributes lie in. Throws LIMIT_EXCEEDED. */
  *clustersOf(record: FileRecord): Generator<number> {
    let count = 0;
    for (const attribute of record.attributes) {
      if (attribute.isResident) continue;
      const { runCount, vcns, lcns } = attribute.decodeRuns(this.volume.geometry.clusterCount);
      for (let run = 0; run < runCount; run++) {
        const lcn = lcns[run] ?? HOLE;
        const end = lcn + (vcns[run + 1] ?? 0) - (vcns[run] ?? 0);
        count += end - lcn;
        if (count > CLUSTER_COUNT_MAX) {
          const message = `more than ${CLUSTER_COUNT_MAX} clusters of one file are not compared`;
          throw new VmguestError("LIMIT_EXCEEDED", message, record.where());
        }
        if (lcn !== HOLE) for (let cluster = lcn; cluster < end; cluster++) yield cluster;
      }
    }
  }

  /** The bits of clusters in use. */
  get clusterBits(): ByteSource {
    return this.volume.openRecord(RECORD.bitmap, "$Bitmap").open();
  }

  /** The bits of records in use. */
  get recordBits(): ByteSource {
    return this.attributesOf(this.record(RECORD.mft)).require(ATTRIBUTE.bitmap).open("$MFT:$BITMAP");
  }
}
