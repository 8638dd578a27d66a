// SPDX-License-Identifier: MIT
import {
  BIN_ALIGNMENT,
  BinHeader,
  CellHeader,
  HashedEntry,
  SIGNATURES,
  SubkeyListHeader,
} from "../layout.ts";
import { hashOf } from "../subkey-list.ts";
import { upcase } from "../upcase.ts";

/** Bytes of a bare offset, which is all an entry of `li` and `ri` is. */
const OFFSET_SIZE = 4;

/** A leaf is split rather than to outgrow what a bin of one page holds, as Windows does it: 507 entries of `lh`. */
const LEAF_SIZE_MAX = BIN_ALIGNMENT - BinHeader.sizeBytes - CellHeader.sizeBytes;

/** First minor version with hashes in leaves. */
const HASHES_SINCE_MINOR = 5;

/** What a leaf holds: entries one after the other, as they are stored. */
export interface LeafEntries {
  readonly signature: number;
  readonly bytes: Uint8Array;
}

/** A leaf without entries, of the kind that Windows makes in this version. */
export function emptyLeaf(minorVersion: number): LeafEntries {
  const signature = minorVersion >= HASHES_SINCE_MINOR ? SIGNATURES.hashLeaf : SIGNATURES.fastLeaf;
  return { signature, bytes: new Uint8Array(0) };
}

export function leafFrom(content: DataView): LeafEntries {
  const { signature, count } = new SubkeyListHeader(content);
  const start = content.byteOffset + SubkeyListHeader.sizeBytes;
  const length = count * entrySizeOf(signature);
  return { signature, bytes: new Uint8Array(content.buffer, start, length).slice() };
}

export function withEntry(
  { signature, bytes }: LeafEntries,
  index: number,
  name: string,
  key: number,
): LeafEntries {
  const size = entrySizeOf(signature);
  const larger = new Uint8Array(bytes.length + size);
  larger.set(bytes.subarray(0, index * size));
  larger.set(bytes.subarray(index * size), (index + 1) * size);
  const view = new DataView(larger.buffer, index * size, size);
  view.setUint32(HashedEntry.offsetOf.key, key, true);
  if (size === HashedEntry.sizeBytes) {
    const hint = signature === SIGNATURES.hashLeaf ? hashOf(upcase(name)) : hintOf(name);
    view.setUint32(HashedEntry.offsetOf.hint, hint, true);
  }
  return { signature, bytes: larger };
}

export function withoutEntry({ signature, bytes }: LeafEntries, index: number): LeafEntries {
  const size = entrySizeOf(signature);
  const smaller = new Uint8Array(bytes.length - size);
  smaller.set(bytes.subarray(0, index * size));
  smaller.set(bytes.subarray((index + 1) * size), index * size);
  return { signature, bytes: smaller };
}

/** The leaf itself, or as many of equal length as it takes to keep to the limit. */
export function splitLeaf(leaf: LeafEntries): LeafEntries[] {
  const size = entrySizeOf(leaf.signature);
  const count = leaf.bytes.length / size;
  const countMax = Math.floor((LEAF_SIZE_MAX - SubkeyListHeader.sizeBytes) / size);
  const partCount = Math.ceil(count / countMax);
  return Array.from({ length: partCount }, (_, part) => ({
    signature: leaf.signature,
    bytes: leaf.bytes.subarray(
      Math.ceil((part * count) / partCount) * size,
      Math.ceil(((part + 1) * count) / partCount) * size,
    ),
  }));
}

export function leafContent({ signature, bytes }: LeafEntries): Uint8Array {
  return listContent(signature, bytes.length / entrySizeOf(signature), bytes);
}

/** The content of an index root over these leaves. */
export function rootContent(leaves: readonly number[]): Uint8Array {
  return listContent(SIGNATURES.indexRoot, leaves.length, offsetsContent(leaves));
}

/** Offsets one after the other, as value lists and segment lists are. */
export function offsetsContent(offsets: readonly number[]): Uint8Array {
  const content = new Uint8Array(offsets.length * OFFSET_SIZE);
  const view = new DataView(content.buffer);
  offsets.forEach((offset, index) => {
    view.setUint32(index * OFFSET_SIZE, offset, true);
  });
  return content;
}

function listContent(signature: number, count: number, entries: Uint8Array): Uint8Array {
  const content = new Uint8Array(SubkeyListHeader.sizeBytes + entries.length);
  const header = new SubkeyListHeader(new DataView(content.buffer));
  header.signature = signature;
  header.count = count;
  content.set(entries, SubkeyListHeader.sizeBytes);
  return content;
}

function entrySizeOf(signature: number): number {
  return signature === SIGNATURES.indexLeaf ? OFFSET_SIZE : HashedEntry.sizeBytes;
}

const HINT_LENGTH = 4;

/** The first four characters, one byte each, or zeros where one of them does not fit into a byte. */
function hintOf(name: string): number {
  let hint = 0;
  for (let index = 0; index < Math.min(HINT_LENGTH, name.length); index++) {
    const unit = name.charCodeAt(index);
    if (unit > 0xff) return 0;
    hint += unit * 2 ** (8 * index);
  }
  return hint;
}
