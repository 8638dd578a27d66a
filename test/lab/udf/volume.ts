import {
  AnchorDescriptor,
  EXTENT_KIND,
  LogicalVolumeDescriptor,
  MetadataPartitionMap,
  PartitionDescriptor,
  PartitionMap,
  SparablePartitionMap,
  SparingTable,
  SpecialPartitionMap,
  TAG_ID,
  VolumeExtent,
} from "../../../src/package/iso/udf/layout.ts";
import type { BlockSpace } from "../disc-tree.ts";
import {
  charset,
  descriptor,
  domain,
  dstring,
  identifier,
  type LabPartition,
  longAllocation,
} from "./parts.ts";

/** Block of the main volume descriptor sequence: its partition descriptor, logical volume descriptor, and end. */
export const MAIN_BLOCK = 96;
const RESERVE_BLOCK = 128;
const SEQUENCE_BLOCKS = 16;
/** Block of the volume that holds the sparing table. */
const SPARING_BLOCK = 160;

const ANCHOR_BLOCK = 256;
/** Block of the volume where the partition begins. */
export const PARTITION_BLOCK = 257;

/** What the descriptors of a volume say. */
export interface LabVolume {
  readonly label: string;
  readonly isExtended: boolean;
  readonly partition: LabPartition;
  /** Blocks of the partition. */
  readonly blockCount: number;
  readonly fileSet: { readonly block: number; readonly partition: number };
  /** The last block of the image, for the second anchor. */
  readonly last: number;
}

/** Where {@link writeVolume} puts things. */
export function volumePlaces(blockSizeBytes: number): [name: string, offset: number][] {
  return [
    ["anchor", ANCHOR_BLOCK * blockSizeBytes],
    ["partition", MAIN_BLOCK * blockSizeBytes],
    ["logical volume", (MAIN_BLOCK + 1) * blockSizeBytes],
    ["reserve partition", RESERVE_BLOCK * blockSizeBytes],
    ["sparing table", SPARING_BLOCK * blockSizeBytes],
  ];
}

/** Writes both sequences of volume descriptors, both anchors, and the sparing table where there is to be one. */
export function writeVolume(image: BlockSpace, volume: LabVolume): void {
  const { isExtended } = volume;
  for (const first of [MAIN_BLOCK, RESERVE_BLOCK]) {
    image.write(first, partitionDescriptor(first, volume));
    image.write(first + 1, logicalVolume(first + 1, volume, image.blockSizeBytes));
    const end = { id: TAG_ID.terminating, location: first + 2, sizeBytes: 512, isExtended };
    image.write(
      first + 2,
      descriptor(end, () => undefined),
    );
  }
  if (volume.partition === "sparable") image.write(SPARING_BLOCK, sparingTable(isExtended));
  for (const block of [ANCHOR_BLOCK, volume.last])
    image.write(block, anchor(block, isExtended, image.blockSizeBytes));
}

function partitionDescriptor(location: number, { isExtended, blockCount }: LabVolume): Uint8Array {
  const tag = { id: TAG_ID.partition, location, sizeBytes: PartitionDescriptor.sizeBytes, isExtended };
  return descriptor(tag, (view) => {
    const fields = new PartitionDescriptor(view);
    Object.assign(fields, {
      sequence: 1,
      flags: 1,
      number: 0,
      access: 1,
      startBlock: PARTITION_BLOCK,
      blockCount,
    });
    fields.contents.set(identifier(isExtended ? "+NSR03" : "+NSR02"));
  });
}

function logicalVolume(location: number, volume: LabVolume, blockSizeBytes: number): Uint8Array {
  const { isExtended, label, fileSet, partition } = volume;
  const maps = partitionMaps(partition, blockSizeBytes);
  const mapBytes = Buffer.concat(maps);
  const sizeBytes = LogicalVolumeDescriptor.sizeBytes + mapBytes.length;
  return descriptor({ id: TAG_ID.logicalVolume, location, sizeBytes, isExtended }, (view) => {
    const fields = new LogicalVolumeDescriptor(view);
    Object.assign(fields, {
      sequence: 1,
      blockSizeBytes,
      fileSet: longAllocation(fileSet.block, fileSet.partition, EXTENT_KIND.recorded, blockSizeBytes),
      mapTableSizeBytes: mapBytes.length,
      mapCount: maps.length,
    });
    fields.characterSet.set(charset());
    fields.label.set(dstring(label, 128));
    fields.domain.set(domain(isExtended));
    new Uint8Array(view.buffer).set(mapBytes, LogicalVolumeDescriptor.sizeBytes);
  });
}

/** The partition maps of a volume with one partition of a kind, which has number 0. */
function partitionMaps(partition: LabPartition, blockSizeBytes: number): Uint8Array[] {
  const plain = new PartitionMap(new DataView(new ArrayBuffer(PartitionMap.sizeBytes)));
  Object.assign(plain, { type: 1, sizeBytes: PartitionMap.sizeBytes, volumeSequence: 1 });
  const first = new Uint8Array(plain.view.buffer);
  const view = new DataView(new ArrayBuffer(64));
  const special = { type: 2, sizeBytes: 64, volumeSequence: 1, partitionNumber: 0 };
  const name = {
    plain: "",
    metadata: "*UDF Metadata Partition",
    sparable: "*UDF Sparable Partition",
    virtual: "*UDF Virtual Partition",
  }[partition];
  if (partition === "metadata") {
    const details = { file: 0, mirrorFile: 1, bitmapFile: 0xffff_ffff, unitBlocks: 1, alignmentBlocks: 1 };
    Object.assign(new MetadataPartitionMap(view), { ...special, ...details });
  } else {
    const map = new SparablePartitionMap(view);
    Object.assign(map, { ...special, packetBlocks: 32, tableCount: 1, tableSizeBytes: blockSizeBytes });
    map.tables.set([SPARING_BLOCK, 0]);
  }
  new SpecialPartitionMap(view).identifier.set(Buffer.from(name));
  const second = new Uint8Array(view.buffer);
  if (partition === "plain") return [first];
  return partition === "sparable" ? [second] : [first, second];
}

function sparingTable(isExtended: boolean): Uint8Array {
  const tag = {
    id: TAG_ID.sparingTable,
    location: SPARING_BLOCK,
    sizeBytes: SparingTable.sizeBytes + 16,
    isExtended,
  };
  return descriptor(tag, (view) => {
    const table = new SparingTable(view);
    table.entryCount = 2;
    table.identifier.set(identifier("*UDF Sparing Table"));
    // One packet free, and one that is defective itself.
    view.setUint32(SparingTable.sizeBytes, 0xffff_ffff, true);
    view.setUint32(SparingTable.sizeBytes + 8, 0xffff_fff0, true);
  });
}

function anchor(location: number, isExtended: boolean, blockSizeBytes: number): Uint8Array {
  const extent = (block: number) => {
    const fields = new VolumeExtent(new DataView(new ArrayBuffer(VolumeExtent.sizeBytes)));
    return Object.assign(fields, { sizeBytes: SEQUENCE_BLOCKS * blockSizeBytes, block });
  };
  const tag = { id: TAG_ID.anchor, location, sizeBytes: AnchorDescriptor.sizeBytes, isExtended };
  return descriptor(tag, (view) => {
    Object.assign(new AnchorDescriptor(view), { main: extent(MAIN_BLOCK), reserve: extent(RESERVE_BLOCK) });
  });
}
