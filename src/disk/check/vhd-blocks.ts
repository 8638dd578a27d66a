// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { bitmapSizeOf } from "../vhd/block-table.ts";
import type { LocatedFooter } from "../vhd/footer.ts";
import {
  BAT_ENTRY_SIZE_BYTES,
  BLOCK_NOT_ALLOCATED,
  DISK_TYPES,
  SECTOR_SIZE_BYTES,
  VhdDynamicHeader,
  VhdFooter,
} from "../vhd/layout.ts";

const STRUCTURE = "VHD block allocation table";

/** The table is read in pieces of this size. */
const PIECE_SIZE_BYTES = 64 * 1024;

/** Blocks of 2 MiB on the largest disk there can be are a quarter of it. */
const BLOCK_COUNT_MAX = 4 * 1024 * 1024;

/** Data that begins at multiples of it is fast on disks with sectors of 4 KiB. */
const FAST_ALIGNMENT = 4096;

interface Range {
  readonly what: string;
  readonly start: number;
  readonly end: number;
}

/** Every entry of the block allocation table: place, that no two blocks share bytes, and what nothing claims. */
export function* checkBlocks(
  file: ByteSource,
  located: LocatedFooter,
  header: VhdDynamicHeader,
  headerOffset: number,
): Generator<Finding> {
  const where = { structure: STRUCTURE, offset: headerOffset };
  const numbers = yield* attempt(
    () => ({ tableOffset: header.tableOffset, virtualSizeBytes: located.footer.currentSizeBytes }),
    where,
  );
  if (numbers === undefined) return;
  const { tableOffset, virtualSizeBytes } = numbers;
  const { tableEntryCount, blockSizeBytes } = header;
  const blockCount = Math.ceil(virtualSizeBytes / blockSizeBytes);
  const tableSizeBytes = roundUp(tableEntryCount * BAT_ENTRY_SIZE_BYTES, SECTOR_SIZE_BYTES);
  const isReadable = tableOffset + tableEntryCount * BAT_ENTRY_SIZE_BYTES <= file.sizeBytes;
  if (tableEntryCount < blockCount || !isReadable) {
    // The reader of a disk without a parent has said so; one with a parent is not opened.
    if (located.footer.diskType === DISK_TYPES.differencing) {
      const message = `its ${tableEntryCount} entries are not enough for ${blockCount} blocks or end past the file`;
      yield finding("VHD_BAT_SHORT", message, { structure: STRUCTURE, offset: tableOffset });
    }
    return;
  }
  const structures: Range[] = [
    { what: "copy of the footer", start: 0, end: VhdFooter.sizeBytes },
    {
      what: VhdDynamicHeader.structName,
      start: headerOffset,
      end: headerOffset + VhdDynamicHeader.sizeBytes,
    },
    { what: STRUCTURE, start: tableOffset, end: tableOffset + tableSizeBytes },
  ];
  yield* checkStructures(structures);
  if (Math.max(tableEntryCount, Math.floor(file.sizeBytes / blockSizeBytes)) > BLOCK_COUNT_MAX) {
    const message = `a table or a file with room for more than ${BLOCK_COUNT_MAX} blocks is not checked`;
    yield finding("LIMIT_EXCEEDED", message, where);
    return;
  }
  const check = new BlockCheck({ virtualSizeBytes, blockSizeBytes, dataEnd: located.dataEnd, structures });
  for (let first = 0; first < tableEntryCount; first += PIECE_SIZE_BYTES / BAT_ENTRY_SIZE_BYTES) {
    const count = Math.min(PIECE_SIZE_BYTES / BAT_ENTRY_SIZE_BYTES, tableEntryCount - first);
    const view = file.read(tableOffset + first * BAT_ENTRY_SIZE_BYTES, count * BAT_ENTRY_SIZE_BYTES);
    for (let index = 0; index < count; index++) {
      const sector = view.getUint32(index * BAT_ENTRY_SIZE_BYTES);
      if (sector === BLOCK_NOT_ALLOCATED) continue;
      const offset = tableOffset + (first + index) * BAT_ENTRY_SIZE_BYTES;
      yield* check.entry(first + index, sector, { structure: STRUCTURE, offset });
    }
  }
  yield* check.conclude(file.sizeBytes);
}

function* checkStructures(structures: readonly Range[]): Generator<Finding> {
  for (const [index, range] of structures.entries()) {
    for (const other of structures.slice(index + 1)) {
      if (range.start >= other.end || other.start >= range.end) continue;
      const message = `the ${range.what} and the ${other.what} share bytes`;
      yield finding("VHD_OVERLAP", message, { structure: other.what, offset: other.start });
    }
  }
}

interface BlockParameters {
  readonly virtualSizeBytes: number;
  readonly blockSizeBytes: number;
  /** Where the blocks end and the footer begins. */
  readonly dataEnd: number;
  readonly structures: readonly Range[];
}

class BlockCheck {
  readonly #parameters: BlockParameters;
  /** Of a block with its bitmap: all blocks of a file have the same. */
  readonly #sizeBytes: number;
  readonly #bitmapSizeBytes: number;
  /**
   * First sector plus one of the block that begins in each stretch of `#sizeBytes`. Two that begin in the same stretch
   * overlap; else a block can only meet those of the stretches beside its own.
   */
  readonly #starts: Uint32Array;
  #usedBytes: number;
  #unalignedCount = 0;

  constructor(parameters: BlockParameters) {
    this.#parameters = parameters;
    this.#bitmapSizeBytes = bitmapSizeOf(parameters.blockSizeBytes);
    this.#sizeBytes = this.#bitmapSizeBytes + parameters.blockSizeBytes;
    this.#starts = new Uint32Array(Math.floor(parameters.dataEnd / this.#sizeBytes) + 1);
    this.#usedBytes = parameters.structures.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  *entry(index: number, sector: number, where: { structure: string; offset: number }): Generator<Finding> {
    const { virtualSizeBytes, blockSizeBytes, dataEnd, structures } = this.#parameters;
    const start = sector * SECTOR_SIZE_BYTES;
    const place = `block ${index} is said to be at 0x${start.toString(16)}`;
    const left = virtualSizeBytes - index * blockSizeBytes;
    if (left <= 0) {
      yield finding("VHD_BAT_SPARE", `${place}, but the disk ends before it`, where);
      return;
    }
    const end = start + this.#bitmapSizeBytes + Math.min(blockSizeBytes, left);
    if (end > dataEnd) {
      yield finding("VHD_BAT_RANGE", `${place}, but the blocks end at 0x${dataEnd.toString(16)}`, where);
      return;
    }
    const met = structures.find((range) => start < range.end && range.start < end);
    if (met !== undefined) {
      yield finding("VHD_BAT_RANGE", `${place}, where the ${met.what} is`, where);
      return;
    }
    if (!this.#claim(start, sector)) {
      yield finding("VHD_BAT_SHARED", `${place}, where another block is as well`, where);
      return;
    }
    this.#usedBytes += this.#sizeBytes;
    if ((start + this.#bitmapSizeBytes) % FAST_ALIGNMENT !== 0) this.#unalignedCount++;
  }

  *conclude(fileSizeBytes: number): Generator<Finding> {
    if (this.#unalignedCount > 0) {
      const message = `${this.#unalignedCount} blocks have data that does not begin at a multiple of 4 KiB`;
      yield finding("VHD_ALIGNMENT", message, { structure: STRUCTURE });
    }
    // What lies between structures to align them is no loss; a whole block is.
    const left = this.#parameters.dataEnd - this.#usedBytes;
    if (left < this.#sizeBytes) return;
    const message = `${left} of ${fileSizeBytes} bytes belong to no structure`;
    yield finding("VHD_SPACE_LEAKED", message, { structure: "VHD file" });
  }

  #claim(start: number, sector: number): boolean {
    const stretch = Math.floor(start / this.#sizeBytes);
    const isMet = [stretch - 1, stretch, stretch + 1].some((neighbour) => {
      const other = this.#starts[neighbour] ?? 0;
      return other > 0 && Math.abs((other - 1) * SECTOR_SIZE_BYTES - start) < this.#sizeBytes;
    });
    this.#starts[stretch] = sector + 1;
    return !isMet;
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
