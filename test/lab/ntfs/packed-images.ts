// SPDX-License-Identifier: MIT
import { inflateRawSync } from "node:zlib";
import { type ByteSource, checkRange } from "../../../src/io/index.ts";

/** Bytes that are there; everything between is zeros. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A huge source of which only some ranges were kept: a recording of a disk, a sparse file. */
export class SparseSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #chunks: readonly Chunk[];

  constructor(sizeBytes: number, chunks: readonly Chunk[]) {
    this.sizeBytes = sizeBytes;
    this.#chunks = chunks.toSorted((one, other) => one.offset - other.offset);
  }

  read(offset: number, length: number): DataView {
    checkRange("the recording", this.sizeBytes, offset, length);
    const target = new Uint8Array(length);
    for (let index = this.#firstAfter(offset); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] as Chunk;
      if (chunk.offset >= offset + length) break;
      const from = Math.max(offset, chunk.offset);
      const to = Math.min(offset + length, chunk.offset + chunk.bytes.length);
      target.set(chunk.bytes.subarray(from - chunk.offset, to - chunk.offset), from - offset);
    }
    return new DataView(target.buffer);
  }

  /** The first chunk that ends after `offset`. */
  #firstAfter(offset: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const chunk = this.#chunks[middle] as Chunk;
      if (chunk.offset + chunk.bytes.length > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const BLOCK_SIZE_BYTES = 512;
const SPARSE_ENTRY_SIZE = 24;

/** The first member of a tar in old GNU sparse form (`tar -S`), which is how a 128 GiB image fits into 80 MB. */
export function openSparseTar(tar: Uint8Array): SparseSource {
  const map: [offset: number, length: number][] = [];
  const readMap = (at: number, count: number) => {
    for (let index = 0; index < count; index++) {
      const entry = at + index * SPARSE_ENTRY_SIZE;
      if (tar[entry] !== 0) map.push([tarNumber(tar, entry), tarNumber(tar, entry + 12)]);
    }
  };
  if (tar[156] !== 0x53) throw new TypeError("not a sparse member of a tar");
  readMap(386, 4);
  let data = BLOCK_SIZE_BYTES;
  for (let hasMore = tar[482] === 1; hasMore; data += BLOCK_SIZE_BYTES) {
    readMap(data, 21);
    hasMore = tar[data + 504] === 1;
  }
  const chunks = map.map(([offset, length]) => {
    const bytes = tar.subarray(data, data + length);
    data += Math.ceil(length / BLOCK_SIZE_BYTES) * BLOCK_SIZE_BYTES;
    return { offset, bytes };
  });
  return new SparseSource(tarNumber(tar, 483), chunks);
}

/** Octal digits, or a big-endian number after a byte 0x80. */
function tarNumber(tar: Uint8Array, at: number): number {
  const field = tar.subarray(at, at + 12);
  if (field[0] !== 0x80) return Number.parseInt(new TextDecoder().decode(field.subarray(0, 11)), 8);
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
}

/** All members of a plain tar, by name. */
export function readTar(tar: Uint8Array): Map<string, Uint8Array> {
  const members = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK_SIZE_BYTES <= tar.length && tar[at] !== 0; ) {
    const name = new TextDecoder().decode(tar.subarray(at, at + 100)).replace(/\0.*$/s, "");
    const sizeBytes = tarNumber(tar, at + 124);
    members.set(name, tar.subarray(at + BLOCK_SIZE_BYTES, at + BLOCK_SIZE_BYTES + sizeBytes));
    at += BLOCK_SIZE_BYTES + Math.ceil(sizeBytes / BLOCK_SIZE_BYTES) * BLOCK_SIZE_BYTES;
  }
  return members;
}

/** A member of a ZIP, by its central directory. */
export function unzip(zip: Buffer, name: RegExp): Uint8Array {
  let at = zip.readUInt32LE(zip.lastIndexOf("PK\x05\x06", undefined, "latin1") + 16);
  while (zip.toString("latin1", at, at + 4) === "PK\x01\x02") {
    const nameLength = zip.readUInt16LE(at + 28);
    if (name.test(zip.toString("latin1", at + 46, at + 46 + nameLength))) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`the ZIP has no member ${name}`);
}
