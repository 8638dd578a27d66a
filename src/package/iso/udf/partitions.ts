// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../../bytes/index.ts";
import { finding, VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { Extent, ExtentMap } from "../extent-source.ts";
import { readPart } from "../part.ts";
import type { Note } from "../tree.ts";
import { readExtents } from "./allocation.ts";
import { tagChecksumMatches } from "./descriptor.ts";
import { readFileEntry } from "./file-entry.ts";
import {
  LogicalVolumeDescriptor,
  MetadataPartitionMap,
  PartitionMap,
  SPARING_UNUSED,
  SparablePartitionMap,
  SparingTable,
  SpecialPartitionMap,
  TAG_ID,
} from "./layout.ts";
import type { Partition, UdfVolume } from "./volume.ts";
import type { VolumeStructure } from "./volume-structure.ts";

/** UDF allows two or three maps; the field could say 2^32. */
const MAP_COUNT_MAX = 16;

/** A partition map, and the offset of the descriptor it stands in. */
interface PlacedMap {
  readonly view: DataView;
  readonly at: number;
  readonly sizeBytes: number;
}

/** Opens the volume: makes a partition of each partition map. Throws UDF_UNSUPPORTED for kinds that it does not read. */
export function openVolume(source: ByteSource, structure: VolumeStructure, note: Note): UdfVolume {
  const partitions: Partition[] = [];
  const volume = { source, blockSizeBytes: structure.blockSizeBytes, partitions, note };
  for (const map of mapsOf(structure)) partitions.push(openPartition(volume, structure, map));
  return volume;
}

function* mapsOf(structure: VolumeStructure): Generator<PlacedMap> {
  const { mapCount, mapTableSizeBytes, view } = structure.logicalVolume;
  const end = LogicalVolumeDescriptor.sizeBytes + mapTableSizeBytes;
  if (mapCount < 1 || mapCount > MAP_COUNT_MAX || end > view.byteLength) {
    throw damaged(structure, `${mapCount} partition maps of ${mapTableSizeBytes} bytes cannot be`);
  }
  let at = LogicalVolumeDescriptor.sizeBytes;
  for (let index = 0; index < mapCount; index++) {
    const sizeBytes = at + 2 <= end ? view.getUint8(at + 1) : 0;
    if (sizeBytes < PartitionMap.sizeBytes || at + sizeBytes > end) {
      throw damaged(structure, `partition map ${index} has ${sizeBytes} bytes`);
    }
    yield { view, at, sizeBytes };
    at += sizeBytes;
  }
}

function openPartition(volume: UdfVolume, structure: VolumeStructure, map: PlacedMap): Partition {
  const { view, at, sizeBytes } = map;
  const { type, partitionNumber } = new PartitionMap(view, at);
  if (type === 1) return plainPartition(structure, partitionNumber);
  if (type !== 2 || sizeBytes !== SpecialPartitionMap.sizeBytes) {
    throw unsupported(structure, `a partition map of type ${type} with ${sizeBytes} bytes is not known`);
  }
  const special = new SpecialPartitionMap(view, at);
  const identifier = identifierOf(special.identifier);
  switch (identifier) {
    case "*UDF Metadata Partition":
      return metadataPartition(volume, structure, new MetadataPartitionMap(view, at));
    case "*UDF Sparable Partition":
      checkSparingTable(volume, structure, new SparablePartitionMap(view, at));
      return plainPartition(structure, special.partitionNumber);
    default:
      throw unsupported(structure, `a partition of kind ${JSON.stringify(identifier)} is not read`);
  }
}

/** Blocks one after the other in the image. */
function plainPartition(structure: VolumeStructure, number: number): Partition {
  const descriptor = structure.partitions.get(number);
  if (descriptor === undefined) throw damaged(structure, `partition ${number} has no descriptor`);
  const start = descriptor.startBlock * structure.blockSizeBytes;
  return { pieces: (offset, sizeBytes) => [{ offset: start + offset, sizeBytes }] };
}

/** Blocks counted in the metadata file, or in its copy where that is damaged. */
function metadataPartition(
  volume: UdfVolume,
  structure: VolumeStructure,
  map: MetadataPartitionMap,
): Partition {
  const host = { ...volume, partitions: [plainPartition(structure, map.partitionNumber)] };
  try {
    return filePartition(readFile(host, map.file));
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    const partition = filePartition(readFile(host, map.mirrorFile));
    const message = `the copy of the metadata file was used: ${error.message}`;
    volume.note(finding("UDF_RESERVE_USED", message, error.where));
    return partition;
  }
}

function readFile(host: UdfVolume, block: number): ExtentMap {
  return readExtents(host, readFileEntry(host, { partition: 0, block }));
}

function filePartition(map: ExtentMap): Partition {
  return {
    *pieces(offset, sizeBytes): Generator<Extent> {
      if (offset + sizeBytes > map.sizeBytes) {
        const message = `${sizeBytes} bytes at 0x${offset.toString(16)} are not in the metadata file`;
        throw new VmguestError("UDF_ALLOCATION", message, { structure: MetadataPartitionMap.structName });
      }
      for (let at = 0; at < sizeBytes; ) {
        const piece = map.pieceAt(offset + at, sizeBytes - at);
        yield piece;
        at += piece.sizeBytes;
      }
    },
  };
}

/** A sparable partition without a replaced packet is a plain one; with one, it is refused. */
function checkSparingTable(volume: UdfVolume, structure: VolumeStructure, map: SparablePartitionMap): void {
  const { view, at } = map;
  const tablesAt = at + SparablePartitionMap.offsetOf.tables;
  for (let index = 0; index < Math.min(map.tableCount, 4); index++) {
    const offset = view.getUint32(tablesAt + index * 4, true) * structure.blockSizeBytes;
    const head = readPart(volume.source, SparingTable.structName, offset, SparingTable.sizeBytes);
    const { tag, identifier, entryCount } = new SparingTable(head);
    const isTable =
      tag.id === TAG_ID.sparingTable && identifierOf(identifier.subarray(1)) === "*UDF Sparing Table";
    if (!isTable || !tagChecksumMatches(head, 0)) continue;
    const entriesAt = offset + SparingTable.sizeBytes;
    const entries = readPart(volume.source, SparingTable.structName, entriesAt, entryCount * 8);
    for (let entry = 0; entry < entryCount; entry++) {
      if (entries.getUint32(entry * 8, true) < SPARING_UNUSED) {
        throw unsupported(structure, "packets of a sparable partition were replaced by others");
      }
    }
    return;
  }
  throw damaged(structure, "a sparable partition has no sound sparing table");
}

/** Identifiers have 23 bytes, padded with NUL (ECMA-167 1/7.4). */
function identifierOf(field: Uint8Array): string {
  const view = new DataView(field.buffer, field.byteOffset, 23);
  return decodeLatin1(view, 0, 23).replace(/\0.*$/s, "");
}

function damaged({ logicalVolumeOffset: offset }: VolumeStructure, message: string): VmguestError {
  return new VmguestError("UDF_VOLUME", message, { structure: LogicalVolumeDescriptor.structName, offset });
}

function unsupported({ logicalVolumeOffset: offset }: VolumeStructure, message: string): VmguestError {
  return new VmguestError("UDF_UNSUPPORTED", message, {
    structure: LogicalVolumeDescriptor.structName,
    offset,
  });
}
