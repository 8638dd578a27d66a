// SPDX-License-Identifier: MIT
import type { Where } from "../../errors.ts";
import {
  encodeBlock,
  encodeRoot,
  FileName,
  IndexBlockHeader,
  referenceOf,
  type TreeEntry,
  type TreeNode,
  undoFixups,
} from "../../fs/structures/index.ts";
import { copyBytes } from "../../io/index.ts";
import { proveBits } from "./bits.ts";
import { SECTOR_BYTES } from "./changed-sectors.ts";
import type { DirectoryTree } from "./directory-tree.ts";
import { bytesOf, isSame, isZero, proofError, viewOf } from "./proof-error.ts";

/** The key of an entry follows its header. */
const KEY_AT = 16;

/** What is to become of the entries of one directory. */
export interface DirectoryChange {
  readonly where: Where;
  /** Undefined for a directory that is new. */
  readonly before: DirectoryTree | undefined;
  readonly after: DirectoryTree;
  /** Value of the $INDEX_ROOT before, where the directory is not new. */
  readonly rootBefore: DataView | undefined;
  readonly rootAfter: DataView;
  /** By record number: the names that a new file has, and no others. */
  readonly made: ReadonlyMap<number, { readonly sequence: number; readonly names: readonly Uint8Array[] }>;
  /** Records whose sizes differ, with what entries say of them now. */
  readonly resized: ReadonlyMap<number, { readonly dataBytes: number; readonly allocatedBytes: number }>;
  readonly time: bigint;
  /** Blocks in which a byte differs. */
  readonly changedBlocks: ReadonlySet<number>;
}

/**
 * Shows that a directory differs in the planned names alone, and that every changed byte of its index belongs to them.
 * Throws STAGE_PROOF_INDEX, STAGE_PROOF_BITMAP.
 */
export function proveDirectory(change: DirectoryChange): void {
  proveEntries(change);
  proveRoot(change);
  for (const block of change.changedBlocks) proveBlock(change, block);
  const { before, after, where } = change;
  const [old, next] = [before?.nodes ?? new Map<number, TreeNode>(), after.nodes];
  proveBits({
    where: { ...where, structure: "bitmap of index blocks" },
    before: before?.bitmap ?? { sizeBytes: 0, read: () => new DataView(new ArrayBuffer(0)) },
    after: after.bitmap,
    taken: new Set([...next.keys()].filter((block) => !old.has(block))),
    freed: new Set([...old.keys()].filter((block) => !next.has(block))),
    sectors: sectorsOf(after.bitmap.sizeBytes),
  });
}

/** What was there is there in the same order, and nothing else but what was made. */
function proveEntries({ where, before, after, made, resized, time }: DirectoryChange): void {
  const expected = before?.entries ?? [];
  const names = new Map([...made].map(([record, { names }]) => [record, [...names]]));
  let index = 0;
  for (const entry of after.entries) {
    const { recordNumber, sequence } = referenceOf(entry);
    const file = made.get(recordNumber);
    if (file !== undefined) {
      const left = names.get(recordNumber) ?? [];
      const found = left.findIndex((name) => isSame(name, keyOf(entry)));
      if (found < 0 || sequence !== file.sequence) throw indexError(where, entry, "is not as in its record");
      left.splice(found, 1);
      continue;
    }
    const old = expected[index++];
    if (old === undefined) throw indexError(where, entry, "was not there before");
    const sizes = resized.get(recordNumber);
    const wanted = sizes === undefined ? old : withSizes(old, sizes, time);
    if (!isSame(wanted, entry))
      throw indexError(where, entry, "differs, is new, or stands where another one was");
  }
  const lost = expected[index];
  if (lost !== undefined) throw indexError(where, lost, "is gone");
  if ([...names.values()].some((left) => left.length > 0)) {
    throw proofError("STAGE_PROOF_MISSING", "a name that was planned is not in its directory", where);
  }
}

function proveRoot({ where, before, after, rootBefore, rootAfter }: DirectoryChange): void {
  const { format, root } = after;
  const value = bytesOf(rootAfter);
  if (rootBefore !== undefined && isSame(bytesOf(rootBefore), value)) return;
  const { blockSizeBytes, vcnSizeBytes } = format;
  const perBlock = blockSizeBytes / vcnSizeBytes;
  const sizesMatch = before === undefined || before.format.blockSizeBytes === blockSizeBytes;
  const head = encodeHead(blockSizeBytes, perBlock);
  if (!sizesMatch || !isSame(encodeRoot(root, format, head), value)) {
    throw proofError("STAGE_PROOF_INDEX", "the index root is not laid out as it should be", where);
  }
}

/** Of an index of names, in the order of names. */
function encodeHead(blockSizeBytes: number, perBlock: number): Uint8Array {
  const head = new DataView(new ArrayBuffer(16));
  head.setUint32(0, 0x30, true);
  head.setUint32(4, 1, true);
  head.setUint32(8, blockSizeBytes, true);
  head.setUint8(12, perBlock);
  return bytesOf(head);
}

/** A block that differs is one of the tree, laid out as its entries demand; or it is not in use, and nothing but zeros. */
function proveBlock({ where, before, after }: DirectoryChange, block: number): void {
  const { format, nodes, blocks } = after;
  const { blockSizeBytes } = format;
  const place = { ...where, structure: `index block ${block}`, offset: block * blockSizeBytes };
  if ((block + 1) * blockSizeBytes > blocks.sizeBytes) {
    throw proofError("STAGE_PROOF_UNEXPLAINED", "lies behind the last index block, and differs", place);
  }
  const bytes = copyBytes(blocks, block * blockSizeBytes, blockSizeBytes);
  const node = nodes.get(block);
  if (node === undefined) {
    if (isZero(bytes) && before?.nodes.has(block) !== true) return;
    throw proofError("STAGE_PROOF_INDEX", "is not in use, and differs", place);
  }
  const lsns = new Set([0n, ...[...(before?.nodes.values() ?? [])].map(({ lsn }) => lsn)]);
  if (!lsns.has(node.lsn))
    throw proofError("STAGE_PROOF_INDEX", "has a number of the log that no block had", place);
  const expected = encodeBlock({ ...node }, format);
  if (!isSame(plain(bytes), plain(expected))) {
    throw proofError("STAGE_PROOF_INDEX", "is not laid out as its entries demand", place);
  }
}

/** A block as it is without its update sequence, whose number may be any. */
function plain(block: Uint8Array): Uint8Array {
  const view = viewOf(block);
  undoFixups(view, "NTFS_INDEX", { structure: "index block" });
  const { usaOffset, usaCount } = new IndexBlockHeader(view);
  return block.fill(0, usaOffset, usaOffset + usaCount * 2);
}

function withSizes(
  entry: TreeEntry,
  { dataBytes, allocatedBytes }: { readonly dataBytes: number; readonly allocatedBytes: number },
  time: bigint,
): TreeEntry {
  const copy = entry.slice();
  Object.assign(new FileName(viewOf(copy), KEY_AT), {
    dataSize: dataBytes,
    allocatedSize: allocatedBytes,
    modified: time,
    changed: time,
  });
  return copy;
}

function keyOf(entry: TreeEntry): Uint8Array {
  const length = viewOf(entry).getUint16(10, true);
  return entry.subarray(KEY_AT, KEY_AT + length);
}

function indexError(where: Where, entry: TreeEntry, message: string) {
  const key = viewOf(entry);
  const length = new FileName(key, KEY_AT).nameLength;
  const at = KEY_AT + FileName.sizeBytes;
  const name = String.fromCharCode(
    ...Array.from({ length }, (_, unit) => key.getUint16(at + unit * 2, true)),
  );
  return proofError("STAGE_PROOF_INDEX", `the entry ${JSON.stringify(name)} ${message}`, where);
}

function sectorsOf(sizeBytes: number): number[] {
  return Array.from({ length: Math.ceil(sizeBytes / SECTOR_BYTES) }, (_, index) => index * SECTOR_BYTES);
}
