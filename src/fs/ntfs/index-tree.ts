// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, copyBytes } from "../../io/index.ts";
import type { AttributeSet } from "./attribute.ts";
import { isRecordSize } from "./boot.ts";
import { undoFixups } from "./fixup.ts";
import { type IndexKind, IndexNode } from "./index-node.ts";
import { ATTRIBUTE, FIXUP_STRIDE_BYTES, IndexBlockHeader, IndexRoot } from "./layout.ts";

/** Even with two entries in a node, 2^16 names; with the usual forty it is far more than a volume can hold. */
const DEPTH_MAX = 16;

export interface IndexTreeOptions {
  readonly attributes: AttributeSet;
  /** Name of the index: `$I30` of a directory. */
  readonly name: string;
  readonly kind: IndexKind;
  /** What the index root must say of what is indexed, and in which order. */
  readonly indexedType: number;
  readonly collation: number;
  readonly clusterSizeBytes: number;
  /** Path of the directory or file that has the index, for errors. */
  readonly path: string;
}

/** The nodes of an index: a B+ tree whose root lies in the file's record, the other nodes in index blocks. */
export class IndexTree {
  readonly root: IndexNode;
  readonly #options: IndexTreeOptions;
  readonly #blockSizeBytes: number;
  readonly #vcnSizeBytes: number;
  #blocks: ByteSource | undefined;

  /** Throws NTFS_ATTRIBUTE_MISSING or NTFS_INDEX where there is no such index. */
  constructor(options: IndexTreeOptions) {
    this.#options = options;
    const { attributes, name, kind, path } = options;
    const { value } = attributes.require(ATTRIBUTE.indexRoot, name).first;
    const where = { path: `${path}:${name}:$INDEX_ROOT`, structure: "$INDEX_ROOT", offset: 0 };
    if (value.byteLength < IndexRoot.sizeBytes) throw new VmguestError("NTFS_INDEX", "is too short", where);
    const { indexedType, collation, blockSize } = new IndexRoot(value);
    const isExpected = indexedType === options.indexedType && collation === options.collation;
    if (!isExpected || !isRecordSize(blockSize)) {
      const message = `indexes attribute 0x${indexedType.toString(16)} in order ${collation} in blocks of ${blockSize} bytes: no ${name} does`;
      throw new VmguestError("NTFS_INDEX", message, where);
    }
    this.#blockSizeBytes = blockSize;
    // Sub-nodes are counted in clusters, or in 512 bytes where a cluster would hold several blocks.
    this.#vcnSizeBytes =
      options.clusterSizeBytes <= blockSize ? options.clusterSizeBytes : FIXUP_STRIDE_BYTES;
    this.root = new IndexNode(value, IndexRoot.sizeBytes, where, kind);
  }

  /**
   * The node at `vcn`, `depth` levels below the root, unless the tree is deeper than any real one or has led here
   * before: NTFS_INDEX_LOOP. `visited` belongs to the way or the walk through the tree.
   */
  child(vcn: number, depth: number, visited: Set<number>): IndexNode {
    if (depth > DEPTH_MAX || visited.has(vcn)) {
      const message = visited.has(vcn)
        ? `the tree leads to the node at VCN ${vcn} twice`
        : `the tree is deeper than ${DEPTH_MAX} levels`;
      throw new VmguestError("NTFS_INDEX_LOOP", message, this.#where(vcn));
    }
    visited.add(vcn);
    return this.#readBlock(vcn);
  }

  #readBlock(vcn: number): IndexNode {
    const { attributes, name, kind, path } = this.#options;
    this.#blocks ??= attributes
      .require(ATTRIBUTE.indexAllocation, name)
      .open(`${path}:${name}:$INDEX_ALLOCATION`);
    const where = this.#where(vcn);
    const offset = vcn * this.#vcnSizeBytes;
    if (offset + this.#blockSizeBytes > this.#blocks.sizeBytes) {
      throw new VmguestError("NTFS_INDEX", "the node lies outside $INDEX_ALLOCATION", where);
    }
    const bytes = copyBytes(this.#blocks, offset, this.#blockSizeBytes);
    const view = new DataView(bytes.buffer);
    const header = new IndexBlockHeader(view);
    if (header.signature !== "INDX") throw new VmguestError("NTFS_INDEX", "does not begin with INDX", where);
    undoFixups(view, "NTFS_INDEX", where);
    if (header.vcn !== BigInt(vcn)) {
      throw new VmguestError("NTFS_INDEX", "the block says that it belongs elsewhere", where);
    }
    return new IndexNode(view, IndexBlockHeader.sizeBytes, where, kind);
  }

  #where(vcn: number): Where {
    return {
      path: `${this.#options.path}:${this.#options.name}:$INDEX_ALLOCATION`,
      structure: `index block at VCN ${vcn}`,
      offset: vcn * this.#vcnSizeBytes,
    };
  }
}
