// SPDX-License-Identifier: MIT
import {
  ATTRIBUTE,
  COLLATION,
  FIXUP_STRIDE_BYTES,
  INDEX_ENTRY_FLAGS,
  IndexBlockHeader,
  IndexEntryHeader,
  IndexHeader,
  IndexRoot,
  ViewEntryHeader,
} from "../../../src/fs/ntfs/layout.ts";
import { align8 } from "./attributes.ts";
import { applyFixups, concat } from "./records.ts";

export interface LabIndexEntry {
  readonly key: Uint8Array;
  readonly recordNumber: number;
  readonly sequence: number;
  /** What an entry of a view index has in place of a file. */
  readonly data?: Uint8Array;
}

export interface IndexFormat {
  readonly blockSizeBytes: number;
  readonly clusterSizeBytes: number;
  /** Bytes of entries that may stand in the root. */
  readonly rootRoomBytes: number;
  /** Entries in a node, to make deep trees of few names. */
  readonly fanOut?: number;
  readonly indexedType?: number;
  readonly collation?: number;
}

export interface LabIndex {
  readonly root: Uint8Array;
  /** The index blocks one after the other; empty where the root holds everything. */
  readonly blocks: Uint8Array;
}

interface Node {
  readonly entries: readonly { readonly entry: LabIndexEntry; readonly childVcn: number | undefined }[];
  /** Child of the end entry. */
  readonly endVcn: number | undefined;
}

const USA_OFFSET = 0x28;

/** Lays sorted entries out as a tree, level by level: full nodes, and between two of them one entry moves up. */
export function encodeIndex(sorted: readonly LabIndexEntry[], format: IndexFormat): LabIndex {
  const blocks: Uint8Array[] = [];
  let level: Node = { entries: sorted.map((entry) => ({ entry, childVcn: undefined })), endVcn: undefined };
  while (!fits(level, format.rootRoomBytes, format.fanOut)) level = splitLevel(level, blocks, format);
  return { root: encodeRoot(level, format, blocks.length > 0), blocks: concat(blocks) };
}

/** Cuts a level into blocks and gives the level above them. */
function splitLevel(level: Node, blocks: Uint8Array[], format: IndexFormat): Node {
  const room = format.blockSizeBytes - entriesAt(format.blockSizeBytes);
  const above: { entry: LabIndexEntry; childVcn: number }[] = [];
  let current: Node["entries"][number][] = [];
  for (const [index, item] of level.entries.entries()) {
    if (fits({ entries: [...current, item], endVcn: 0 }, room, format.fanOut)) {
      current.push(item);
      continue;
    }
    const isLast = index === level.entries.length - 1;
    // The last node must not stay empty, so it takes the item, and the one before goes up.
    const separator = isLast ? current.pop() : item;
    if (separator === undefined) throw new RangeError("an index block is too small for two names");
    const childVcn = addBlock({ entries: current, endVcn: separator.childVcn }, blocks, format);
    above.push({ entry: separator.entry, childVcn });
    current = isLast ? [item] : [];
  }
  return { entries: above, endVcn: addBlock({ entries: current, endVcn: level.endVcn }, blocks, format) };
}

function addBlock(node: Node, blocks: Uint8Array[], format: IndexFormat): number {
  const { blockSizeBytes, clusterSizeBytes } = format;
  const vcnSizeBytes = clusterSizeBytes <= blockSizeBytes ? clusterSizeBytes : FIXUP_STRIDE_BYTES;
  const vcn = (blocks.length * blockSizeBytes) / vcnSizeBytes;
  const bytes = new Uint8Array(blockSizeBytes);
  const view = new DataView(bytes.buffer);
  const usaCount = blockSizeBytes / FIXUP_STRIDE_BYTES + 1;
  Object.assign(new IndexBlockHeader(view), {
    signature: "INDX",
    usaOffset: USA_OFFSET,
    usaCount,
    lsn: 1n,
    vcn: BigInt(vcn),
  });
  const at = entriesAt(blockSizeBytes);
  const entries = encodeEntries(node);
  bytes.set(entries, at);
  writeHeader(view, IndexBlockHeader.sizeBytes, {
    entriesAt: at,
    end: at + entries.length,
    room: blockSizeBytes,
    isInner: node.endVcn !== undefined,
  });
  applyFixups(view, USA_OFFSET);
  blocks.push(bytes);
  return vcn;
}

function encodeRoot(node: Node, format: IndexFormat, hasBlocks: boolean): Uint8Array {
  const { blockSizeBytes, clusterSizeBytes } = format;
  const at = IndexRoot.sizeBytes + IndexHeader.sizeBytes;
  const entries = encodeEntries(node);
  const bytes = new Uint8Array(at + entries.length);
  const view = new DataView(bytes.buffer);
  Object.assign(new IndexRoot(view), {
    indexedType: format.indexedType ?? ATTRIBUTE.fileName,
    collation: format.collation ?? COLLATION.fileName,
    blockSize: blockSizeBytes,
    clustersPerBlock:
      blockSizeBytes / (clusterSizeBytes <= blockSizeBytes ? clusterSizeBytes : FIXUP_STRIDE_BYTES),
  });
  bytes.set(entries, at);
  writeHeader(view, IndexRoot.sizeBytes, {
    entriesAt: at,
    end: bytes.length,
    room: bytes.length,
    isInner: hasBlocks,
  });
  return bytes;
}

function writeHeader(
  view: DataView,
  at: number,
  place: { entriesAt: number; end: number; room: number; isInner: boolean },
): void {
  Object.assign(new IndexHeader(view, at), {
    entriesOffset: place.entriesAt - at,
    indexLength: place.end - at,
    allocatedLength: place.room - at,
    flags: place.isInner ? 1 : 0,
  });
}

function encodeEntries({ entries, endVcn }: Node): Uint8Array {
  const end = encodeEntry(undefined, endVcn);
  return concat([...entries.map(({ entry, childVcn }) => encodeEntry(entry, childVcn)), end]);
}

function encodeEntry(entry: LabIndexEntry | undefined, childVcn: number | undefined): Uint8Array {
  const keyLength = entry?.key.length ?? 0;
  const data = entry?.data ?? new Uint8Array(0);
  const bytes = new Uint8Array(entrySize(keyLength + data.length, childVcn));
  const view = new DataView(bytes.buffer);
  const isEnd = entry === undefined ? INDEX_ENTRY_FLAGS.isEnd : 0;
  Object.assign(new IndexEntryHeader(view), {
    record: entry?.recordNumber ?? 0,
    sequence: entry?.sequence ?? 0,
    length: bytes.length,
    keyLength,
    flags: isEnd + (childVcn === undefined ? 0 : INDEX_ENTRY_FLAGS.hasChild),
  });
  bytes.set(entry?.key ?? [], IndexEntryHeader.sizeBytes);
  if (entry?.data !== undefined) {
    const dataOffset = IndexEntryHeader.sizeBytes + keyLength;
    Object.assign(new ViewEntryHeader(view), { dataOffset, dataLength: data.length });
    bytes.set(data, dataOffset);
  }
  if (childVcn !== undefined) view.setBigUint64(bytes.length - 8, BigInt(childVcn), true);
  return bytes;
}

function fits({ entries, endVcn }: Node, roomBytes: number, fanOut = Number.POSITIVE_INFINITY): boolean {
  const used = entries.reduce(
    (total, { entry, childVcn }) => total + entrySize(entry.key.length + (entry.data?.length ?? 0), childVcn),
    entrySize(0, endVcn),
  );
  return used <= roomBytes && entries.length <= fanOut;
}

function entrySize(contentLength: number, childVcn: number | undefined): number {
  return align8(IndexEntryHeader.sizeBytes + contentLength) + (childVcn === undefined ? 0 : 8);
}

function entriesAt(blockSizeBytes: number): number {
  return align8(USA_OFFSET + (blockSizeBytes / FIXUP_STRIDE_BYTES + 1) * 2);
}
