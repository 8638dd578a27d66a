// SPDX-License-Identifier: MIT
import { VmguestError, type Where } from "../../../errors.ts";
import type { FileNameCollation, FoldedName } from "../collation.ts";
import { undoFixups } from "../fixup.ts";
import { IndexNode } from "../index-node.ts";
import {
  FIXUP_STRIDE_BYTES,
  FileName,
  INDEX_ENTRY_FLAGS,
  IndexBlockHeader,
  IndexEntryHeader,
  IndexHeader,
  IndexRoot,
} from "../layout.ts";
import { align8 } from "./attribute-encoder.ts";
import { applyFixups } from "./protection.ts";

const CHILD_SIZE = 8;
const USA_OFFSET = 0x28;
const NAME_AT = IndexEntryHeader.sizeBytes + FileName.sizeBytes;

/** An entry as it stands in a leaf: header and key, with no child behind it. Never changed in place once it is in a node. */
export type TreeEntry = Uint8Array;

/** A node of the index of a directory, taken apart. */
export interface TreeNode {
  /** Number of the index block, or undefined for the root. */
  block: number | undefined;
  parent: TreeNode | undefined;
  entries: TreeEntry[];
  /** Blocks of the nodes before each entry and behind the last one; empty in a leaf. */
  children: number[];
  /** Of a block that was read: goes on when the block is written again. */
  updateSequence: number;
  lsn: bigint;
}

/** Sizes that the nodes of one index share. */
export interface NodeFormat {
  readonly blockSizeBytes: number;
  /** Bytes that sub-node numbers count in. */
  readonly vcnSizeBytes: number;
}

/** The entry of a file under one of its names. */
export function encodeEntry(
  reference: { recordNumber: number; sequence: number },
  key: Uint8Array,
): TreeEntry {
  const bytes = new Uint8Array(align8(IndexEntryHeader.sizeBytes + key.length));
  Object.assign(new IndexEntryHeader(new DataView(bytes.buffer)), {
    record: reference.recordNumber,
    sequence: reference.sequence,
    length: bytes.length,
    keyLength: key.length,
    flags: 0,
  });
  bytes.set(key, IndexEntryHeader.sizeBytes);
  return bytes;
}

/** What an entry refers to. */
export function referenceOf(entry: TreeEntry): { recordNumber: number; sequence: number } {
  const { record, sequence } = new IndexEntryHeader(viewOf(entry));
  return { recordNumber: record, sequence };
}

/** The $FILE_NAME in an entry. */
export function keyOf(entry: TreeEntry): FileName {
  return new FileName(viewOf(entry), IndexEntryHeader.sizeBytes);
}

/** The units of an entry's name, for folding. */
export function nameOf(entry: TreeEntry): string {
  const view = viewOf(entry);
  const { nameLength } = keyOf(entry);
  const units = Array.from({ length: nameLength }, (_, unit) => view.getUint16(NAME_AT + unit * 2, true));
  return String.fromCharCode(...units);
}

/** Negative, zero or positive: a name against that of an entry; `exactly` lets the letters as they are break a tie. */
export function compareName(
  collation: FileNameCollation,
  target: FoldedName,
  entry: TreeEntry,
  exactly: boolean,
): number {
  const view = viewOf(entry);
  const length = view.getUint8(IndexEntryHeader.sizeBytes + FileName.offsetOf.nameLength);
  const order = collation.compareFolded(target, view, NAME_AT, length);
  return order === 0 && exactly ? collation.compareRaw(target, view, NAME_AT) : order;
}

/** Bytes that the entries of a node take, with the end entry and the header before them. */
export function sizeOfEntries({ entries, children }: Pick<TreeNode, "entries" | "children">): number {
  const childSize = children.length > 0 ? CHILD_SIZE : 0;
  let size = IndexHeader.sizeBytes + IndexEntryHeader.sizeBytes + childSize;
  for (const entry of entries) size += entry.length + childSize;
  return size;
}

/** What {@link sizeOfEntries} may be in a block. */
export function blockRoom({ blockSizeBytes }: NodeFormat): number {
  return blockSizeBytes - (entriesAt(blockSizeBytes) - IndexHeader.sizeBytes);
}

/** Takes apart the value of an $INDEX_ROOT, or an index block as it lies on disk (a private copy). */
export function decodeNode(
  view: DataView,
  block: number | undefined,
  format: NodeFormat,
  where: Where,
): TreeNode {
  let headerAt: number = IndexRoot.sizeBytes;
  let updateSequence = 0;
  let lsn = 0n;
  if (block !== undefined) {
    const header = new IndexBlockHeader(view);
    if (header.signature !== "INDX") throw damaged("the block does not begin with INDX", where);
    undoFixups(view, "NTFS_INDEX", where);
    updateSequence = view.getUint16(header.usaOffset, true);
    lsn = header.lsn;
    if (header.vcn !== BigInt(vcnOf(block, format)))
      throw damaged("the block says that it belongs elsewhere", where);
    headerAt = IndexBlockHeader.sizeBytes;
  }
  const node: TreeNode = { block, parent: undefined, entries: [], children: [], updateSequence, lsn };
  for (const entry of new IndexNode(view, headerAt, where).entries()) {
    const { childVcn } = entry;
    if (childVcn !== undefined) node.children.push(blockOf(childVcn, format, where));
    if (!entry.isEnd) node.entries.push(encodeEntry(entry, bytesOf(entry.key)));
  }
  if (node.children.length === 0 || node.children.length === node.entries.length + 1) return node;
  throw damaged("some entries have children, and some have none", where);
}

/** An index block as it is to be written. */
export function encodeBlock(node: TreeNode, format: NodeFormat): Uint8Array {
  const { blockSizeBytes } = format;
  const bytes = new Uint8Array(blockSizeBytes);
  const view = new DataView(bytes.buffer);
  Object.assign(new IndexBlockHeader(view), {
    signature: "INDX",
    usaOffset: USA_OFFSET,
    usaCount: blockSizeBytes / FIXUP_STRIDE_BYTES + 1,
    lsn: node.lsn,
    vcn: BigInt(vcnOf(node.block ?? 0, format)),
  });
  view.setUint16(USA_OFFSET, node.updateSequence, true);
  const start = entriesAt(blockSizeBytes);
  encodeEntries(node, format, view, { headerAt: IndexBlockHeader.sizeBytes, start, end: blockSizeBytes });
  applyFixups(view);
  node.updateSequence = view.getUint16(USA_OFFSET, true);
  return bytes;
}

/** The value of an $INDEX_ROOT; `head` is what it began with so far. */
export function encodeRoot(node: TreeNode, format: NodeFormat, head: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(IndexRoot.sizeBytes + sizeOfEntries(node));
  bytes.set(head.subarray(0, IndexRoot.sizeBytes));
  encodeEntries(node, format, new DataView(bytes.buffer), {
    headerAt: IndexRoot.sizeBytes,
    start: IndexRoot.sizeBytes + IndexHeader.sizeBytes,
    end: bytes.length,
  });
  return bytes;
}

function encodeEntries(
  { entries, children }: TreeNode,
  format: NodeFormat,
  view: DataView,
  place: { readonly headerAt: number; readonly start: number; readonly end: number },
): void {
  const bytes = new Uint8Array(view.buffer);
  const hasChildren = children.length > 0;
  const childSize = hasChildren ? CHILD_SIZE : 0;
  const childFlag = hasChildren ? INDEX_ENTRY_FLAGS.hasChild : 0;
  let at = place.start;
  for (let index = 0; index <= entries.length; index++) {
    const entry = entries[index];
    const length = (entry?.length ?? IndexEntryHeader.sizeBytes) + childSize;
    if (entry !== undefined) bytes.set(entry, at);
    const header = new IndexEntryHeader(view, at);
    header.length = length;
    header.flags = childFlag + (entry === undefined ? INDEX_ENTRY_FLAGS.isEnd : 0);
    at += length;
    if (hasChildren) view.setBigUint64(at - CHILD_SIZE, BigInt(vcnOf(children[index] ?? 0, format)), true);
  }
  Object.assign(new IndexHeader(view, place.headerAt), {
    entriesOffset: place.start - place.headerAt,
    indexLength: at - place.headerAt,
    allocatedLength: place.end - place.headerAt,
    flags: hasChildren ? 1 : 0,
  });
}

function vcnOf(block: number, { blockSizeBytes, vcnSizeBytes }: NodeFormat): number {
  return (block * blockSizeBytes) / vcnSizeBytes;
}

function blockOf(vcn: number, { blockSizeBytes, vcnSizeBytes }: NodeFormat, where: Where): number {
  const block = (vcn * vcnSizeBytes) / blockSizeBytes;
  if (Number.isInteger(block)) return block;
  throw damaged(`an entry leads to VCN ${vcn}, where no block begins`, where);
}

/** Where the entries of a block begin: behind its update sequence. */
function entriesAt(blockSizeBytes: number): number {
  return align8(USA_OFFSET + (blockSizeBytes / FIXUP_STRIDE_BYTES + 1) * 2);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function damaged(message: string, where: Where): VmguestError {
  return new VmguestError("NTFS_WRITE_DAMAGED", message, where);
}
