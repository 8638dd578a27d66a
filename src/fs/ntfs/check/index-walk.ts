// SPDX-License-Identifier: MIT
import { type Code, VmguestError, type Where } from "../../../errors.ts";
import { type ByteSource, copyBytes, ReadAhead, readBytes } from "../../../io/index.ts";
import type { AttributeSet } from "../attribute.ts";
import { undoFixups } from "../fixup.ts";
import { type IndexEntry, IndexNode } from "../index-node.ts";
import {
  ATTRIBUTE,
  COLLATION,
  FIXUP_STRIDE_BYTES,
  FileName,
  IndexBlockHeader,
  IndexEntryHeader,
  IndexHeader,
  IndexRoot,
} from "../layout.ts";
import { hasBit, setBit } from "./bits.ts";
import type { VolumeCheck } from "./volume-check.ts";

const INDEX_NAME = "$I30";
const DEPTH_MAX = 16;
/** Index blocks of one directory that are kept track of: 2 MiB of bits, and 64 GiB of index. */
const BLOCK_COUNT_MAX = 2 ** 24;
const HAS_CHILDREN = 1;
/** Index blocks lie about in the order in which the directory grew, so that all of a small directory is read at once. */
const READ_AHEAD = { pageSizeBytes: 64 * 1024, capacityBytes: 4 * 1024 * 1024 };

/**
 * Goes through the whole index of a directory, node by node, and checks the nodes on the way.
 *
 * A node that cannot be read is a finding, and the walk goes on beside it.
 */
export class IndexWalk {
  readonly #check: VolumeCheck;
  readonly #recordNumber: number;
  readonly #attributes: AttributeSet;
  readonly #visited: Uint8Array;
  #blocks: ByteSource | undefined;
  #bitmap: Uint8Array | undefined;
  #blockSizeBytes = 0;
  #vcnSizeBytes = 0;
  /** Whether every node was read so far. */
  isWhole = true;

  /** Throws where the directory has no index that could be walked. */
  constructor(check: VolumeCheck, recordNumber: number, attributes: AttributeSet) {
    this.#check = check;
    this.#recordNumber = recordNumber;
    this.#attributes = attributes;
    this.#readRoot();
    this.#openBlocks();
    this.#visited = new Uint8Array(Math.ceil(this.#blockCount / 8));
  }

  /** All entries but the end entries, in the order of the tree. */
  *entries(): Generator<IndexEntry, undefined> {
    const { value } = this.#attributes.require(ATTRIBUTE.indexRoot, INDEX_NAME).first;
    yield* this.#walk(value, IndexRoot.sizeBytes, this.#where("$INDEX_ROOT", 0), 0);
    if (this.isWhole) this.#checkUnreachable();
  }

  get #blockCount(): number {
    const sizeBytes = this.#blocks?.sizeBytes ?? 0;
    return Math.min(BLOCK_COUNT_MAX, Math.floor(sizeBytes / this.#blockSizeBytes));
  }

  #readRoot(): void {
    const { clusterSizeBytes } = this.#check.geometry;
    const { value } = this.#attributes.require(ATTRIBUTE.indexRoot, INDEX_NAME).first;
    const where = this.#where("$INDEX_ROOT", 0);
    if (value.byteLength < IndexRoot.sizeBytes + IndexHeader.sizeBytes) {
      throw new VmguestError("NTFS_INDEX", "is too short", where);
    }
    const { indexedType, collation, blockSize, clustersPerBlock } = new IndexRoot(value);
    const isSize =
      blockSize >= FIXUP_STRIDE_BYTES && blockSize <= 65536 && Number.isInteger(Math.log2(blockSize));
    if (indexedType !== ATTRIBUTE.fileName || collation !== COLLATION.fileName || !isSize) {
      const message = `indexes attribute 0x${indexedType.toString(16)} in order ${collation} in blocks of ${blockSize} bytes: no directory does`;
      throw new VmguestError("NTFS_INDEX", message, where);
    }
    this.#blockSizeBytes = blockSize;
    this.#vcnSizeBytes = clusterSizeBytes <= blockSize ? clusterSizeBytes : FIXUP_STRIDE_BYTES;
    if (clustersPerBlock !== blockSize / this.#vcnSizeBytes) {
      const message = `says a block of ${blockSize} bytes takes ${clustersPerBlock} clusters`;
      this.#add("NTFS_INDEX_ROOT", message, where);
    }
  }

  #openBlocks(): void {
    const allocation = this.#attributes.find(ATTRIBUTE.indexAllocation, INDEX_NAME);
    const bitmap = this.#attributes.find(ATTRIBUTE.bitmap, INDEX_NAME);
    if (allocation === undefined) return;
    this.#blocks = new ReadAhead(allocation.open(`${INDEX_NAME}:$INDEX_ALLOCATION`), READ_AHEAD);
    const where = this.#where("$BITMAP", 0);
    if (bitmap === undefined) {
      this.#add("NTFS_INDEX_PARTS", "has index blocks, but no bitmap of them", where);
      return;
    }
    const source = bitmap.open(`${INDEX_NAME}:$BITMAP`);
    const neededBytes = Math.ceil(this.#blockCount / 8);
    if (source.sizeBytes < neededBytes) {
      const message = `the bitmap has ${source.sizeBytes} bytes, where ${this.#blockCount} blocks need ${neededBytes}`;
      this.#add("NTFS_INDEX_PARTS", message, where);
    } else {
      this.#bitmap = readBytes(source, 0, neededBytes);
    }
  }

  /** The entries below one node. `view` holds an index header at `headerAt`. */
  *#walk(view: DataView, headerAt: number, where: Where, depth: number): Generator<IndexEntry, undefined> {
    let previousEnd = 0;
    const childFlags = { any: false, all: true };
    try {
      for (const entry of new IndexNode(view, headerAt, where).entries()) {
        const { childVcn } = entry;
        childFlags.any ||= childVcn !== undefined;
        childFlags.all &&= childVcn !== undefined;
        if (childVcn !== undefined) yield* this.#walkChild(childVcn, depth + 1);
        if (!entry.isEnd) yield entry;
        previousEnd = endOf(entry);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#checkHeader(view, headerAt, where, { end: previousEnd, ...childFlags });
  }

  *#walkChild(vcn: number, depth: number): Generator<IndexEntry, undefined> {
    const where = this.#where(`index block at VCN ${vcn}`, vcn * this.#vcnSizeBytes);
    let view: DataView;
    try {
      view = this.#readBlock(vcn, depth, where);
    } catch (error) {
      this.#fail(error);
      return;
    }
    yield* this.#walk(view, IndexBlockHeader.sizeBytes, where, depth);
  }

  /** Fails as reading does; besides, the block's bit must be set. */
  #readBlock(vcn: number, depth: number, where: Where): DataView {
    if (this.#blocks === undefined) {
      throw new VmguestError(
        "NTFS_INDEX_PARTS",
        "a node has children, but the directory has no index blocks",
        where,
      );
    }
    const offset = vcn * this.#vcnSizeBytes;
    const block = Math.floor(offset / this.#blockSizeBytes);
    if (block >= this.#blockCount || offset % this.#blockSizeBytes !== 0) {
      throw new VmguestError("NTFS_INDEX", "there is no index block in this place", where);
    }
    if (depth > DEPTH_MAX || hasBit(this.#visited, block)) {
      const message =
        depth > DEPTH_MAX ? `the tree is deeper than ${DEPTH_MAX} levels` : "the tree leads here twice";
      throw new VmguestError("NTFS_INDEX_LOOP", message, where);
    }
    setBit(this.#visited, block);
    if (this.#bitmap !== undefined && !hasBit(this.#bitmap, block)) {
      this.#add("NTFS_INDEX_BITMAP", "is in the tree, but marked free", where);
    }
    const bytes = copyBytes(this.#blocks, offset, this.#blockSizeBytes);
    const view = new DataView(bytes.buffer);
    const { signature, vcn: ownVcn } = new IndexBlockHeader(view);
    if (signature !== "INDX") throw new VmguestError("NTFS_INDEX", "does not begin with INDX", where);
    undoFixups(view, "NTFS_INDEX", where);
    if (ownVcn !== BigInt(vcn)) {
      throw new VmguestError("NTFS_INDEX", `says that it is the block at VCN ${ownVcn}`, where);
    }
    return view;
  }

  /** What the node's header says of entries that were found sound. */
  #checkHeader(
    view: DataView,
    headerAt: number,
    where: Where,
    found: { end: number; any: boolean; all: boolean },
  ): void {
    const { indexLength, allocatedLength, flags } = new IndexHeader(view, headerAt);
    if (found.end !== headerAt + indexLength) {
      const message = `says the entries end at 0x${indexLength.toString(16)}, but they end at 0x${(found.end - headerAt).toString(16)}`;
      this.#add("NTFS_INDEX_HEADER", message, where);
    }
    if (allocatedLength !== view.byteLength - headerAt) {
      const message = `says it has room for ${allocatedLength} bytes, but has ${view.byteLength - headerAt}`;
      this.#add("NTFS_INDEX_HEADER", message, where);
    }
    if (found.any !== found.all || found.all !== ((flags & HAS_CHILDREN) !== 0)) {
      const message = `the node flag is ${flags & HAS_CHILDREN}, and ${found.all ? "all" : found.any ? "some" : "no"} entries have children`;
      this.#add("NTFS_INDEX_NODE_FLAG", message, where);
    }
  }

  #checkUnreachable(): void {
    const bitmap = this.#bitmap;
    if (bitmap === undefined) return;
    for (let block = 0; block < this.#blockCount; block++) {
      if (!hasBit(bitmap, block) || hasBit(this.#visited, block)) continue;
      const offset = block * this.#blockSizeBytes;
      const vcn = offset / this.#vcnSizeBytes;
      const where = this.#where(`index block at VCN ${vcn}`, offset);
      this.#add("NTFS_INDEX_UNREACHABLE", "is marked used, but no node leads to it", where);
    }
  }

  #fail(error: unknown): void {
    if (!(error instanceof VmguestError)) throw error;
    this.isWhole = false;
    this.#check.addError(error, this.#recordNumber);
  }

  #add(code: Code, message: string, where: Where): void {
    this.#check.addOf(this.#recordNumber, code, message, where);
  }

  #where(structure: string, offset: number): Where {
    return { path: `FILE record ${this.#recordNumber}:${INDEX_NAME}`, structure, offset };
  }
}

/** Where an entry ends in its node: its name stands at a fixed distance from its start. */
function endOf({ view, nameAt }: IndexEntry): number {
  const at = nameAt - FileName.sizeBytes - IndexEntryHeader.sizeBytes;
  return at + new IndexEntryHeader(view, at).length;
}
