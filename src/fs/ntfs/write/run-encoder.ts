// SPDX-License-Identifier: MIT
import { HOLE } from "../runs.ts";

/** Clusters that follow each other on the volume. */
export interface Run {
  /** First cluster, or HOLE. */
  readonly lcn: number;
  readonly lengthClusters: number;
}

/** Mapping pairs with the fewest bytes whose sign bit is right, and the zero that ends them. */
export function encodeRuns(runs: readonly Run[]): Uint8Array {
  const bytes: number[] = [];
  let previous = 0;
  for (const { lcn, lengthClusters } of runs) {
    const length = encodeSigned(lengthClusters);
    const distance = lcn === HOLE ? [] : encodeSigned(lcn - previous);
    bytes.push(distance.length * 16 + length.length, ...length, ...distance);
    if (lcn !== HOLE) previous = lcn;
  }
  return Uint8Array.of(...bytes, 0);
}

/** The same clusters in the same order, neighbours joined. */
export function joinRuns(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const follows =
      last !== undefined &&
      (last.lcn === HOLE ? run.lcn === HOLE : run.lcn === last.lcn + last.lengthClusters);
    if (last === undefined || !follows) joined.push(run);
    else
      joined[joined.length - 1] = { lcn: last.lcn, lengthClusters: last.lengthClusters + run.lengthClusters };
  }
  return joined;
}

export function countClusters(runs: readonly Run[]): number {
  let count = 0;
  for (const { lengthClusters } of runs) count += lengthClusters;
  return count;
}

/** Little-endian two's complement. Values stay below 2^53, so that seven bytes are enough. */
function encodeSigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = ((rest % 256) + 256) % 256;
    bytes.push(byte);
    rest = Math.floor(rest / 256);
    if (rest === (byte >= 0x80 ? -1 : 0)) return bytes;
  }
}
