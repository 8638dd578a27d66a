// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { BitStore } from "./bit-store.ts";
import type { Run } from "./run-encoder.ts";

/** Windows keeps the eighth part of a volume behind $MFT free for it, as long as there is space elsewhere. */
const MFT_ZONE_SHARE = 8;
/** Free runs that are weighed against each other when no single one is long enough. */
const FREE_RUN_COUNT_MAX = 2 ** 20;

/** Tells good places from others. */
export type RunFilter = (lcn: number, lengthClusters: number) => boolean;

interface FreeRun {
  readonly lcn: number;
  readonly lengthClusters: number;
}

/** Hands out free clusters and takes them back. */
export class ClusterAllocator {
  readonly #bits: BitStore;
  readonly #clusterCount: number;
  /** Fills the bars of the bitmap with what records use, when clusters are first asked for. */
  readonly #prepare: () => void;
  readonly #isPreferred: RunFilter | undefined;
  #isPrepared = false;
  #zoneStart = 0;
  /** Where the search goes on: behind what was taken last. */
  #next = 0;

  constructor(bits: BitStore, clusterCount: number, prepare: () => void, isPreferred?: RunFilter) {
    this.#bits = bits;
    this.#clusterCount = clusterCount;
    this.#prepare = prepare;
    this.#isPreferred = isPreferred;
  }

  /** Tells where $MFT ends, behind which nothing else is put while there is another place. */
  set mftEnd(lcn: number) {
    this.#zoneStart = lcn;
  }

  /**
   * Takes clusters: behind `near` where they are free, else in one run where there is one, else in as few as can be.
   * Throws NTFS_WRITE_NO_SPACE, with nothing taken.
   */
  take(count: number, near?: number): Run[] {
    if (count === 0) return [];
    if (!this.#isPrepared) this.#prepare();
    this.#isPrepared = true;
    const run = this.#findNear(count, near) ?? this.#findOne(count);
    const runs = run === undefined ? this.#gather(count) : [run];
    for (const { lcn, lengthClusters } of runs) this.#bits.take(lcn, lengthClusters);
    return runs;
  }

  give(runs: readonly Run[]): void {
    for (const { lcn, lengthClusters } of runs) if (lcn >= 0) this.#bits.give(lcn, lengthClusters);
  }

  #findNear(count: number, near: number | undefined): Run | undefined {
    if (near === undefined || near + count > this.#clusterCount) return undefined;
    return this.#bits.nextTaken(near, near + count) === near + count
      ? { lcn: near, lengthClusters: count }
      : undefined;
  }

  /** One run for all, outside of the zone of $MFT first. */
  #findOne(count: number): Run | undefined {
    const zoneEnd = Math.min(
      this.#clusterCount,
      this.#zoneStart + Math.floor(this.#clusterCount / MFT_ZONE_SHARE),
    );
    const next = this.#next >= this.#zoneStart && this.#next < zoneEnd ? zoneEnd : this.#next;
    const places: [number, number][] =
      next >= zoneEnd
        ? [
            [next, this.#clusterCount],
            [0, this.#zoneStart],
            [zoneEnd, next],
          ]
        : [
            [next, this.#zoneStart],
            [zoneEnd, this.#clusterCount],
            [0, next],
          ];
    for (const isFit of [this.#isPreferred, undefined]) {
      for (const [from, end] of [...places, [this.#zoneStart, zoneEnd] as const]) {
        const lcn = this.#search(count, from, end, isFit);
        if (lcn === undefined) continue;
        this.#next = lcn + count;
        return { lcn, lengthClusters: count };
      }
    }
    return undefined;
  }

  #search(count: number, from: number, end: number, isFit: RunFilter | undefined): number | undefined {
    for (const { lcn, lengthClusters } of this.#freeRuns(from, end, count)) {
      if (isFit === undefined || isFit(lcn, lengthClusters)) return lcn;
    }
    return undefined;
  }

  /** The free runs in [from, end) of at least `minimum` clusters; a run is looked at no further than that. */
  *#freeRuns(from: number, end: number, minimum: number, maximum = minimum): Generator<FreeRun, undefined> {
    for (let at = from; at < end; ) {
      const lcn = this.#bits.nextFree(at, end);
      const until = this.#bits.nextTaken(lcn, Math.min(end, lcn + maximum));
      if (until - lcn >= minimum && until > lcn) yield { lcn, lengthClusters: until - lcn };
      at = Math.max(until, lcn + 1);
    }
  }

  /** Several runs, the longest first. */
  #gather(count: number): Run[] {
    const runs: FreeRun[] = [];
    for (const run of this.#freeRuns(0, this.#clusterCount, 1, count)) {
      runs.push(run);
      if (runs.length === FREE_RUN_COUNT_MAX) break;
    }
    runs.sort((one, other) => other.lengthClusters - one.lengthClusters);
    const taken: Run[] = [];
    let left = count;
    for (const { lcn, lengthClusters } of runs) {
      if (left === 0) break;
      taken.push({ lcn, lengthClusters: Math.min(left, lengthClusters) });
      left -= Math.min(left, lengthClusters);
    }
    if (left === 0) return taken;
    const message = `${count} clusters are needed, but only ${count - left} are free`;
    throw new VmguestError("NTFS_WRITE_NO_SPACE", message, { path: "$Bitmap" });
  }
}
