// SPDX-License-Identifier: MIT
import { HOLE, type Run } from "../../fs/structures/index.ts";
import { type ByteSource, readBytes } from "../../io/index.ts";
import { SECTOR_BYTES } from "./changed-sectors.ts";
import { isSame, isZero, proofError } from "./proof-error.ts";

/** Takes note of a changed sector of a stream, by its offset in the stream. */
export type Claim = (streamOffset: number) => void;

/** A stream that may differ. */
export interface Stream {
  /** What it is called in errors. */
  readonly owner: string;
  readonly runs: readonly Run[];
  /** Bytes that count; what the clusters hold past them is nobody's, and may only have become zeros. */
  readonly sizeBytes: number;
  readonly claim: Claim;
}

interface Place {
  /** Bytes of the volume. */
  readonly start: number;
  readonly end: number;
  readonly streamOffset: number;
  readonly stream: Stream;
}

/** Where on a volume the streams lie that may differ, and who accounts for each of them. */
export class Places {
  readonly #before: ByteSource;
  readonly #after: ByteSource;
  readonly #clusterSizeBytes: number;
  readonly #places: Place[] = [];
  #isSorted = true;

  /** The sources are the volume. */
  constructor(before: ByteSource, after: ByteSource, clusterSizeBytes: number) {
    this.#before = before;
    this.#after = after;
    this.#clusterSizeBytes = clusterSizeBytes;
  }

  add(stream: Stream): void {
    let streamOffset = 0;
    for (const { lcn, lengthClusters } of stream.runs) {
      const length = lengthClusters * this.#clusterSizeBytes;
      const start = lcn * this.#clusterSizeBytes;
      if (lcn !== HOLE) this.#places.push({ start, end: start + length, streamOffset, stream });
      streamOffset += length;
    }
    this.#isSorted = false;
  }

  /** Hands a changed sector to whoever accounts for it; false where nobody does. */
  claim(volumeOffset: number): boolean {
    this.#sort();
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle]?.end ?? 0) <= volumeOffset) low = middle + 1;
      else high = middle;
    }
    const place = this.#places[low];
    if (place === undefined || volumeOffset < place.start) return false;
    const { stream } = place;
    const streamOffset = place.streamOffset + volumeOffset - place.start;
    const counted = Math.min(SECTOR_BYTES, Math.max(0, stream.sizeBytes - streamOffset));
    if (counted < SECTOR_BYTES) this.#proveTail(stream, volumeOffset + counted, SECTOR_BYTES - counted);
    if (counted > 0) stream.claim(streamOffset);
    return true;
  }

  #proveTail({ owner }: Stream, offset: number, length: number): void {
    const tail = readBytes(this.#after, offset, length);
    if (isZero(tail) || isSame(tail, readBytes(this.#before, offset, length))) return;
    throw proofError("STAGE_PROOF_UNEXPLAINED", `bytes behind the end of ${owner} differ`, {
      structure: "volume",
      offset,
    });
  }

  #sort(): void {
    if (this.#isSorted) return;
    this.#isSorted = true;
    this.#places.sort((a, b) => a.start - b.start);
    for (const [index, { start, stream }] of this.#places.entries()) {
      const before = this.#places[index - 1];
      if (before === undefined || before.end <= start) continue;
      const message = `${before.stream.owner} and ${stream.owner} lie in the same clusters`;
      throw proofError("STAGE_PROOF_RECORD", message, { structure: "volume", offset: start });
    }
  }
}
