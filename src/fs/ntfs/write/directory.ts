// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../../errors.ts";
import { AttributeSet } from "../attribute.ts";
import { isRecordSize } from "../boot.ts";
import {
  ATTRIBUTE,
  COLLATION,
  FIXUP_STRIDE_BYTES,
  IndexRoot,
  STANDARD_INFORMATION_VERSION,
  StandardInformation,
} from "../layout.ts";
import { INDEX_NAME, IndexBlocks } from "./index-blocks.ts";
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

/** Header and name of the attributes of an index. */
const ATTRIBUTE_HEAD_SIZE = 0x20;
/** What the allocation's runs and the bitmap may grow by without the root having to give way. */
const ROOT_RESERVE_SIZE = 24;

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
  readonly #blocks: IndexBlocks;
  /** The round of changes that was last written in. */
  #round = 0;
  /**
   * Whether this round's record leads to another tree than the disk's. What is the right place of a name in the one need
   * not be that in the other, so that no block of both may change.
   */
  #leadsElsewhere = false;
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
    this.#blocks = new IndexBlocks(space, record, { path, blockSizeBytes: root.blockSize });
  }

  get names(): NameTree {
    this.#tree ??= new NameTree(
      {
        format: this.format,
        loadRoot: () => decodeNode(this.#rootValue, undefined, this.format, this.#where),
        load: (block) => this.#load(block),
        takeBlock: () => this.#blocks.take(),
        freeBlock: (block) => this.#blocks.free(block),
        rootRoom: () => this.#rootRoom,
      },
      this.#space.context.collation,
    );
    return this.#tree;
  }

  find(name: string): TreeEntry | undefined {
    return this.names.find(name);
  }

  /** An operation begins. Once a fence was set, all that was written before it counts as being on the disk. */
  begin(): void {
    const { round } = this.#space.draft.overlay;
    if (round === this.#round) return;
    this.#round = round;
    this.#leadsElsewhere = false;
    this.#blocks.settle();
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
    this.#blocks.commit();
  }

  /** Takes back what was changed since the last {@link commit}. */
  discard(): void {
    this.#blocks.discard();
    this.#editor = undefined;
    this.#tree = undefined;
  }

  /** The block to be written in place: the only one changed, of the disk's own tree, and inside one page of the disk. */
  #onlyBlockChanged(): TreeNode | undefined {
    const [node, ...others] = this.names.changed;
    if (node?.block === undefined || others.length > 0) return undefined;
    if (this.#leadsElsewhere || this.#blocks.isChanged || this.#blocks.isFresh(node.block)) return undefined;
    return this.#blocks.isInOnePage(node.block) ? node : undefined;
  }

  #writeTree(editor: RecordEditor): void {
    const { names } = this;
    // What could be read before this record is written stays as it is: its nodes move, and so do those above them.
    const moveChanged = () => {
      for (const node of names.changed) {
        const { block } = node;
        if (block === undefined || this.#blocks.isFresh(block)) continue;
        names.move(node, this.#blocks.take());
        this.#blocks.free(block);
      }
    };
    moveChanged();
    this.#updateRecord(editor);
    while (editor.freeBytes < 0) {
      if (names.pushDown()) moveChanged();
      else if (!this.#blocks.moveBitmapOut()) break;
      this.#updateRecord(editor);
    }
    for (const node of names.changed) if (node.block !== undefined) this.#writeBlock(node, "records");
    this.#leadsElsewhere = true;
  }

  #updateRecord(editor: RecordEditor): void {
    const { names, format } = this;
    if (names.changed.has(names.root)) {
      const head = this.#rootValue;
      const value = new Uint8Array(head.buffer, head.byteOffset, head.byteLength);
      editor.setResident(ATTRIBUTE.indexRoot, INDEX_NAME, encodeRoot(names.root, format, value));
    }
    this.#blocks.describe(editor);
  }

  #writeBlock(node: TreeNode, phase: "records" | "index"): void {
    this.#blocks.write(node.block ?? 0, encodeBlock(node, this.format), phase);
  }

  #load(block: number): TreeNode {
    const view = this.#blocks.read(block);
    const offset = block * this.format.blockSizeBytes;
    return decodeNode(view, block, this.format, {
      ...this.#where,
      structure: `index block ${block}`,
      offset,
    });
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
