// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { Phase } from "../../../io/index.ts";
import { attributeEntries, type ClusterSpace } from "../attribute-list.ts";
import type { FileRecord, RecordSource } from "../file-record.ts";
import { HOLE } from "../runs.ts";
import type { Draft } from "./draft.ts";
import { countClusters, joinRuns, type Run } from "./run-encoder.ts";

/** Where a stretch of an attribute lies on the volume, in bytes. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** The clusters of an attribute, for reading and writing any part of them, whatever the attribute's sizes say. */
export class ClusterFile {
  readonly runs: readonly Run[];
  readonly sizeBytes: number;
  readonly #draft: Draft;
  readonly #clusterSizeBytes: number;
  /** First cluster of each run, counted from the start of the attribute. */
  readonly #starts: Float64Array;

  constructor(draft: Draft, clusterSizeBytes: number, runs: readonly Run[]) {
    this.#draft = draft;
    this.#clusterSizeBytes = clusterSizeBytes;
    this.runs = joinRuns(runs);
    this.sizeBytes = countClusters(this.runs) * clusterSizeBytes;
    this.#starts = new Float64Array(this.runs.length);
    let vcn = 0;
    for (const [index, { lengthClusters }] of this.runs.entries()) {
      this.#starts[index] = vcn;
      vcn += lengthClusters;
    }
  }

  /** The same attribute with more clusters at its end. */
  extended(runs: readonly Run[]): ClusterFile {
    return new ClusterFile(this.#draft, this.#clusterSizeBytes, [...this.runs, ...runs]);
  }

  /** The cluster behind the last one, where the next one would go best; undefined where there is none. */
  get nextLcn(): number | undefined {
    const last = this.runs.at(-1);
    return last === undefined || last.lcn === HOLE ? undefined : last.lcn + last.lengthClusters;
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    for (const stretch of this.stretches(offset, length)) {
      const view = this.#draft.read(stretch.offset, stretch.length);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), done);
      done += stretch.length;
    }
    return bytes;
  }

  write(offset: number, bytes: Uint8Array, phase: Phase): void {
    let done = 0;
    for (const stretch of this.stretches(offset, bytes.length)) {
      this.#draft.write(stretch.offset, bytes.subarray(done, done + stretch.length), phase);
      done += stretch.length;
    }
  }

  /** Writes contents of clusters that nothing refers to yet, past the draft. */
  writeThrough(offset: number, bytes: Uint8Array): void {
    let done = 0;
    for (const stretch of this.stretches(offset, bytes.length)) {
      this.#draft.writeThrough(stretch.offset, bytes.subarray(done, done + stretch.length));
      done += stretch.length;
    }
  }

  /** Where a range lies, one stretch for each run it is in. Throws NTFS_WRITE_DAMAGED where it is not there. */
  *stretches(offset: number, length: number): Generator<Stretch, undefined> {
    if (offset + length > this.sizeBytes) throw this.#damage(offset, length, "lie past its clusters");
    let index = this.#runAt(Math.floor(offset / this.#clusterSizeBytes));
    for (let at = offset; at < offset + length; index++) {
      const run = this.runs[index];
      if (run === undefined || run.lcn === HOLE) throw this.#damage(offset, length, "lie in a hole");
      const start = (this.#starts[index] ?? 0) * this.#clusterSizeBytes;
      const end = start + run.lengthClusters * this.#clusterSizeBytes;
      const until = Math.min(end, offset + length);
      yield { offset: run.lcn * this.#clusterSizeBytes + (at - start), length: until - at };
      at = until;
    }
  }

  /** Index of the run that holds a cluster, by binary search. */
  #runAt(vcn: number): number {
    let low = 0;
    let high = this.runs.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= vcn) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #damage(offset: number, length: number, what: string): VmguestError {
    return new VmguestError("NTFS_WRITE_DAMAGED", `${length} bytes of an attribute ${what}`, { offset });
  }
}

/** All runs of an attribute, from whatever records its extents stand in. */
export function runsOfAttribute(
  base: FileRecord,
  records: RecordSource,
  space: ClusterSpace,
  { type, name = "" }: { readonly type: number; readonly name?: string },
): Run[] {
  return attributeEntries(base, records, space)
    .filter((entry) => entry.type === type && entry.name === name)
    .flatMap((entry) => {
      const { runCount, vcns, lcns } = entry.load().decodeRuns(space.clusterCount);
      return Array.from({ length: runCount }, (_, run) => ({
        lcn: lcns[run] ?? HOLE,
        lengthClusters: (vcns[run + 1] ?? 0) - (vcns[run] ?? 0),
      }));
    });
}
