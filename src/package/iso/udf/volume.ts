// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { type Extent, HOLE } from "../extent-source.ts";
import { readPart } from "../part.ts";
import type { Note } from "../tree.ts";
import { checkTag } from "./descriptor.ts";

/** A space that blocks are counted in: a partition of the image, or a file in one. */
export interface Partition {
  /** Pieces of the image that `sizeBytes` bytes from `offset` of the partition are, in order. */
  pieces(offset: number, sizeBytes: number): Iterable<Extent>;
}

/** What everything that reads a UDF volume needs. */
export interface UdfVolume {
  readonly source: ByteSource;
  readonly blockSizeBytes: number;
  /** By partition reference, the position of the partition map. */
  readonly partitions: readonly Partition[];
  readonly note: Note;
}

/** Where something is: a block of a partition. */
export interface BlockAddress {
  /** Partition reference. */
  readonly partition: number;
  readonly block: number;
}

/** A descriptor with its whole block. */
export interface PlacedBlock {
  readonly view: DataView;
  /** Offset in the image. */
  readonly offset: number;
  /** Tag id. */
  readonly id: number;
}

/** The partition of a reference, or UDF_VOLUME where the volume has none. */
export function requirePartition({ partitions }: UdfVolume, reference: number): Partition {
  const partition = partitions[reference];
  if (partition !== undefined) return partition;
  const message = `partition reference ${reference} is used, but there are ${partitions.length} partition maps`;
  throw new VmguestError("UDF_VOLUME", message, { structure: "partition map" });
}

/** Reads the descriptor in a block and checks its tag. */
export function readDescriptor(
  volume: UdfVolume,
  { partition, block }: BlockAddress,
  structure: string,
  ids: readonly number[],
): PlacedBlock {
  const { source, blockSizeBytes, note } = volume;
  const [piece] = requirePartition(volume, partition).pieces(block * blockSizeBytes, blockSizeBytes);
  const offset = piece?.offset ?? HOLE;
  if (offset === HOLE || piece?.sizeBytes !== blockSizeBytes) {
    const message = `block ${block} of partition ${partition} is not recorded`;
    throw new VmguestError("UDF_ALLOCATION", message, { structure });
  }
  const view = readPart(source, structure, offset, blockSizeBytes);
  return { view, offset, id: checkTag(view, 0, { structure, offset, ids, location: block }, note) };
}
