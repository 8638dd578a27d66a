// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import type { DiscTree, Note } from "../tree.ts";
import { FileSetDescriptor, TAG_ID } from "./layout.ts";
import { openVolume } from "./partitions.ts";
import { decodeDstring } from "./text.ts";
import { openRoot } from "./udf-node.ts";
import { readDescriptor } from "./volume.ts";
import { readVolumeStructure } from "./volume-structure.ts";

/**
 * Opens a UDF volume: anchor, volume descriptors, partitions, file set, root.
 *
 * Throws UDF_VOLUME, UDF_TAG, UDF_ALLOCATION, UDF_FILE_ENTRY or DISC_TRUNCATED where it is damaged, and UDF_UNSUPPORTED
 * for kinds of partitions that are not read.
 */
export function openUdf(source: ByteSource, note: Note): DiscTree {
  const structure = readVolumeStructure(source, note);
  const volume = openVolume(source, structure, note);
  const { logicalVolume, partitions, blockSizeBytes } = structure;
  const { fileSet } = logicalVolume;
  const { view } = readDescriptor(volume, fileSet, FileSetDescriptor.structName, [TAG_ID.fileSet]);
  const ends = [...partitions.values()].map(({ startBlock, blockCount }) => startBlock + blockCount);
  return {
    kind: "udf",
    label: decodeDstring(logicalVolume.label),
    root: openRoot(volume, new FileSetDescriptor(view).root),
    endOffset: Math.max(...ends) * blockSizeBytes,
  };
}
