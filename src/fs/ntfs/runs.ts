// SPDX-License-Identifier: MIT
import type { VmguestError } from "../../errors.ts";

/** Stands for a cluster number where nothing is allocated: the clusters read as zeros. */
export const HOLE = -1;

/** Where the clusters of one extent lie. Run i covers the VCNs from `vcns[i]` up to `vcns[i + 1]`. */
export interface RunList {
  readonly runCount: number;
  /** First VCN of each run, and at the end the VCN after the last one. */
  readonly vcns: Float64Array;
  /** First cluster on the volume of each run, or HOLE. */
  readonly lcns: Float64Array;
}

/** What an extent claims to map, and how many clusters the volume has. */
export interface RunLimits {
  readonly lowestVcn: number;
  readonly endVcn: number;
  readonly clusterCount: number;
}

const FIELD_SIZE_MAX = 8;

/**
 * Decodes mapping pairs: per run one byte with two sizes, then the length in clusters and the signed distance of its
 * first cluster from that of the run before; no distance means a hole.
 *
 * `pairs` reaches to the end of the attribute; the list ends with a zero byte or there. A run takes at least two
 * bytes, so that the size of a FILE record bounds the loop. Works on plain bytes: this is a hot loop.
 */
export function decodeRuns(
  pairs: Uint8Array,
  limits: RunLimits,
  damage: (message: string) => VmguestError,
): RunList {
  const vcns: number[] = [];
  const lcns: number[] = [];
  let vcn = limits.lowestVcn;
  let lcn = 0;
  let at = 0;
  for (;;) {
    const head = pairs[at] ?? 0;
    if (head === 0) break;
    const lengthSize = head % 16;
    const distanceSize = (head - lengthSize) / 16;
    const next = at + 1 + lengthSize + distanceSize;
    if (lengthSize === 0 || lengthSize > FIELD_SIZE_MAX || distanceSize > FIELD_SIZE_MAX) {
      throw damage(`mapping pairs: 0x${head.toString(16)} is no possible pair of sizes`);
    }
    if (next > pairs.length) throw damage("mapping pairs: the last one reaches past the attribute");

    const lengthClusters = decodeSigned(pairs, at + 1, lengthSize);
    // One comparison with the end also keeps `vcn` far below 2^53.
    if (lengthClusters <= 0 || lengthClusters > limits.endVcn - vcn) {
      throw damage(`mapping pairs: a run of ${lengthClusters} clusters at VCN ${vcn} of ${limits.endVcn}`);
    }
    vcns.push(vcn);
    if (distanceSize === 0) {
      lcns.push(HOLE);
    } else {
      lcn += decodeSigned(pairs, at + 1 + lengthSize, distanceSize);
      if (lcn < 0 || lcn + lengthClusters > limits.clusterCount) {
        throw damage(`mapping pairs: clusters ${lcn} to ${lcn + lengthClusters - 1} lie outside the volume`);
      }
      lcns.push(lcn);
    }
    vcn += lengthClusters;
    at = next;
  }
  if (vcn !== limits.endVcn) {
    throw damage(`mapping pairs: they end at VCN ${vcn}, the attribute at ${limits.endVcn}`);
  }
  vcns.push(vcn);
  return { runCount: lcns.length, vcns: Float64Array.from(vcns), lcns: Float64Array.from(lcns) };
}

/** Little-endian two's complement of 1 to 8 bytes; exact up to 2^53, and far out of any range above. */
function decodeSigned(bytes: Uint8Array, at: number, size: number): number {
  const isNegative = (bytes[at + size - 1] ?? 0) >= 0x80;
  let value = 0;
  for (let index = size - 1; index >= 0; index--) {
    const byte = bytes[at + index] ?? 0;
    value = value * 256 + (isNegative ? 255 - byte : byte);
  }
  return isNegative ? -value - 1 : value;
}
