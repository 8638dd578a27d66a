// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../bytes/index.ts";
import { ATTRIBUTE, AttributeHeader, NonResidentHeader, ResidentHeader } from "../layout.ts";
import { countClusters, encodeRuns, joinRuns, type Run } from "./run-encoder.ts";

const RESIDENT_HEADER_SIZE = AttributeHeader.sizeBytes + ResidentHeader.sizeBytes;
const NON_RESIDENT_HEADER_SIZE = AttributeHeader.sizeBytes + NonResidentHeader.sizeBytes;

/** What every attribute has, wherever its value lies. */
export interface AttributeHead {
  readonly type: number;
  readonly name?: string;
  readonly id: number;
}

/** The value of an attribute in clusters: plain ones, neither sparse nor compressed. */
export interface ClusterValue {
  readonly runs: readonly Run[];
  readonly clusterSizeBytes: number;
  readonly dataBytes: number;
  /** As long as the data where it is left out. */
  readonly initializedBytes?: number;
}

/** An attribute with its value in the record. */
export function encodeResident({ type, name = "", id }: AttributeHead, value: Uint8Array): Uint8Array {
  const valueOffset = align8(RESIDENT_HEADER_SIZE + name.length * 2);
  const bytes = new Uint8Array(align8(valueOffset + value.length));
  const view = new DataView(bytes.buffer);
  Object.assign(new AttributeHeader(view), {
    type,
    length: bytes.length,
    isNonResident: 0,
    nameLength: name.length,
    nameOffset: RESIDENT_HEADER_SIZE,
    flags: 0,
    id,
  });
  Object.assign(new ResidentHeader(view, AttributeHeader.sizeBytes), {
    valueLength: value.length,
    valueOffset,
    // chkdsk calls a name without it corrupt.
    isIndexed: type === ATTRIBUTE.fileName ? 1 : 0,
  });
  bytes.set(encodeUtf16(name), RESIDENT_HEADER_SIZE);
  bytes.set(value, valueOffset);
  return bytes;
}

/** An attribute with its value in clusters, in one extent. */
export function encodeNonResident({ type, name = "", id }: AttributeHead, value: ClusterValue): Uint8Array {
  const { clusterSizeBytes, dataBytes, initializedBytes = dataBytes } = value;
  const runs = joinRuns(value.runs);
  const pairs = encodeRuns(runs);
  const clusterCount = countClusters(runs);
  const runsOffset = align8(NON_RESIDENT_HEADER_SIZE + name.length * 2);
  const bytes = new Uint8Array(align8(runsOffset + pairs.length));
  const view = new DataView(bytes.buffer);
  Object.assign(new AttributeHeader(view), {
    type,
    length: bytes.length,
    isNonResident: 1,
    nameLength: name.length,
    nameOffset: NON_RESIDENT_HEADER_SIZE,
    flags: 0,
    id,
  });
  Object.assign(new NonResidentHeader(view, AttributeHeader.sizeBytes), {
    lowestVcn: 0,
    // -1 where there is no cluster.
    highestVcn: BigInt.asUintN(64, BigInt(clusterCount) - 1n),
    runsOffset,
    allocatedSize: clusterCount * clusterSizeBytes,
    dataSize: dataBytes,
    initializedSize: initializedBytes,
  });
  bytes.set(encodeUtf16(name), NON_RESIDENT_HEADER_SIZE);
  bytes.set(pairs, runsOffset);
  return bytes;
}

export function align8(size: number): number {
  return Math.ceil(size / 8) * 8;
}
