// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import { bitmapIndex, chunkRatioOf, entryCountOf, isBitmapIndex, payloadIndex } from "../../vhdx/bat.ts";
import { BAT_ENTRY_SIZE_BYTES, BLOCK_STATES, HEADER_SECTION_SIZE_BYTES, MIB } from "../../vhdx/layout.ts";
import { type Metadata, readMetadata } from "../../vhdx/metadata.ts";
import type { FileRange } from "../../vhdx/ranges.ts";
import { readRegions } from "../../vhdx/region-table.ts";

/** An entry of the block allocation table. */
export interface BatEntry {
  readonly state: number;
  readonly fileOffset: number;
}

/** The table is read in pieces of this size; that of a disk of 64 TiB has half a GiB. */
const PIECE_SIZE_BYTES = MIB;

/**
 * Where a VHDX has its blocks, for who is about to change that: each look is at the file as it is now. The file must have
 * been found sound, and its log be applied.
 */
export class VhdxContainer {
  readonly metadata: Metadata;
  readonly hasParent: boolean;
  /** Payload blocks that share a sector bitmap. */
  readonly chunkRatio: number;
  readonly #file: ByteSource;
  readonly #bat: FileRange;

  constructor(file: ByteSource) {
    const { regions } = readRegions(file);
    this.metadata = readMetadata(file, regions.metadata);
    this.hasParent = this.metadata.parentLocator !== undefined;
    this.chunkRatio = chunkRatioOf(this.metadata);
    this.#file = file;
    this.#bat = regions.bat;
  }

  payload(block: number): BatEntry {
    return this.#readEntry(this.payloadEntryOffset(block));
  }

  bitmap(chunk: number): BatEntry {
    return this.#readEntry(this.bitmapEntryOffset(chunk));
  }

  /** File offset of the table's entry of a payload block. */
  payloadEntryOffset(block: number): number {
    return this.#bat.offset + payloadIndex(block, this.chunkRatio) * BAT_ENTRY_SIZE_BYTES;
  }

  /** File offset of the table's entry of the sector bitmap of a chunk. */
  bitmapEntryOffset(chunk: number): number {
    return this.#bat.offset + bitmapIndex(chunk, this.chunkRatio) * BAT_ENTRY_SIZE_BYTES;
  }

  chunkOf(block: number): number {
    return Math.floor(block / this.chunkRatio);
  }

  /** File offset of a byte of the virtual disk whose block has a place in the file. */
  fileOffsetOf(offset: number): number {
    const { blockSizeBytes } = this.metadata;
    return placeOf(this.payload(Math.floor(offset / blockSizeBytes))) + (offset % blockSizeBytes);
  }

  /** File offset of the bits of a block, in the bitmap of its chunk (2.5.2). */
  bitsOffset(block: number): number {
    return placeOf(this.bitmap(this.chunkOf(block))) + (block % this.chunkRatio) * this.bitsSizeBytes;
  }

  /** Bytes that the bits of one block take. */
  get bitsSizeBytes(): number {
    return MIB / this.chunkRatio;
  }

  /** Where the next block may begin: on a whole MiB behind everything that the file has and every block claims. */
  end(): number {
    const sizeBytes = entryCountOf(this.metadata, this.hasParent) * BAT_ENTRY_SIZE_BYTES;
    let end = this.#file.sizeBytes;
    for (let at = 0; at < sizeBytes; at += PIECE_SIZE_BYTES) {
      const length = Math.min(PIECE_SIZE_BYTES, sizeBytes - at);
      const view = this.#file.read(this.#bat.offset + at, length);
      for (let entry = 0; entry < length; entry += BAT_ENTRY_SIZE_BYTES) {
        const { state, fileOffset } = entryAt(view, entry);
        if (!isPresent(state)) continue;
        const isBitmap = isBitmapIndex((at + entry) / BAT_ENTRY_SIZE_BYTES, this.chunkRatio);
        // The last block may reach past the end of a file that QEMU made.
        end = Math.max(end, fileOffset + (isBitmap ? MIB : this.metadata.blockSizeBytes));
      }
    }
    return Math.ceil(end / MIB) * MIB;
  }

  #readEntry(offset: number): BatEntry {
    return entryAt(this.#file.read(offset, BAT_ENTRY_SIZE_BYTES), 0);
  }
}

/** Where a block is that must have been given a place: a mistake of ours must not become a write to the headers. */
function placeOf({ state, fileOffset }: BatEntry): number {
  if (isPresent(state) && fileOffset >= HEADER_SECTION_SIZE_BYTES) return fileOffset;
  throw new TypeError(`a block in state ${state} has no place in the file`);
}

/** Whether a block in this state has a place in the file; one in another state may keep an offset that means nothing. */
export function isPresent(state: number): boolean {
  return state === BLOCK_STATES.fullyPresent || state === BLOCK_STATES.partiallyPresent;
}

/** The bytes of an entry (2.5.1). */
export function entryBytes({ state, fileOffset }: BatEntry): Uint8Array {
  const view = new DataView(new ArrayBuffer(BAT_ENTRY_SIZE_BYTES));
  view.setBigUint64(0, BigInt(fileOffset) + BigInt(state), true);
  return new Uint8Array(view.buffer);
}

function entryAt(view: DataView, at: number): BatEntry {
  const low = view.getUint32(at, true);
  return {
    state: low & 7,
    fileOffset: view.getUint32(at + 4, true) * 2 ** 32 + (low - (low % MIB)),
  };
}
