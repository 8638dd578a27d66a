// SPDX-License-Identifier: MIT
import { encodeUtf16 } from "../../../src/bytes/index.ts";
import {
  ATTRIBUTE_FLAGS,
  AttributeHeader,
  NonResidentHeader,
  ResidentHeader,
} from "../../../src/fs/ntfs/layout.ts";
import { encodeRuns, type Run, totalClusters } from "./runs.ts";

const COMPRESSED_OR_SPARSE = ATTRIBUTE_FLAGS.compressionMask | ATTRIBUTE_FLAGS.sparse;

interface AttributeName {
  readonly type: number;
  readonly name?: string;
  readonly flags?: number;
}

/** An attribute with its value in the record. */
export interface ResidentAttribute extends AttributeName {
  readonly value: Uint8Array;
  readonly isIndexed?: boolean;
}

/** An attribute with its value in clusters. */
export interface NonResidentAttribute extends AttributeName {
  readonly runs: readonly Run[];
  readonly clusterSizeBytes: number;
  readonly dataBytes: number;
  readonly initializedBytes?: number;
  readonly compressionUnit?: number;
  /** First cluster that these runs map, where others come before. */
  readonly lowestVcn?: number;
  /** Clusters of all extents together, where this is not the only one. */
  readonly allocatedClusters?: number;
}

export type LabAttribute = ResidentAttribute | NonResidentAttribute;

export function isNonResident(attribute: LabAttribute): attribute is NonResidentAttribute {
  return "runs" in attribute;
}

/** The bytes of an attribute as they stand in a record. */
export function encodeAttribute(attribute: LabAttribute, id: number): Uint8Array {
  return isNonResident(attribute) ? encodeNonResident(attribute, id) : encodeResident(attribute, id);
}

function encodeResident(attribute: ResidentAttribute, id: number): Uint8Array {
  const name = encodeUtf16(attribute.name ?? "");
  const nameAt = AttributeHeader.sizeBytes + ResidentHeader.sizeBytes;
  const valueAt = align8(nameAt + name.length);
  const bytes = new Uint8Array(align8(valueAt + attribute.value.length));
  const view = new DataView(bytes.buffer);
  writeHeader(view, attribute, { id, nameAt, isNonResident: 0 });
  Object.assign(new ResidentHeader(view, AttributeHeader.sizeBytes), {
    valueLength: attribute.value.length,
    valueOffset: valueAt,
    isIndexed: attribute.isIndexed === true ? 1 : 0,
  });
  bytes.set(name, nameAt);
  bytes.set(attribute.value, valueAt);
  return bytes;
}

function encodeNonResident(attribute: NonResidentAttribute, id: number): Uint8Array {
  const { runs, clusterSizeBytes, dataBytes, lowestVcn = 0, flags = 0 } = attribute;
  const name = encodeUtf16(attribute.name ?? "");
  const hasCompressedSize = lowestVcn === 0 && (flags & COMPRESSED_OR_SPARSE) !== 0;
  const nameAt = AttributeHeader.sizeBytes + NonResidentHeader.sizeBytes + (hasCompressedSize ? 8 : 0);
  const pairs = encodeRuns(runs);
  const runsOffset = align8(nameAt + name.length);
  const bytes = new Uint8Array(align8(runsOffset + pairs.length));
  const view = new DataView(bytes.buffer);
  writeHeader(view, attribute, { id, nameAt, isNonResident: 1 });
  const isFirst = lowestVcn === 0;
  const allocatedClusters = attribute.allocatedClusters ?? totalClusters(runs);
  Object.assign(new NonResidentHeader(view, AttributeHeader.sizeBytes), {
    lowestVcn,
    highestVcn: BigInt.asUintN(64, BigInt(lowestVcn + totalClusters(runs)) - 1n),
    runsOffset,
    compressionUnit: attribute.compressionUnit ?? 0,
    allocatedSize: isFirst ? allocatedClusters * clusterSizeBytes : 0,
    dataSize: isFirst ? dataBytes : 0,
    initializedSize: isFirst ? (attribute.initializedBytes ?? dataBytes) : 0,
  });
  if (hasCompressedSize) {
    const used = totalClusters(runs.filter(({ lcn }) => lcn !== undefined));
    view.setBigUint64(
      AttributeHeader.sizeBytes + NonResidentHeader.sizeBytes,
      BigInt(used * clusterSizeBytes),
      true,
    );
  }
  bytes.set(name, nameAt);
  bytes.set(pairs, runsOffset);
  return bytes;
}

function writeHeader(
  view: DataView,
  { type, name = "", flags = 0 }: AttributeName,
  rest: { id: number; nameAt: number; isNonResident: 0 | 1 },
): void {
  Object.assign(new AttributeHeader(view), {
    type,
    length: view.byteLength,
    isNonResident: rest.isNonResident,
    nameLength: name.length,
    nameOffset: rest.nameAt,
    flags,
    id: rest.id,
  });
}

export function align8(value: number): number {
  return Math.ceil(value / 8) * 8;
}
