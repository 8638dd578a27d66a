// SPDX-License-Identifier: MIT
import { decodeLatin1, decodeUtf16be } from "../../../bytes/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { DiscKind, DiscTree, Note } from "../tree.ts";
import { readSelf } from "./directory.ts";
import { IsoNode, type IsoVolume } from "./iso-node.ts";
import { DirectoryRecord, VolumeDescriptor } from "./layout.ts";
import { detectRockRidge, type SystemUse } from "./rock-ridge.ts";
import { checkedBlockSize, type PlacedDescriptor } from "./volume-descriptors.ts";

/** Opens the tree that a supplementary descriptor with Joliet's escape sequence leads to. */
export function openJoliet(source: ByteSource, descriptor: PlacedDescriptor): DiscTree {
  return openTree(source, descriptor, "joliet", () => undefined);
}

/** Opens the tree of the primary descriptor, with the names of Rock Ridge where the root says that they are there. */
export function openPrimary(source: ByteSource, descriptor: PlacedDescriptor, note: Note): DiscTree {
  return openTree(source, descriptor, "iso9660", (blockSizeBytes, rootOffset) => {
    const self = readSelf(source, rootOffset);
    const use = { source, blockSizeBytes, note };
    const skipBytes = detectRockRidge(use, self.systemUse, self.offset);
    return skipBytes === undefined ? undefined : { ...use, skipBytes };
  });
}

function openTree(
  source: ByteSource,
  descriptor: PlacedDescriptor,
  plainKind: DiscKind,
  detect: (blockSizeBytes: number, rootOffset: number) => SystemUse | undefined,
): DiscTree {
  const { fields, offset } = descriptor;
  const blockSizeBytes = checkedBlockSize(descriptor);
  const root = new DirectoryRecord(fields.view, fields.at + VolumeDescriptor.offsetOf.root);
  if (root.dataSizeBytes === 0) {
    const message = "the root directory has no bytes";
    throw new VmguestError("ISO_DESCRIPTOR", message, { structure: VolumeDescriptor.structName, offset });
  }
  const rootOffset = (root.block + root.attributeBlocks) * blockSizeBytes;
  const rockRidge = detect(blockSizeBytes, rootOffset);
  const volume: IsoVolume = {
    source,
    blockSizeBytes,
    isJoliet: plainKind === "joliet",
    // Some programs leave the numbers of a single disc zero.
    discNumber: fields.setSize > 1 ? fields.sequenceNumber : undefined,
    rockRidge,
  };
  return {
    kind: rockRidge === undefined ? plainKind : "rock-ridge",
    label: labelOf(fields, volume.isJoliet),
    root: IsoNode.directory(volume, rootOffset, root.dataSizeBytes),
    endOffset: fields.spaceBlocks * blockSizeBytes,
  };
}

function labelOf({ view, at, volumeId }: VolumeDescriptor, isJoliet: boolean): string {
  const decode = isJoliet ? decodeUtf16be : decodeLatin1;
  const text = decode(view, at + VolumeDescriptor.offsetOf.volumeId, volumeId.length);
  return text.replace(/[ \0]+$/, "");
}
