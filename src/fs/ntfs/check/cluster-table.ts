// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { type ByteSource, readBytes } from "../../../io/index.ts";
import { maskOf } from "./bits.ts";

/** 128 KiB of bits each: an empty volume takes next to nothing. */
const CHUNK_CLUSTERS = 2 ** 20;
/** 4 TiB with the usual clusters, and 128 MiB of bits: more would not leave room for the rest of the check. */
const CLUSTER_COUNT_MAX = 2 ** 30;
/** Bytes of $Bitmap that are looked at together. */
const STEP_BYTES = 64 * 1024;

/** Clusters `first` up to `end`. */
export interface ClusterRange {
  readonly first: number;
  readonly end: number;
}

/** Which clusters attributes were seen to use, against what $Bitmap says. */
export class ClusterTable {
  /** Clusters that are watched; less than the volume has where it is enormous. */
  readonly count: number;
  #bitmap: ByteSource | undefined;
  readonly #chunks: (Uint8Array | undefined)[] = [];

  /** `bitmap` is the data of $Bitmap, where it can be read. */
  constructor(clusterCount: number, bitmap: ByteSource | undefined) {
    this.count = Math.min(clusterCount, CLUSTER_COUNT_MAX);
    this.#bitmap = bitmap;
  }

  /** Marks clusters as used; gives the first stretch of them that was marked before, if there is one. */
  claim(first: number, lengthClusters: number): ClusterRange | undefined {
    const shared = new RangeJoiner(1);
    const end = Math.min(first + lengthClusters, this.count);
    eachByte(first, end, (byte, mask) => {
      const chunk = this.#chunkOf(byte);
      const at = byte % (CHUNK_CLUSTERS / 8);
      const before = chunk[at] ?? 0;
      if ((before & mask) !== 0) shared.addBits(byte, before & mask);
      chunk[at] = before | mask;
    });
    return shared.first;
  }

  /** The first stretch of these clusters that $Bitmap calls free, if there is one. */
  findFree(first: number, lengthClusters: number): ClusterRange | undefined {
    const end = Math.min(first + lengthClusters, this.count);
    const free = new RangeJoiner(1);
    for (let at = first; at < end && free.first === undefined; ) {
      const stop = Math.min(end, (Math.floor(at / (STEP_BYTES * 8)) + 1) * STEP_BYTES * 8);
      const start = at >> 3;
      const bytes = this.#readBitmap(start, ((stop + 7) >> 3) - start);
      eachByte(at, stop, (byte, mask) => {
        const missing = ~(bytes[byte - start] ?? 0xff) & mask;
        if (missing !== 0) free.addBits(byte, missing);
      });
      at = stop;
    }
    return free.first;
  }

  /** Stretches that $Bitmap calls used and nothing was seen to use. */
  *lost(): Generator<ClusterRange, undefined> {
    const lost = new RangeJoiner();
    for (let first = 0; first < this.count; first += STEP_BYTES * 8) {
      const end = Math.min(this.count, first + STEP_BYTES * 8);
      const start = first >> 3;
      const bytes = this.#readBitmap(start, ((end + 7) >> 3) - start);
      eachByte(first, end, (byte, mask) => {
        const used =
          this.#chunks[Math.floor(byte / (CHUNK_CLUSTERS / 8))]?.[byte % (CHUNK_CLUSTERS / 8)] ?? 0;
        const unused = (bytes[byte - start] ?? 0) & ~used & mask;
        if (unused !== 0) lost.addBits(byte, unused);
      });
      yield* lost.takeFinished(end);
    }
    yield* lost.takeFinished(Number.POSITIVE_INFINITY);
  }

  /** A part of $Bitmap; empty where it ends before or cannot be read, which is reported once and elsewhere. */
  #readBitmap(start: number, length: number): Uint8Array {
    const bitmap = this.#bitmap;
    if (bitmap === undefined || start >= bitmap.sizeBytes) return new Uint8Array(0);
    try {
      return readBytes(bitmap, start, Math.min(length, bitmap.sizeBytes - start));
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      this.#bitmap = undefined;
      return new Uint8Array(0);
    }
  }

  #chunkOf(byte: number): Uint8Array {
    const index = Math.floor(byte / (CHUNK_CLUSTERS / 8));
    const chunk = this.#chunks[index] ?? new Uint8Array(CHUNK_CLUSTERS / 8);
    this.#chunks[index] = chunk;
    return chunk;
  }
}

/** Calls `visit` with every byte that bits `first` up to `end` of a bitmap touch, and which of its bits they are. */
function eachByte(first: number, end: number, visit: (byte: number, mask: number) => void): void {
  for (let at = first; at < end; ) {
    const byte = at >> 3;
    const stop = Math.min(end, (byte + 1) * 8);
    visit(byte, maskOf(at - byte * 8, stop - byte * 8));
    at = stop;
  }
}

/** Joins bits that come in order into stretches, and keeps the first so many of them. */
class RangeJoiner {
  readonly #rangeCountMax: number;
  #ranges: { first: number; end: number }[] = [];

  constructor(rangeCountMax = Number.POSITIVE_INFINITY) {
    this.#rangeCountMax = rangeCountMax;
  }

  get first(): ClusterRange | undefined {
    return this.#ranges[0];
  }

  addBits(byte: number, bits: number): void {
    for (let bit = 0; bit < 8; bit++) {
      if ((bits & (1 << bit)) === 0) continue;
      const cluster = byte * 8 + bit;
      const last = this.#ranges.at(-1);
      if (last?.end === cluster) last.end = cluster + 1;
      else if (this.#ranges.length < this.#rangeCountMax)
        this.#ranges.push({ first: cluster, end: cluster + 1 });
    }
  }

  /** Gives the stretches that end before `limit`, and forgets them. */
  takeFinished(limit: number): ClusterRange[] {
    const finished = this.#ranges.filter(({ end }) => end < limit);
    this.#ranges = this.#ranges.filter(({ end }) => end >= limit);
    return finished;
  }
}
