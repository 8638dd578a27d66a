// SPDX-License-Identifier: MIT
import { finding, VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import { readPart } from "../part.ts";
import type { Note } from "../tree.ts";
import { checkTag, tagChecksumMatches } from "./descriptor.ts";
import {
  AnchorDescriptor,
  DescriptorPointer,
  DescriptorTag,
  LogicalVolumeDescriptor,
  PartitionDescriptor,
  TAG_ID,
  type VolumeExtent,
} from "./layout.ts";

/** Discs have 2048; hard disks that Windows or mkudffs formatted have 512 or 4096. */
const BLOCK_SIZES = [2048, 512, 4096, 1024];

/** Block of the first anchor, and distance of another one from the end (ECMA-167 3/8.4.2.1). */
const ANCHOR_BLOCK = 256;

/** A sequence has 16 blocks, and a dozen descriptors in them; several thousand mean that it leads nowhere. */
const DESCRIPTOR_COUNT_MAX = 1024;

/** A partition descriptor or more, and the descriptor of the volume that uses them. */
export interface VolumeStructure {
  readonly blockSizeBytes: number;
  readonly logicalVolume: LogicalVolumeDescriptor;
  /** Offset of that descriptor in the image. */
  readonly logicalVolumeOffset: number;
  /** By partition number. */
  readonly partitions: ReadonlyMap<number, PartitionDescriptor>;
}

interface Anchor {
  readonly blockSizeBytes: number;
  readonly offset: number;
  readonly main: VolumeExtent;
  readonly reserve: VolumeExtent;
}

/** Finds the anchor and reads the descriptors that it leads to: the main sequence, or else the reserve. */
export function readVolumeStructure(source: ByteSource, note: Note): VolumeStructure {
  const anchor = findAnchor(source, note);
  try {
    return readSequence(source, anchor, anchor.main, note);
  } catch (error) {
    if (!(error instanceof VmguestError) || error.kind === "io") throw error;
    const structure = readSequence(source, anchor, anchor.reserve, note);
    const message = `the reserve volume descriptors were used: ${error.message}`;
    note(finding("UDF_RESERVE_USED", message, error.where));
    return structure;
  }
}

/** The block size is the one for which an anchor stands where it should and says so itself. */
function findAnchor(source: ByteSource, note: Note): Anchor {
  for (const place of [firstAnchor, lastAnchor, lastAnchorBut256]) {
    for (const blockSizeBytes of BLOCK_SIZES) {
      const block = place(Math.floor(source.sizeBytes / blockSizeBytes));
      const anchor = block < 1 ? undefined : readAnchor(source, blockSizeBytes, block, note);
      if (anchor !== undefined) return anchor;
    }
  }
  throw new VmguestError("UDF_VOLUME", "no anchor at block 256, the last one, or 256 before it", {
    structure: AnchorDescriptor.structName,
  });
}

const firstAnchor = () => ANCHOR_BLOCK;
const lastAnchor = (blockCount: number) => blockCount - 1;
const lastAnchorBut256 = (blockCount: number) => blockCount - 1 - ANCHOR_BLOCK;

function readAnchor(
  source: ByteSource,
  blockSizeBytes: number,
  block: number,
  note: Note,
): Anchor | undefined {
  const offset = block * blockSizeBytes;
  if (offset + AnchorDescriptor.sizeBytes > source.sizeBytes) return undefined;
  const view = source.read(offset, AnchorDescriptor.sizeBytes);
  const { tag, main, reserve } = new AnchorDescriptor(view);
  if (tag.id !== TAG_ID.anchor || tag.location !== block || !tagChecksumMatches(view, 0)) return undefined;
  checkTag(view, 0, { structure: AnchorDescriptor.structName, offset, ids: [TAG_ID.anchor] }, note);
  return { blockSizeBytes, offset, main, reserve };
}

/** Of several descriptors for the same thing, the one with the highest sequence number counts (ECMA-167 3/8.4.3). */
function readSequence(source: ByteSource, anchor: Anchor, extent: VolumeExtent, note: Note): VolumeStructure {
  const { blockSizeBytes } = anchor;
  const partitions = new Map<number, PartitionDescriptor>();
  let logicalVolume: { fields: LogicalVolumeDescriptor; offset: number } | undefined;
  for (const { id, view, offset } of descriptorsOf(source, blockSizeBytes, extent, note)) {
    if (id === TAG_ID.partition) {
      const fields = new PartitionDescriptor(view);
      const rival = partitions.get(fields.number);
      if (rival === undefined || fields.sequence > rival.sequence) partitions.set(fields.number, fields);
    } else if (id === TAG_ID.logicalVolume) {
      const fields = new LogicalVolumeDescriptor(view);
      if (logicalVolume === undefined || fields.sequence > logicalVolume.fields.sequence) {
        logicalVolume = { fields, offset };
      }
    }
  }
  if (logicalVolume === undefined || partitions.size === 0) {
    const missing = logicalVolume === undefined ? LogicalVolumeDescriptor : PartitionDescriptor;
    throw new VmguestError("UDF_VOLUME", `the volume descriptors lack a ${missing.structName}`, {
      structure: "volume descriptor sequence",
      offset: extent.block * blockSizeBytes,
    });
  }
  const { fields, offset } = logicalVolume;
  if (fields.blockSizeBytes !== blockSizeBytes) {
    const message = `the volume has blocks of ${fields.blockSizeBytes} bytes, but its anchor stands as if of ${blockSizeBytes}`;
    throw new VmguestError("UDF_VOLUME", message, { structure: LogicalVolumeDescriptor.structName, offset });
  }
  return { blockSizeBytes, logicalVolume: fields, logicalVolumeOffset: offset, partitions };
}

interface PlacedDescriptor {
  readonly id: number;
  readonly view: DataView;
  readonly offset: number;
}

/** The sound descriptors of a sequence, up to its end; damaged ones are noted and passed over. */
function* descriptorsOf(
  source: ByteSource,
  blockSizeBytes: number,
  extent: VolumeExtent,
  note: Note,
): Generator<PlacedDescriptor> {
  let { block } = extent;
  let left = Math.floor(extent.sizeBytes / blockSizeBytes);
  for (let count = 0; left > 0 && count < DESCRIPTOR_COUNT_MAX; count++, block++, left--) {
    const offset = block * blockSizeBytes;
    const view = readPart(source, "volume descriptor", offset, blockSizeBytes);
    const id = new DescriptorTag(view).id;
    // A block that was never written ends the sequence like the descriptor for it.
    if (id === TAG_ID.terminating || id === 0) return;
    if (!isSound(view, { structure: "volume descriptor", offset, ids: [id], location: block }, note))
      continue;
    if (id === TAG_ID.pointer) {
      const { next } = new DescriptorPointer(view);
      left = Math.floor(next.sizeBytes / blockSizeBytes) + 1;
      block = next.block - 1;
    } else yield { id, view, offset };
  }
}

function isSound(view: DataView, expected: Parameters<typeof checkTag>[2], note: Note): boolean {
  if (tagChecksumMatches(view, 0)) {
    checkTag(view, 0, expected, note);
    return true;
  }
  const { structure, offset } = expected;
  note(finding("UDF_TAG_DOUBT", "the checksum of a volume descriptor does not match", { structure, offset }));
  return false;
}
