// SPDX-License-Identifier: MIT
import { type Code, type Finding, finding, findingOf, VmguestError, type Where } from "../../../errors.ts";
import { type ByteSource, copyBytes, ReadAhead } from "../../../io/index.ts";
import type { NtfsGeometry } from "../boot.ts";
import { FileRecord } from "../file-record.ts";
import { ATTRIBUTE, NAMESPACE, RECORD } from "../layout.ts";
import type { VolumeContext } from "../ntfs-node.ts";
import type { NtfsVolume } from "../ntfs-volume.ts";
import { ClusterTable } from "./cluster-table.ts";
import { readFileName, type StoredName } from "./file-name.ts";
import { FindingQueue } from "./finding-queue.ts";
import { RecordTable } from "./record-table.ts";

/** 27 bytes each are kept: 108 MiB. A Windows volume with more files than this is checked in part, and says so. */
const RECORD_COUNT_MAX = 2 ** 22;
/** Folders on the way to a file whose path is to be told; Windows itself stops at 32,767 characters. */
const PATH_DEPTH_MAX = 256;
/** Findings that name their file by its path, which takes reads; later ones name it by its record. */
const PATH_COUNT_MAX = 1000;
/** Directories are gone through in the order of their records: what is read for one serves those behind it. */
const READ_AHEAD = { pageSizeBytes: 512 * 1024, capacityBytes: 2 * 1024 * 1024 };

/** What the parts of one check share: the volume, what was learnt of it so far, and where findings go. */
export class VolumeCheck {
  readonly volume: NtfsVolume;
  readonly context: VolumeContext;
  readonly geometry: NtfsGeometry;
  readonly records: RecordTable;
  readonly clusters: ClusterTable;
  readonly queue: FindingQueue;
  /** Data of $Bitmap, or undefined where it cannot be read. */
  readonly bitmap: ByteSource | undefined;
  /** Whether every run of every attribute was read: only then can a cluster be called lost. */
  allRunsRead = true;
  readonly #table: ByteSource | undefined;
  #pathCount = 0;

  constructor(volume: NtfsVolume, findingsPerCodeMax: number) {
    this.volume = volume;
    this.context = volume.context;
    this.geometry = volume.geometry;
    this.queue = new FindingQueue(findingsPerCodeMax);
    this.records = new RecordTable(Math.min(this.context.mft.recordCount, RECORD_COUNT_MAX));
    const table = this.quietly(undefined, () => volume.openRecord(RECORD.mft, "$MFT").open());
    this.#table = table && new ReadAhead(table, READ_AHEAD);
    this.bitmap = this.attempt(() => volume.openRecord(RECORD.bitmap, "$Bitmap").open());
    this.clusters = new ClusterTable(this.geometry.clusterCount, this.bitmap);
    this.#reportLimits();
  }

  /** A record, for whoever needs most of them in ascending order; throws what reading it by itself throws. */
  recordInOrder(recordNumber: number): FileRecord {
    const { recordSizeBytes } = this.geometry;
    const table = this.#table;
    const ahead =
      table === undefined
        ? undefined
        : this.quietly(undefined, () =>
            FileRecord.parse(copyBytes(table, recordNumber * recordSizeBytes, recordSizeBytes), recordNumber),
          );
    return ahead ?? this.context.mft.record(recordNumber);
  }

  add(code: Code, message: string, where: Where): void {
    this.queue.add(code, () => finding(code, message, where));
  }

  /** The same about a file, whose path is added to the message: a record number tells an operator little. */
  addOf(recordNumber: number, code: Code, message: string, where: Where): void {
    this.queue.add(code, () => finding(code, `${message} (${this.pathOf(recordNumber)})`, where));
  }

  /** The finding that says what an error says of a file. */
  addError(error: VmguestError, recordNumber?: number): void {
    this.queue.add(error.code, (): Finding => {
      const found = findingOf(error);
      if (recordNumber === undefined) return found;
      return { ...found, message: `${found.message} (${this.pathOf(recordNumber)})` };
    });
  }

  /** The result of `work`; where that throws, a finding and undefined. */
  attempt<T>(work: () => T, recordNumber?: number): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      this.addError(error, recordNumber);
      return undefined;
    }
  }

  /** The result of `work`, or `otherwise` where that throws and the reason is reported elsewhere. */
  quietly<T>(otherwise: T, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      return otherwise;
    }
  }

  /** A path by which a file calls itself, as far up as its records can be read. */
  pathOf(recordNumber: number): string {
    if (++this.#pathCount > PATH_COUNT_MAX) return `record ${recordNumber}`;
    const names: string[] = [];
    let at = recordNumber;
    while (at !== RECORD.root && names.length < PATH_DEPTH_MAX) {
      const name = this.#nameOf(at);
      if (name === undefined) return `record ${at}${names.map((part) => `/${part}`).join("")}`;
      names.unshift(name.name);
      at = name.parentRecord;
    }
    return names.length === 0 ? "the root directory" : names.join("/");
  }

  #nameOf(recordNumber: number): StoredName | undefined {
    return this.quietly(undefined, () => {
      const record = this.context.mft.record(recordNumber);
      const names = record.attributes
        .filter(({ type, isResident }) => type === ATTRIBUTE.fileName && isResident)
        .map(({ value }) => readFileName(value));
      return names.find((name) => name?.namespace !== NAMESPACE.dos);
    });
  }

  #reportLimits(): void {
    const { recordCount } = this.context.mft;
    if (recordCount > this.records.count) {
      const message = `only the first ${this.records.count} of ${recordCount} FILE records are checked`;
      this.add("LIMIT_EXCEEDED", message, { path: "$MFT" });
    }
    if (this.geometry.clusterCount > this.clusters.count) {
      const message = `only the first ${this.clusters.count} of ${this.geometry.clusterCount} clusters are checked for their use`;
      this.add("LIMIT_EXCEEDED", message, { path: "$Bitmap" });
    }
  }
}
