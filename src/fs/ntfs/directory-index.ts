// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../errors.ts";
import { type ByteSource, copyBytes } from "../../io/index.ts";
import type { AttributeSet } from "./attribute.ts";
import { isRecordSize } from "./boot.ts";
import type { FileNameCollation, FoldedName } from "./collation.ts";
import { undoFixups } from "./fixup.ts";
import { type IndexEntry, IndexNode } from "./index-node.ts";
import { ATTRIBUTE, COLLATION, FIXUP_STRIDE_BYTES, IndexBlockHeader, IndexRoot } from "./layout.ts";

const INDEX_NAME = "$I30";
/** Even with two entries in a node, 2^16 names; with the usual forty it is far more than a volume can hold. */
const DEPTH_MAX = 16;
/** NTFS allows 2^32 files; a listing longer than this could only keep other images from being audited. */
const ENTRY_COUNT_MAX = 5_000_000;

export interface DirectoryIndexOptions {
  readonly attributes: AttributeSet;
  readonly collation: FileNameCollation;
  readonly clusterSizeBytes: number;
  /** Path of the directory, for errors. */
  readonly path: string;
}

interface Descent {
  readonly exact: IndexEntry | undefined;
  readonly variant: IndexEntry | undefined;
}

/** The names in a directory: a B+ tree whose root lies in the directory's record, the other nodes in index blocks. */
export class DirectoryIndex {
  readonly #options: DirectoryIndexOptions;
  readonly #root: IndexNode;
  readonly #blockSizeBytes: number;
  readonly #vcnSizeBytes: number;
  #blocks: ByteSource | undefined;

  /** Throws NTFS_ATTRIBUTE_MISSING or NTFS_INDEX where the directory has no index of names. */
  constructor(options: DirectoryIndexOptions) {
    this.#options = options;
    const { value } = options.attributes.require(ATTRIBUTE.indexRoot, INDEX_NAME).first;
    const where = { path: `${options.path}:${INDEX_NAME}:$INDEX_ROOT`, structure: "$INDEX_ROOT", offset: 0 };
    if (value.byteLength < IndexRoot.sizeBytes) throw new VmguestError("NTFS_INDEX", "is too short", where);
    const { indexedType, collation, blockSize } = new IndexRoot(value);
    if (indexedType !== ATTRIBUTE.fileName || collation !== COLLATION.fileName || !isRecordSize(blockSize)) {
      const message = `indexes attribute 0x${indexedType.toString(16)} in order ${collation} in blocks of ${blockSize} bytes: no directory does`;
      throw new VmguestError("NTFS_INDEX", message, where);
    }
    this.#blockSizeBytes = blockSize;
    // Sub-nodes are counted in clusters, or in 512 bytes where a cluster would hold several blocks.
    this.#vcnSizeBytes =
      options.clusterSizeBytes <= blockSize ? options.clusterSizeBytes : FIXUP_STRIDE_BYTES;
    this.#root = new IndexNode(value, IndexRoot.sizeBytes, where);
  }

  /**
   * The entry named exactly so, or else the first one that is the same to Windows. A name is found by descending the
   * tree; the rest of the directory is not read.
   */
  find(name: string): IndexEntry | undefined {
    const { collation } = this.#options;
    const target = collation.fold(name);
    const { exact, variant } = this.#descend(target, ({ view, nameAt }) =>
      collation.compareRaw(target, view, nameAt),
    );
    if (exact !== undefined || variant === undefined) return exact;
    return this.#descend(target, () => -1).variant;
  }

  /** All entries but the end entries, in the order of the tree. */
  *entries(): Generator<IndexEntry, undefined> {
    let count = 0;
    for (const entry of this.#walk(this.#root, 0, new Set())) {
      if (++count > ENTRY_COUNT_MAX) {
        const message = `the directory has more than ${ENTRY_COUNT_MAX} entries`;
        throw new VmguestError("LIMIT_EXCEEDED", message, { path: this.#options.path });
      }
      yield entry;
    }
  }

  /**
   * One way down the tree, to the entry with which `breakTie` is 0 or else to where it would stand. `variant` is the
   * last entry passed that is the same but for case.
   *
   * Such entries stand next to each other, so the way passes at least one of them, if there are any; with a tie always
   * broken to the left, the last one passed is the first of them.
   */
  #descend(target: FoldedName, breakTie: (entry: IndexEntry) => number): Descent {
    const visited = new Set<number>();
    let variant: IndexEntry | undefined;
    let node = this.#root;
    for (let depth = 1; ; depth++) {
      let childVcn: number | undefined;
      for (const entry of node.entries()) {
        let order = entry.isEnd ? -1 : this.#compare(target, entry);
        if (order === 0) {
          variant = entry;
          order = breakTie(entry);
          if (order === 0) return { exact: entry, variant };
        }
        if (order < 0) {
          childVcn = entry.childVcn;
          break;
        }
      }
      if (childVcn === undefined) return { exact: undefined, variant };
      node = this.#child(childVcn, depth, visited);
    }
  }

  #compare(target: FoldedName, { view, nameAt, nameLengthUnits }: IndexEntry): number {
    return this.#options.collation.compareFolded(target, view, nameAt, nameLengthUnits);
  }

  *#walk(node: IndexNode, depth: number, visited: Set<number>): Generator<IndexEntry, undefined> {
    for (const entry of node.entries()) {
      const { childVcn } = entry;
      if (childVcn !== undefined)
        yield* this.#walk(this.#child(childVcn, depth + 1, visited), depth + 1, visited);
      if (!entry.isEnd) yield entry;
    }
  }

  /** The node at `vcn`, unless the tree is deeper than any real one or has led here before. */
  #child(vcn: number, depth: number, visited: Set<number>): IndexNode {
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
    const { attributes, path } = this.#options;
    this.#blocks ??= attributes
      .require(ATTRIBUTE.indexAllocation, INDEX_NAME)
      .open(`${path}:${INDEX_NAME}:$INDEX_ALLOCATION`);
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
    return new IndexNode(view, IndexBlockHeader.sizeBytes, where);
  }

  #where(vcn: number): Where {
    return {
      path: `${this.#options.path}:${INDEX_NAME}:$INDEX_ALLOCATION`,
      structure: `index block at VCN ${vcn}`,
      offset: vcn * this.#vcnSizeBytes,
    };
  }
}
