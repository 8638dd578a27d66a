// SPDX-License-Identifier: MIT
import { ATTRIBUTE_FLAGS } from "../../../src/fs/ntfs/layout.ts";
import type { LabAttribute, NonResidentAttribute } from "./attributes.ts";
import { compressLznt1 } from "./lznt1.ts";
import type { StreamOptions } from "./options.ts";
import type { Run } from "./runs.ts";

/** Values up to this size stay in the record where nothing else is asked for. */
const RESIDENT_MAX = 256;
const UNIT_EXPONENT = 4;
const UNIT_CLUSTERS = 2 ** UNIT_EXPONENT;
/** What stands on disk where a reader must see zeros: past the initialised size. */
const STALE = 0xee;

/** Hands out the clusters of a volume in order and collects what is written to them. */
export class ClusterWriter {
  readonly clusterSizeBytes: number;
  /** Clusters handed out, as ranges. */
  readonly used: [first: number, count: number][] = [];
  readonly #writes: { cluster: number; bytes: Uint8Array }[] = [];
  #next = 0;

  constructor(clusterSizeBytes: number) {
    this.clusterSizeBytes = clusterSizeBytes;
  }

  get next(): number {
    return this.#next;
  }

  clustersFor(sizeBytes: number): number {
    return Math.ceil(sizeBytes / this.clusterSizeBytes);
  }

  take(count: number): number {
    const first = this.#next;
    this.#next += count;
    this.used.push([first, count]);
    return first;
  }

  /** Leaves clusters free, so that what comes next does not join what was before. */
  skip(count: number): void {
    this.#next += count;
  }

  write(cluster: number, bytes: Uint8Array): void {
    this.#writes.push({ cluster, bytes });
  }

  /** Puts everything written into the image of a volume. */
  flushInto(image: Uint8Array): void {
    for (const { cluster, bytes } of this.#writes) image.set(bytes, cluster * this.clusterSizeBytes);
  }

  /** Stores bytes as they are: in one piece, or in pieces whose order on the volume is not their own. */
  store(bytes: Uint8Array, pieceClusters = Number.POSITIVE_INFINITY): Run[] {
    const total = this.clustersFor(bytes.length);
    const lengths: number[] = [];
    for (let left = total; left > 0; left -= pieceClusters) lengths.push(Math.min(left, pieceClusters));
    const places = lengths.map((lengthClusters) => {
      const lcn = this.take(lengthClusters);
      if (lengths.length > 1) this.skip(1);
      return lcn;
    });
    // Neighbours of the same size change places, so that distances go both ways.
    for (let index = 0; index + 1 < places.length; index += 2) {
      const [one, other] = [places[index] as number, places[index + 1] as number];
      if (lengths[index] !== lengths[index + 1]) continue;
      places[index] = other;
      places[index + 1] = one;
    }
    let at = 0;
    return lengths.map((lengthClusters, index) => {
      const lcn = places[index] as number;
      const sizeBytes = lengthClusters * this.clusterSizeBytes;
      this.write(lcn, bytes.subarray(at, at + sizeBytes));
      at += sizeBytes;
      return { lcn, lengthClusters };
    });
  }

  /** A stream as an attribute, stored the way its options say. */
  attribute(type: number, name: string, options: StreamOptions): LabAttribute {
    const content = toBytes(options.content ?? "");
    const { storage = "auto", flags = 0 } = options;
    if (storage === "resident" || (storage === "auto" && content.length <= RESIDENT_MAX)) {
      return { type, name, flags, value: content };
    }
    const initializedBytes = options.initializedSizeBytes ?? content.length;
    const stored = content.slice();
    stored.fill(STALE, initializedBytes);
    const common = {
      type,
      name,
      clusterSizeBytes: this.clusterSizeBytes,
      dataBytes: content.length,
      initializedBytes,
    };
    return { ...common, ...this.#storeAs(storage, stored, options), ...(flags === 0 ? {} : { flags }) };
  }

  #storeAs(
    storage: StreamOptions["storage"],
    bytes: Uint8Array,
    { pieceClusters }: StreamOptions,
  ): Pick<NonResidentAttribute, "runs" | "flags" | "compressionUnit"> {
    switch (storage) {
      case "fragmented":
        return { runs: this.store(bytes, pieceClusters ?? 1) };
      case "sparse":
        return {
          runs: this.#storeSparse(bytes),
          flags: ATTRIBUTE_FLAGS.sparse,
          compressionUnit: UNIT_EXPONENT,
        };
      case "compressed":
        return { runs: this.#storeCompressed(bytes), flags: 1, compressionUnit: UNIT_EXPONENT };
      default:
        return { runs: this.store(bytes, pieceClusters) };
    }
  }

  #storeSparse(bytes: Uint8Array): Run[] {
    const runs: Run[] = [];
    for (let at = 0; at < bytes.length; at += this.clusterSizeBytes) {
      const cluster = bytes.subarray(at, at + this.clusterSizeBytes);
      if (cluster.every((byte) => byte === 0)) append(runs, { lcn: undefined, lengthClusters: 1 });
      else for (const run of this.store(cluster)) append(runs, run);
    }
    return runs;
  }

  #storeCompressed(bytes: Uint8Array): Run[] {
    const unitSizeBytes = UNIT_CLUSTERS * this.clusterSizeBytes;
    const runs: Run[] = [];
    for (let at = 0; at < bytes.length; at += unitSizeBytes) {
      const unit = new Uint8Array(unitSizeBytes);
      unit.set(bytes.subarray(at, at + unitSizeBytes));
      const packed = compressLznt1(unit);
      const isZero = unit.every((byte) => byte === 0);
      const isWorth = this.clustersFor(packed.length) < UNIT_CLUSTERS;
      const stored = isZero ? [] : this.store(isWorth ? packed : unit);
      for (const run of stored) append(runs, run);
      const holeClusters = UNIT_CLUSTERS - stored.reduce((sum, run) => sum + run.lengthClusters, 0);
      if (holeClusters > 0) append(runs, { lcn: undefined, lengthClusters: holeClusters });
    }
    return runs;
  }
}

/** Joins a run to the one before where they are neighbours. */
function append(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  const follows =
    last?.lcn === undefined ? run.lcn === undefined : run.lcn === last.lcn + last.lengthClusters;
  if (last === undefined || !follows) runs.push(run);
  else runs[runs.length - 1] = { lcn: last.lcn, lengthClusters: last.lengthClusters + run.lengthClusters };
}

export function toBytes(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
