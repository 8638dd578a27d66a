// SPDX-License-Identifier: MIT

/** Clusters that follow each other on the volume; `lcn` undefined is a hole. */
export interface Run {
  readonly lcn: number | undefined;
  readonly lengthClusters: number;
}

/** Mapping pairs with the fewest bytes whose sign bit is right, as Windows writes them, with their end byte. */
export function encodeRuns(runs: readonly Run[]): Uint8Array {
  const bytes: number[] = [];
  let previous = 0;
  for (const { lcn, lengthClusters } of runs) {
    const length = signedBytes(lengthClusters);
    const distance = lcn === undefined ? [] : signedBytes(lcn - previous);
    bytes.push(distance.length * 16 + length.length, ...length, ...distance);
    previous = lcn ?? previous;
  }
  return Uint8Array.of(...bytes, 0);
}

export function totalClusters(runs: readonly Run[]): number {
  return runs.reduce((total, { lengthClusters }) => total + lengthClusters, 0);
}

function signedBytes(value: number): number[] {
  let rest = BigInt(value);
  const bytes: number[] = [];
  do {
    bytes.push(Number(BigInt.asUintN(8, rest)));
    rest >>= 8n;
  } while (rest !== (((bytes.at(-1) ?? 0) & 0x80) !== 0 ? -1n : 0n));
  return bytes;
}
