// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  decodeNode,
  FIXUP_STRIDE_BYTES,
  type FileRecord,
  IndexRoot,
  type NodeFormat,
  type TreeEntry,
  type TreeNode,
} from "../../fs/structures/index.ts";
import { type ByteSource, copyBytes, MemorySource } from "../../io/index.ts";
import { proofError } from "./proof-error.ts";
import type { VolumeState } from "./volume-state.ts";

export const INDEX_NAME = "$I30";
/** As deep as a reader follows any index. */
const DEPTH_MAX = 16;
const EMPTY = new MemorySource(new Uint8Array(0));

/** The index of a directory, taken apart. */
export interface DirectoryTree {
  readonly format: NodeFormat;
  readonly root: TreeNode;
  /** Nodes in index blocks, by the number of the block. */
  readonly nodes: ReadonlyMap<number, TreeNode>;
  /** All entries in their order, without what leads to other nodes. */
  readonly entries: readonly TreeEntry[];
  /** The index blocks, in use and not. */
  readonly blocks: ByteSource;
  /** Which of them are in use. */
  readonly bitmap: ByteSource;
}

/** Reads the whole index of a directory. Throws what reading it throws, and STAGE_PROOF_INDEX. */
export function readTree(state: VolumeState, record: FileRecord): DirectoryTree {
  const attributes = state.attributesOf(record);
  const { value } = attributes.require(ATTRIBUTE.indexRoot, INDEX_NAME).first;
  const where = { path: "$MFT", structure: `index of FILE record ${record.recordNumber}` };
  const { blockSize } = new IndexRoot(value);
  const { clusterSizeBytes } = state.volume.geometry;
  const format = {
    blockSizeBytes: blockSize,
    vcnSizeBytes: clusterSizeBytes <= blockSize ? clusterSizeBytes : FIXUP_STRIDE_BYTES,
  };
  const blocks = attributes.find(ATTRIBUTE.indexAllocation, INDEX_NAME)?.open("$INDEX_ALLOCATION") ?? EMPTY;
  const bitmap = attributes.find(ATTRIBUTE.bitmap, INDEX_NAME)?.open("$BITMAP") ?? EMPTY;
  const root = decodeNode(value, undefined, format, where);
  const nodes = new Map<number, TreeNode>();
  const entries: TreeEntry[] = [];
  const walk = (node: TreeNode, depth: number): void => {
    if (depth > DEPTH_MAX) throw proofError("STAGE_PROOF_INDEX", "the tree is too deep", where);
    for (let index = 0; index <= node.entries.length; index++) {
      const block = node.children[index];
      if (block !== undefined) {
        if (nodes.has(block)) throw proofError("STAGE_PROOF_INDEX", `two ways lead to block ${block}`, where);
        const bytes = copyBytes(blocks, block * blockSize, blockSize);
        const child = decodeNode(new DataView(bytes.buffer), block, format, {
          ...where,
          offset: block * blockSize,
        });
        nodes.set(block, child);
        walk(child, depth + 1);
      }
      const entry = node.entries[index];
      if (entry !== undefined) entries.push(entry);
    }
  };
  walk(root, 0);
  return { format, root, nodes, entries, blocks, bitmap };
}
