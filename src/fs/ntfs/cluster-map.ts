// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { HOLE, type RunList } from "./runs.ts";

/** One extent of an attribute: the clusters it maps, and how to get at its runs. */
export interface Extent {
  readonly lowestVcn: number;
  /** The cluster after its last one. */
  readonly endVcn: number;
  loadRuns(): RunList;
}

/** A stretch of an attribute whose clusters lie one after the other on the volume, or are all missing. */
export interface Piece {
  /** First cluster on the volume, or HOLE. */
  readonly lcn: number;
  readonly lengthClusters: number;
}

/** A million runs are more than the most fragmented file on a real volume has, and 16 MiB of memory. */
const RUN_COUNT_MAX = 2 ** 20;

export interface ClusterMapOptions {
  /** Load the extents in order: for $MFT, whose later extents stand in records that the earlier ones map. */
  readonly inOrder?: boolean;
}

/**
 * Where the clusters of an attribute lie. The runs of an extent are decoded when a cluster of it is first asked for,
 * so that a small read from a badly fragmented file does not pull in all its extension records.
 */
export class ClusterMap {
  readonly endVcn: number;
  readonly #extents: readonly Extent[];
  readonly #runLists: (RunList | "loading" | undefined)[];
  readonly #where: Where;
  readonly #inOrder: boolean;
  #runCount = 0;

  /** `extents` follow each other without a gap from VCN 0 on; the caller has checked that. */
  constructor(extents: readonly Extent[], where: Where, options: ClusterMapOptions = {}) {
    this.#extents = extents;
    this.#runLists = extents.map(() => undefined);
    this.#where = where;
    this.#inOrder = options.inOrder ?? false;
    this.endVcn = extents.at(-1)?.endVcn ?? 0;
  }

  /** The longest piece from `vcn` on, up to `lengthClustersMax`; `vcn` is below `endVcn`. Neighbouring runs are joined. */
  find(vcn: number, lengthClustersMax: number): Piece {
    const first = this.#runAt(vcn);
    let lengthClusters = first.lengthClusters;
    while (lengthClusters < lengthClustersMax && vcn + lengthClusters < this.endVcn) {
      const next = this.#runAt(vcn + lengthClusters);
      if (next.lcn !== (first.lcn === HOLE ? HOLE : first.lcn + lengthClusters)) break;
      lengthClusters += next.lengthClusters;
    }
    return { lcn: first.lcn, lengthClusters: Math.min(lengthClusters, lengthClustersMax) };
  }

  /** The rest of the run that holds `vcn`. */
  #runAt(vcn: number): Piece {
    const runs = this.#runsOf(indexOfLast(this.#extents.length, (index) => this.#lowestVcn(index) <= vcn));
    const index = indexOfLast(runs.runCount, (run) => (runs.vcns[run] ?? 0) <= vcn);
    const skipped = vcn - (runs.vcns[index] ?? 0);
    const lcn = runs.lcns[index] ?? HOLE;
    return {
      lcn: lcn === HOLE ? HOLE : lcn + skipped,
      lengthClusters: (runs.vcns[index + 1] ?? 0) - vcn,
    };
  }

  #lowestVcn(index: number): number {
    return this.#extents[index]?.lowestVcn ?? 0;
  }

  #runsOf(extentIndex: number): RunList {
    for (let index = this.#inOrder ? 0 : extentIndex; index < extentIndex; index++) this.#load(index);
    return this.#load(extentIndex);
  }

  #load(index: number): RunList {
    const known = this.#runLists[index];
    if (known === "loading") {
      throw this.#damage("an extent of the attribute can only be found through itself");
    }
    if (known !== undefined) return known;
    const extent = this.#extents[index];
    if (extent === undefined) throw this.#damage("the attribute has no extents");
    this.#runLists[index] = "loading";
    try {
      const runs = extent.loadRuns();
      this.#runCount += runs.runCount;
      if (this.#runCount > RUN_COUNT_MAX) {
        throw new VmguestError("LIMIT_EXCEEDED", `more than ${RUN_COUNT_MAX} runs`, this.#where);
      }
      this.#runLists[index] = runs;
      return runs;
    } finally {
      if (this.#runLists[index] === "loading") this.#runLists[index] = undefined;
    }
  }

  #damage(message: string): VmguestError {
    return new VmguestError("NTFS_ATTRIBUTE_LIST", message, this.#where);
  }
}

/** Index of the last of `count` ordered elements that `isAtOrBefore`, by binary search; the first one does. */
function indexOfLast(count: number, isAtOrBefore: (index: number) => boolean): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isAtOrBefore(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
