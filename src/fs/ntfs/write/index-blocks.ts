// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../../errors.ts";
import { type Attribute, AttributeSet } from "../attribute.ts";
import type { FileRecord } from "../file-record.ts";
import { ATTRIBUTE } from "../layout.ts";
import { BitStore } from "./bit-store.ts";
import type { ClusterFile } from "./cluster-file.ts";
import type { RecordEditor } from "./record-editor.ts";
import type { Workspace } from "./workspace.ts";

export const INDEX_NAME = "$I30";
/** A large directory grows by at least this share of its blocks, so that its clusters stay together. */
const GROWTH_SHARE = 4;
const GROWTH_BLOCKS_MAX = 64;
/** Every turn adds a block at least, and a byte has eight bits. */
const GROWTH_TURNS_MAX = 9;

/** Where the index blocks of a directory are, and which of them are in use. */
interface Layout {
  readonly file: ClusterFile | undefined;
  readonly count: number;
  /** Clusters of the bitmap; undefined where it stands in the record. */
  readonly bitmapFile: ClusterFile | undefined;
  readonly bitmapBytes: number;
}

/** The index blocks of one directory: reads and writes them, hands out those that nothing uses, and adds more. */
export class IndexBlocks {
  readonly #space: Workspace;
  readonly #where: Where;
  readonly #blockSizeBytes: number;
  readonly #bits: BitStore;
  /** Blocks that the disk does not use so far: nothing on it leads there before the directory's record is written. */
  readonly #fresh = new Set<number>();
  #layout: Layout;
  #before: Layout | undefined;
  #isChanged = false;

  /** Throws NTFS_WRITE_TARGET where the blocks are stored in a way that is not changed, and what damage there is. */
  constructor(space: Workspace, record: FileRecord, { path, blockSizeBytes }: IndexBlocksOptions) {
    this.#space = space;
    this.#where = { path: `${path}:${INDEX_NAME}` };
    this.#blockSizeBytes = blockSizeBytes;
    const attributes = new AttributeSet(record, space.records, space.context.space);
    const allocation = attributes.find(ATTRIBUTE.indexAllocation, INDEX_NAME);
    const bitmap = attributes.find(ATTRIBUTE.bitmap, INDEX_NAME);
    if ((allocation === undefined) !== (bitmap === undefined))
      throw this.#damage("index blocks and bitmap go together");
    if (![allocation, bitmap].every(isWritten))
      throw new VmguestError("NTFS_WRITE_TARGET", "the index is not stored plainly", { path });
    const count = Math.floor((allocation?.sizeBytes ?? 0) / blockSizeBytes);
    const bits = bitmap?.open(`${path}:${INDEX_NAME}:$BITMAP`);
    if (bits !== undefined && bits.sizeBytes * 8 < count)
      throw this.#damage("the bitmap of blocks is too short");
    const fileOf = (type: number) => space.fileOf(record, { type, name: INDEX_NAME });
    this.#layout = {
      file: allocation === undefined ? undefined : fileOf(ATTRIBUTE.indexAllocation),
      count,
      bitmapFile: bitmap === undefined || bitmap.first.isResident ? undefined : fileOf(ATTRIBUTE.bitmap),
      bitmapBytes: bits?.sizeBytes ?? 0,
    };
    const view = bits?.read(0, bits.sizeBytes) ?? new DataView(new ArrayBuffer(0));
    this.#bits = new BitStore(
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice(),
      // A bitmap in the record is written with it.
      (offset, bytes, phase) => this.#layout.bitmapFile?.write(offset, bytes, phase),
    );
    this.#bits.isStoredByBytes = this.#layout.bitmapFile !== undefined;
  }

  get count(): number {
    return this.#layout.count;
  }

  /** Whether the operation under way took or freed any. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Whether nothing on the disk leads to a block yet. */
  isFresh(block: number): boolean {
    return this.#fresh.has(block);
  }

  /** Whether a block lies inside one page of the disk, which is written whole or not at all. */
  isInOnePage(block: number): boolean {
    const { file } = this.#layout;
    const size = this.#blockSizeBytes;
    return file !== undefined && this.#space.tears.isInOnePage(file.stretches(block * size, size));
  }

  /** A block as it lies on the volume, a private copy. Throws NTFS_WRITE_DAMAGED where it is not in use. */
  read(block: number): DataView {
    const { file, count } = this.#layout;
    if (file === undefined || block >= count || !this.#bits.isUsed(block)) {
      const where = { structure: `index block ${block}`, offset: block * this.#blockSizeBytes };
      throw this.#damage("the tree leads to a block that is not in use", where);
    }
    return new DataView(file.read(block * this.#blockSizeBytes, this.#blockSizeBytes).buffer);
  }

  write(block: number, bytes: Uint8Array, phase: "records" | "index"): void {
    this.#layout.file?.write(block * this.#blockSizeBytes, bytes, phase);
  }

  /** A block that nothing uses, not even an image on which the changes were cut short. */
  take(): number {
    let block = this.#bits.nextFree(0, this.#layout.count);
    // New blocks may share a byte of the bitmap with one that was given back.
    for (let turn = 0; block === this.#layout.count && turn < GROWTH_TURNS_MAX; turn++) {
      this.#grow();
      block = this.#bits.nextFree(block, this.#layout.count);
    }
    this.#keepBefore();
    this.#bits.take(block, 1);
    this.#fresh.add(block);
    return block;
  }

  free(block: number): void {
    this.#keepBefore();
    this.#bits.give(block, 1);
  }

  /** Says in the directory's record where the blocks are now. */
  describe(editor: RecordEditor): void {
    const { file, count, bitmapFile, bitmapBytes } = this.#layout;
    if (!this.#isChanged || file === undefined) return;
    const { clusterSizeBytes } = this.#space.geometry;
    editor.setNonResident(ATTRIBUTE.indexAllocation, INDEX_NAME, {
      runs: file.runs,
      clusterSizeBytes,
      dataBytes: count * this.#blockSizeBytes,
    });
    if (bitmapFile === undefined) {
      editor.setResident(ATTRIBUTE.bitmap, INDEX_NAME, this.#bits.bytes);
    } else {
      const value = { runs: bitmapFile.runs, clusterSizeBytes, dataBytes: bitmapBytes };
      editor.setNonResident(ATTRIBUTE.bitmap, INDEX_NAME, value);
    }
  }

  /** Moves the bitmap of blocks from the record into clusters, and tells whether it stood in the record. */
  moveBitmapOut(): boolean {
    const { bitmapFile, bitmapBytes } = this.#layout;
    if (bitmapFile !== undefined || bitmapBytes === 0) return false;
    const { clusterSizeBytes } = this.#space.geometry;
    const file = this.#space.emptyFile.extended(
      this.#space.clusters.take(Math.ceil(bitmapBytes / clusterSizeBytes)),
    );
    file.write(0, new Uint8Array(file.sizeBytes), "data");
    file.write(0, this.#bits.bytes, "data");
    this.#layout = { ...this.#layout, bitmapFile: file };
    this.#bits.isStoredByBytes = true;
    return true;
  }

  /** A fence was set: from here on, the disk leads to all blocks that were taken. */
  settle(): void {
    this.#fresh.clear();
  }

  commit(): void {
    this.#bits.commit();
    this.#before = undefined;
    this.#isChanged = false;
  }

  /** Takes back what was changed since the last {@link commit}. */
  discard(): void {
    this.#bits.discard();
    if (this.#before !== undefined) {
      this.#layout = this.#before;
      this.#bits.cut(this.#before.bitmapBytes);
      this.#bits.isStoredByBytes = this.#before.bitmapFile !== undefined;
    }
    this.#before = undefined;
    this.#isChanged = false;
  }

  #grow(): void {
    this.#keepBefore();
    const size = this.#blockSizeBytes;
    const { clusterSizeBytes } = this.#space.geometry;
    const { file = this.#space.emptyFile, count, bitmapFile, bitmapBytes } = this.#layout;
    const wanted = Math.max(1, Math.min(GROWTH_BLOCKS_MAX, Math.floor(count / GROWTH_SHARE)));
    const clusters = Math.ceil((wanted * size) / clusterSizeBytes);
    const start = count * size;
    // A large cluster holds blocks that were not counted so far.
    const missing = file.sizeBytes - start >= size ? 0 : clusters;
    const grown = file.extended(this.#space.clusters.take(missing, file.nextLcn));
    const total = Math.floor(grown.sizeBytes / size);
    grown.write(start, new Uint8Array((total - count) * size), "data");
    const neededBytes = Math.max(bitmapBytes, Math.ceil(total / 64) * 8);
    this.#layout = {
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

  #keepBefore(): void {
    this.#before ??= this.#layout;
    this.#isChanged = true;
  }

  #damage(message: string, where: Where = {}): VmguestError {
    return new VmguestError("NTFS_WRITE_DAMAGED", message, { ...this.#where, ...where });
  }
}

export interface IndexBlocksOptions {
  readonly path: string;
  readonly blockSizeBytes: number;
}

/** Whether an attribute is stored as it is, to its end; what was never written would not stay what is written there. */
function isWritten(attribute: Attribute | undefined): boolean {
  if (attribute === undefined || attribute.first.isResident) return true;
  const { flags, sizes } = attribute.first;
  return flags === 0 && sizes.initializedBytes === sizes.dataBytes;
}
