// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../../io/index.ts";
import { bitmapSizeOf } from "../../vhd/block-table.ts";
import { readDynamicHeader } from "../../vhd/dynamic-header.ts";
import type { LocatedFooter } from "../../vhd/footer.ts";
import {
  BAT_ENTRY_SIZE_BYTES,
  BLOCK_NOT_ALLOCATED,
  DISK_TYPES,
  SECTOR_SIZE_BYTES,
} from "../../vhd/layout.ts";

/** The table is read in pieces of this size. */
const PIECE_SIZE_BYTES = 64 * 1024;

/**
 * Where a dynamic or differencing VHD has its blocks, for who is about to change that: each look is at the file as it is
 * now. The file must have been found sound.
 */
export class VhdContainer {
  readonly hasParent: boolean;
  readonly blockSizeBytes: number;
  /** What the bitmap before the bytes of each block takes. */
  readonly bitmapSizeBytes: number;
  readonly #file: ByteSource;
  readonly #tableOffset: number;
  readonly #blockCount: number;

  constructor(file: ByteSource, { footer }: LocatedFooter) {
    const { header } = readDynamicHeader(file, footer);
    this.hasParent = footer.diskType === DISK_TYPES.differencing;
    this.blockSizeBytes = header.blockSizeBytes;
    this.bitmapSizeBytes = bitmapSizeOf(header.blockSizeBytes);
    this.#file = file;
    this.#tableOffset = header.tableOffset;
    this.#blockCount = Math.ceil(footer.currentSizeBytes / header.blockSizeBytes);
  }

  /** Where a block begins in the file, with its bitmap; undefined where it has no place. */
  bitmapOffset(block: number): number | undefined {
    const sector = this.#file.read(this.entryOffset(block), BAT_ENTRY_SIZE_BYTES).getUint32(0);
    return sector === BLOCK_NOT_ALLOCATED ? undefined : sector * SECTOR_SIZE_BYTES;
  }

  /** File offset of a byte of the virtual disk; undefined where its block has no place in the file. */
  fileOffsetOf(offset: number): number | undefined {
    const start = this.bitmapOffset(Math.floor(offset / this.blockSizeBytes));
    return start === undefined ? undefined : start + this.bitmapSizeBytes + (offset % this.blockSizeBytes);
  }

  /** File offset of the table's entry of a block. */
  entryOffset(block: number): number {
    return this.#tableOffset + block * BAT_ENTRY_SIZE_BYTES;
  }

  /** Where something new may begin: behind everything that the file has and every block claims. */
  end(): number {
    let end = this.#file.sizeBytes;
    const sizeBytes = this.#blockCount * BAT_ENTRY_SIZE_BYTES;
    for (let at = 0; at < sizeBytes; at += PIECE_SIZE_BYTES) {
      const length = Math.min(PIECE_SIZE_BYTES, sizeBytes - at);
      const view = this.#file.read(this.#tableOffset + at, length);
      for (let entry = 0; entry < length; entry += BAT_ENTRY_SIZE_BYTES) {
        const sector = view.getUint32(entry);
        if (sector === BLOCK_NOT_ALLOCATED) continue;
        end = Math.max(end, sector * SECTOR_SIZE_BYTES + this.bitmapSizeBytes + this.blockSizeBytes);
      }
    }
    return end;
  }
}
