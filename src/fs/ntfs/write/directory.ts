// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../../errors.ts";
import { CHANGE_PAGE_BYTES } from "../../../io/index.ts";
import { type Attribute, AttributeSet } from "../attribute.ts";
import { isRecordSize } from "../boot.ts";
import {
  ATTRIBUTE,
  COLLATION,
  FIXUP_STRIDE_BYTES,
  IndexRoot,
  STANDARD_INFORMATION_VERSION,
  StandardInformation,
} from "../layout.ts";
import { BitStore } from "./bit-store.ts";
import type { ClusterFile } from "./cluster-file.ts";
import { NameTree } from "./name-tree.ts";
import type { RecordEditor } from "./record-editor.ts";
import {
  decodeNode,
  encodeBlock,
  encodeRoot,
  type NodeFormat,
  type TreeEntry,
  type TreeNode,
} from "./tree-node.ts";
import type { Workspace } from "./workspace.ts";

const INDEX_NAME = "$I30";
/** A large directory grows by at least this share of its blocks, so that its clusters stay together. */
const GROWTH_SHARE = 4;
const GROWTH_BLOCKS_MAX = 64;
/** Every turn adds a block at least, and a byte has eight bits. */
const GROWTH_TURNS_MAX = 9;
/** Header and name of the attributes of an index. */
const ATTRIBUTE_HEAD_SIZE = 0x20;
/** What the allocation's runs and the bitmap may grow by without the root having to give way. */
const ROOT_RESERVE_SIZE = 24;

/** Where the index blocks of a directory are, and which of them are in use. */
interface Blocks {
  readonly file: ClusterFile | undefined;
  readonly count: number;
  /** Clusters of the bitmap; undefined where it stands in the record. */
  readonly bitmapFile: ClusterFile | undefined;
  readonly bitmapBytes: number;
}

/**
 * A directory whose names are changed.
 *
 * A change of one block is written in place: a page of 4 KiB, old or new. Any other change writes the new nodes to blocks
 * that nothing uses, up to the root, and the directory's FILE record then leads from the old tree to the new one in one
 * write, with allocation and bitmap. So at no moment is a name out of reach, whichever pages have reached the disk.
 */
export class Directory {
  readonly recordNumber: number;
  readonly sequence: number;
  readonly format: NodeFormat;
  readonly #space: Workspace;
  readonly #where: Where;
  readonly #bits: BitStore;
  /** Blocks that the volume did not use when it was opened: nothing on it leads there before this record is written. */
  readonly #fresh = new Set<number>();
  #blocks: Blocks;
  #before: Blocks | undefined;
  #blocksChanged = false;
  #editor: RecordEditor | undefined;
  #tree: NameTree | undefined;

  /** Throws NTFS_WRITE_TARGET where the directory is stored in a way that is not changed, and what damage there is. */
  constructor(space: Workspace, recordNumber: number, path: string) {
    this.#space = space;
    this.recordNumber = recordNumber;
    this.#where = { path: `${path}:${INDEX_NAME}` };
    const { clusterSizeBytes } = space.geometry;
    const record = space.records.record(recordNumber);
    this.sequence = record.header.sequence;
    const refuse = (message: string) => new VmguestError("NTFS_WRITE_TARGET", message, { path });
    const has = (type: number) => record.attributes.some((attribute) => attribute.type === type);
    if (!record.isDirectory || !record.isInUse || !record.isBase) {
      throw new VmguestError("NTFS_NOT_A_DIRECTORY", "is not a directory", { path });
    }
    if (has(ATTRIBUTE.attributeList)) throw refuse("the directory takes several FILE records");
    if (has(ATTRIBUTE.reparsePoint)) throw refuse("the directory is a reparse point");
    const attributes = new AttributeSet(record, space.records, space.context.space);
    const information = new StandardInformation(
      attributes.require(ATTRIBUTE.standardInformation).first.value,
    );
    if (information.version === STANDARD_INFORMATION_VERSION.caseSensitive) {
      throw refuse("the directory distinguishes names that differ in case");
    }
    const root = new IndexRoot(attributes.require(ATTRIBUTE.indexRoot, INDEX_NAME).first.value);
    if (
      root.indexedType !== ATTRIBUTE.fileName ||
      root.collation !== COLLATION.fileName ||
      !isRecordSize(root.blockSize)
    ) {
      throw this.#damage("the index root is not that of a directory");
    }
    this.format = {
      blockSizeBytes: root.blockSize,
      vcnSizeBytes: clusterSizeBytes <= root.blockSize ? clusterSizeBytes : FIXUP_STRIDE_BYTES,
    };
    const allocation = attributes.find(ATTRIBUTE.indexAllocation, INDEX_NAME);
    const bitmap = attributes.find(ATTRIBUTE.bitmap, INDEX_NAME);
    if ((allocation === undefined) !== (bitmap === undefined))
      throw this.#damage("index blocks and bitmap go together");
    if (![allocation, bitmap].every(isWritten)) throw refuse("the index is not stored plainly");
    const count = Math.floor((allocation?.sizeBytes ?? 0) / root.blockSize);
    const bits = bitmap?.open(`${path}:${INDEX_NAME}:$BITMAP`);
    if (bits !== undefined && bits.sizeBytes * 8 < count)
      throw this.#damage("the bitmap of blocks is too short");
    const fileOf = (type: number) => space.fileOf(record, { type, name: INDEX_NAME });
    this.#blocks = {
      file: allocation === undefined ? undefined : fileOf(ATTRIBUTE.indexAllocation),
      count,
      bitmapFile: bitmap === undefined || bitmap.first.isResident ? undefined : fileOf(ATTRIBUTE.bitmap),
      bitmapBytes: bits?.sizeBytes ?? 0,
    };
    const view = bits?.read(0, bits.sizeBytes) ?? new DataView(new ArrayBuffer(0));
    this.#bits = new BitStore(
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice(),
      // A bitmap in the record is written with it.
      (offset, bytes, phase) => this.#blocks.bitmapFile?.write(offset, bytes, phase),
    );
    this.#bits.isStoredByBytes = this.#blocks.bitmapFile !== undefined;
  }

  get names(): NameTree {
    this.#tree ??= new NameTree(
      {
        format: this.format,
        loadRoot: () => decodeNode(this.#rootValue, undefined, this.format, this.#where),
        load: (block) => this.#load(block),
        takeBlock: () => this.#takeBlock(),
        freeBlock: (block) => this.#freeBlock(block),
        rootRoom: () => this.#rootRoom,
      },
      this.#space.context.collation,
    );
    return this.#tree;
  }

  find(name: string): TreeEntry | undefined {
    return this.names.find(name);
  }

  /** Writes what was changed; `time` is when the directory's own record says that happened, where it should say so. */
  write(time?: bigint): void {
    const { changed } = this.names;
    const editor = this.#record;
    if (time !== undefined) {
      editor.updateValue(ATTRIBUTE.standardInformation, (value) => {
        Object.assign(new StandardInformation(value), { modified: time, changed: time });
      });
    }
    const inPlace = this.#onlyBlockChanged();
    if (inPlace !== undefined) this.#writeBlock(inPlace, "index");
    else this.#writeTree(editor);
    changed.clear();
    if (time !== undefined || inPlace === undefined) this.#space.records.write(editor, "index");
  }

  commit(): void {
    this.#bits.commit();
    this.#before = undefined;
    this.#blocksChanged = false;
  }

  /** Takes back what was changed since the last {@link commit}. */
  discard(): void {
    this.#bits.discard();
    if (this.#before !== undefined) {
      this.#blocks = this.#before;
      this.#bits.cut(this.#before.bitmapBytes);
      this.#bits.isStoredByBytes = this.#before.bitmapFile !== undefined;
    }
    this.#before = undefined;
    this.#blocksChanged = false;
    this.#editor = undefined;
    this.#tree = undefined;
  }

  /** The block to be written in place: the only one changed, in use before, and inside one page of the disk. */
  #onlyBlockChanged(): TreeNode | undefined {
    const [node, ...others] = this.names.changed;
    if (
      node?.block === undefined ||
      others.length > 0 ||
      this.#blocksChanged ||
      this.#fresh.has(node.block)
    ) {
      return undefined;
    }
    const { blockSizeBytes } = this.format;
    const [stretch, ...more] =
      this.#blocks.file?.stretches(node.block * blockSizeBytes, blockSizeBytes) ?? [];
    if (stretch === undefined || more.length > 0) return undefined;
    return (stretch.offset % CHANGE_PAGE_BYTES) + blockSizeBytes <= CHANGE_PAGE_BYTES ? node : undefined;
  }

  #writeTree(editor: RecordEditor): void {
    const { names } = this;
    // What could be read before this record is written stays as it is: its nodes move, and so do those above them.
    const moveChanged = () => {
      for (const node of names.changed) {
        const { block } = node;
        if (block === undefined || this.#fresh.has(block)) continue;
        names.move(node, this.#takeBlock());
        this.#freeBlock(block);
      }
    };
    moveChanged();
    this.#updateRecord(editor);
    while (editor.freeBytes < 0) {
      if (names.pushDown()) moveChanged();
      else if (!this.#moveBitmapOut()) break;
      this.#updateRecord(editor);
    }
    for (const node of names.changed) if (node.block !== undefined) this.#writeBlock(node, "records");
  }

  #updateRecord(editor: RecordEditor): void {
    const { names, format } = this;
    const { clusterSizeBytes } = this.#space.geometry;
    const { file, count, bitmapFile, bitmapBytes } = this.#blocks;
    if (names.changed.has(names.root)) {
      const head = this.#rootValue;
      const value = new Uint8Array(head.buffer, head.byteOffset, head.byteLength);
      editor.setResident(ATTRIBUTE.indexRoot, INDEX_NAME, encodeRoot(names.root, format, value));
    }
    if (!this.#blocksChanged || file === undefined) return;
    editor.setNonResident(ATTRIBUTE.indexAllocation, INDEX_NAME, {
      runs: file.runs,
      clusterSizeBytes,
      dataBytes: count * format.blockSizeBytes,
    });
    if (bitmapFile === undefined) {
      editor.setResident(ATTRIBUTE.bitmap, INDEX_NAME, this.#bits.bytes);
    } else {
      const value = { runs: bitmapFile.runs, clusterSizeBytes, dataBytes: bitmapBytes };
      editor.setNonResident(ATTRIBUTE.bitmap, INDEX_NAME, value);
    }
  }

  #writeBlock(node: TreeNode, phase: "records" | "index"): void {
    const bytes = encodeBlock(node, this.format);
    this.#blocks.file?.write((node.block ?? 0) * this.format.blockSizeBytes, bytes, phase);
  }

  #load(block: number): TreeNode {
    const { blockSizeBytes } = this.format;
    const { file, count } = this.#blocks;
    const offset = block * blockSizeBytes;
    const where = { ...this.#where, structure: `index block ${block}`, offset };
    if (file === undefined || block >= count || !this.#bits.isUsed(block)) {
      throw new VmguestError("NTFS_WRITE_DAMAGED", "the tree leads to a block that is not in use", where);
    }
    return decodeNode(new DataView(file.read(offset, blockSizeBytes).buffer), block, this.format, where);
  }

  #takeBlock(): number {
    let block = this.#bits.nextFree(0, this.#blocks.count);
    // New blocks may share a byte of the bitmap with one that was given back.
    for (let turn = 0; block === this.#blocks.count && turn < GROWTH_TURNS_MAX; turn++) {
      this.#grow();
      block = this.#bits.nextFree(block, this.#blocks.count);
    }
    this.#keepBefore();
    this.#bits.take(block, 1);
    this.#fresh.add(block);
    return block;
  }

  #freeBlock(block: number): void {
    this.#keepBefore();
    this.#bits.give(block, 1);
  }

  #grow(): void {
    this.#keepBefore();
    const { blockSizeBytes } = this.format;
    const { clusterSizeBytes } = this.#space.geometry;
    const { file = this.#space.emptyFile, count, bitmapFile, bitmapBytes } = this.#blocks;
    const wanted = Math.max(1, Math.min(GROWTH_BLOCKS_MAX, Math.floor(count / GROWTH_SHARE)));
    const clusters = Math.ceil((wanted * blockSizeBytes) / clusterSizeBytes);
    const start = count * blockSizeBytes;
    // A large cluster holds blocks that were not counted so far.
    const missing = file.sizeBytes - start >= blockSizeBytes ? 0 : clusters;
    const grown = file.extended(this.#space.clusters.take(missing, file.nextLcn));
    const total = Math.floor(grown.sizeBytes / blockSizeBytes);
    grown.write(start, new Uint8Array((total - count) * blockSizeBytes), "data");
    const neededBytes = Math.max(bitmapBytes, Math.ceil(total / 64) * 8);
    this.#blocks = {
      file: grown,
      count: total,
      bitmapFile: bitmapFile && this.#growBitmap(bitmapFile, bitmapBytes, neededBytes),
      bitmapBytes: neededBytes,
    };
    this.#bits.grow(neededBytes);
  }

  #growBitmap(file: ClusterFile, fromBytes: number, toBytes: number): ClusterFile {
    const { clusterSizeBytes } = this.#space.geometry;
    const missing = Math.ceil(Math.max(0, toBytes - file.sizeBytes) / clusterSizeBytes);
    const grown = file.extended(this.#space.clusters.take(missing, file.nextLcn));
    if (toBytes > fromBytes) grown.write(fromBytes, new Uint8Array(toBytes - fromBytes), "data");
    return grown;
  }

  /** Moves the bitmap of blocks from the record into clusters, and tells whether it stood in the record. */
  #moveBitmapOut(): boolean {
    const { bitmapFile, bitmapBytes } = this.#blocks;
    if (bitmapFile !== undefined || bitmapBytes === 0) return false;
    const { clusterSizeBytes } = this.#space.geometry;
    const file = this.#space.emptyFile.extended(
      this.#space.clusters.take(Math.ceil(bitmapBytes / clusterSizeBytes)),
    );
    file.write(0, new Uint8Array(file.sizeBytes), "data");
    file.write(0, this.#bits.bytes, "data");
    this.#blocks = { ...this.#blocks, bitmapFile: file };
    this.#bits.isStoredByBytes = true;
    return true;
  }

  #keepBefore(): void {
    this.#before ??= this.#blocks;
    this.#blocksChanged = true;
  }

  get #record(): RecordEditor {
    this.#editor ??= this.#space.records.edit(this.recordNumber);
    return this.#editor;
  }

  get #rootValue(): DataView {
    const root = this.#record.find(ATTRIBUTE.indexRoot, INDEX_NAME);
    if (root === undefined) throw this.#damage("the directory has no index root");
    return root.value;
  }

  get #rootRoom(): number {
    const used = ATTRIBUTE_HEAD_SIZE + IndexRoot.sizeBytes;
    const length = this.#record.find(ATTRIBUTE.indexRoot, INDEX_NAME)?.view.byteLength ?? 0;
    const reserve = this.#blocks.count === 0 ? 0 : ROOT_RESERVE_SIZE;
    return this.#record.freeBytes + length - used - reserve;
  }

  #damage(message: string): VmguestError {
    return new VmguestError("NTFS_WRITE_DAMAGED", message, this.#where);
  }
}

/** Whether an attribute is stored as it is, to its end; what was never written would not stay what is written there. */
function isWritten(attribute: Attribute | undefined): boolean {
  if (attribute === undefined || attribute.first.isResident) return true;
  const { flags, sizes } = attribute.first;
  return flags === 0 && sizes.initializedBytes === sizes.dataBytes;
}
