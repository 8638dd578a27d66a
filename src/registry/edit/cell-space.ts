// SPDX-License-Identifier: MIT

import { CellStore } from "../cells.ts";
import { BIN_ALIGNMENT, BinHeader, CellHeader } from "../layout.ts";
import type { EditedImage } from "./edited-image.ts";
import { FreeCells } from "./free-cells.ts";

const CELL_ALIGNMENT = 8;

/** The unit that a disk writes at once or not at all; bins begin at multiples of it, in the file as well. */
const PAGE_SIZE = BIN_ALIGNMENT;

/** A range of bytes in the content of a cell. */
export interface EarlyRange {
  readonly cell: number;
  readonly at: number;
  readonly length: number;
}

/**
 * The cells of a hive under edit. All offsets are from the first bin; the content of a cell is what follows its size.
 *
 * Two sorts of cells are kept apart, so that the edit can be written in steps (see commit-steps.ts). What was free
 * before, nobody refers to: cells made there are this edit's own, changed at will, and free again at once. What was in
 * use stays as it is until {@link settle}, but for single fields of keys, values and descriptors: new content goes to a
 * new cell, and the old one is only noted as released.
 */
export class CellSpace {
  readonly image: EditedImage;
  #store: CellStore;
  readonly #free = new FreeCells();
  readonly #own = new Set<number>();
  readonly #released = new Set<number>();
  readonly #earlyRanges = new Map<number, EarlyRange>();
  /** One bit for each place where a cell can begin: where a free cell began before any edit. */
  readonly #freeBefore: Uint8Array;
  #isTearable = false;

  constructor(image: EditedImage) {
    this.image = image;
    this.#store = this.#openStore();
    this.#freeBefore = new Uint8Array(image.binsSize / CELL_ALIGNMENT / 8);
    for (let bin = 0; bin < image.binsSize; bin = image.binEndOf(bin)) this.#noteFreeCells(bin);
  }

  /** The cells as the reader takes them; to be asked for anew after each change. */
  get store(): CellStore {
    return this.#store;
  }

  /** Whether this edit made the cell. */
  isOwn(cell: number): boolean {
    return this.#own.has(cell);
  }

  /** Whether all bytes of a range of the content are in one page, and so reach the disk at once or not at all. */
  isInOnePage(cell: number, at: number, length: number): boolean {
    const first = cell + CellHeader.sizeBytes + at;
    return Math.floor(first / PAGE_SIZE) === Math.floor((first + length - 1) / PAGE_SIZE);
  }

  /** Whether an interrupted write may leave one of the changes made so far half done. */
  get isTearable(): boolean {
    return this.#isTearable;
  }

  /** Notes that a cell in use is being changed in more than one page at a time. */
  noteTearable(): void {
    this.#isTearable = true;
  }

  /** Ranges of cells in use that may be written before everything else of them. */
  get earlyRanges(): Iterable<EarlyRange> {
    return this.#earlyRanges.values();
  }

  /** Notes that a change can do no harm by itself: a limit or count that is too large for a while. */
  noteEarly(cell: number, at: number, length: number): void {
    if (!this.#own.has(cell)) this.#earlyRanges.set(cell * PAGE_SIZE + at, { cell, at, length });
  }

  /** How much the content can hold. */
  capacityOf(cell: number): number {
    return this.#sizeOf(cell) - CellHeader.sizeBytes;
  }

  /** The content, to be read only. */
  view(cell: number): DataView {
    return this.image.read(this.#fileOffset(cell), this.capacityOf(cell));
  }

  /** The content, to be changed. It stays in place until the cell is released. */
  edit(cell: number): DataView {
    const capacity = this.capacityOf(cell);
    const start = this.image.binOf(cell);
    const bin = this.image.editBin(start);
    return new DataView(bin.buffer, bin.byteOffset + cell - start + CellHeader.sizeBytes, capacity);
  }

  /** Whether there is room for a new cell without a new bin. */
  hasRoomFor(contentSize: number): boolean {
    return this.#free.findFit(cellSizeFor(contentSize)) !== undefined;
  }

  /** A new cell full of zeros: in the smallest free cell that will do, or in a new bin. Throws HIVE_EDIT_SIZE. */
  allocate(contentSize: number): number {
    const needed = cellSizeFor(contentSize);
    const found = this.#free.findFit(needed) ?? this.#grow(needed);
    this.#free.remove(found);
    const left = found.sizeBytes - needed;
    this.#setSize(found.cell, -needed);
    if (left > 0) this.#setFree(found.cell + needed, left);
    this.#own.add(found.cell);
    const content = this.edit(found.cell);
    new Uint8Array(content.buffer, content.byteOffset, content.byteLength).fill(0);
    return found.cell;
  }

  /** A new cell with this content. */
  put(content: Uint8Array): number {
    const cell = this.allocate(content.length);
    this.#write(cell, content);
    return cell;
  }

  /** Puts other content in the place of a cell's; gives the cell that has it now. */
  replace(cell: number, content: Uint8Array): number {
    if (this.#own.has(cell)) {
      const capacity = this.capacityOf(cell);
      if (content.length <= capacity && !isMostlyEmpty(content.length, capacity)) {
        this.#write(cell, content);
        return cell;
      }
      this.release(cell);
      return this.put(content);
    }
    const moved = this.put(content);
    this.release(cell);
    return moved;
  }

  /** Writes over the content of a cell that is large enough, whoever made it. */
  overwrite(cell: number, content: Uint8Array): void {
    this.#write(cell, content);
    if (!this.#own.has(cell)) this.noteTearable();
  }

  /**
   * Gives a cell up, which nothing refers to any more: at once where it is this edit's own, else at the end. Until then
   * it is again as it was, so that whoever comes to it by an old way finds no new one.
   */
  release(cell: number): void {
    if (this.#own.delete(cell)) {
      this.#giveBack(cell, (begin) => this.#wasFreeBefore(begin));
      return;
    }
    this.image.restore(cell, this.#sizeOf(cell));
    this.#released.add(cell);
  }

  /** Frees all that was released, after which nothing more can be undone by leaving a page unwritten. */
  settle(): void {
    for (const cell of [...this.#released].sort((a, b) => a - b)) this.#giveBack(cell, () => false);
    this.#released.clear();
  }

  /**
   * Makes a cell free, and one with its neighbours in the same bin. Where a free cell began before any edit, a border
   * stays until the end: the size there is written later than those between, and must mean the same until then.
   */
  #giveBack(cell: number, isBorder: (begin: number) => boolean): void {
    const binStart = this.image.binOf(cell);
    let start = cell;
    let end = cell + this.#sizeOf(cell);
    const before =
      cell - binStart === BinHeader.sizeBytes || isBorder(cell) ? undefined : this.#free.findEndingAt(cell);
    if (before !== undefined && this.#free.remove(before)) start = before.cell;
    if (end < binStart + this.image.editBin(binStart).length && !isBorder(end)) {
      const after = { cell: end, sizeBytes: this.#header(end).size };
      if (after.sizeBytes > 0 && this.#free.remove(after)) end += after.sizeBytes;
    }
    this.#setFree(start, end - start);
  }

  #grow(cellSize: number) {
    const { start, sizeBytes } = this.image.appendBin(cellSize);
    this.#store = this.#openStore();
    const free = { cell: start + BinHeader.sizeBytes, sizeBytes: sizeBytes - BinHeader.sizeBytes };
    this.#setFree(free.cell, free.sizeBytes);
    return free;
  }

  #noteFreeCells(bin: number): void {
    const end = this.image.binEndOf(bin);
    const view = this.image.read(this.#fileOffset(bin) - CellHeader.sizeBytes, end - bin);
    for (let cell = bin + BinHeader.sizeBytes; cell < end; ) {
      const { size } = new CellHeader(view, cell - bin);
      if (size > 0) {
        this.#free.add({ cell, sizeBytes: size });
        const unit = cell / CELL_ALIGNMENT;
        const index = Math.floor(unit / 8);
        this.#freeBefore[index] = (this.#freeBefore[index] ?? 0) | (1 << (unit % 8));
      }
      cell += Math.max(Math.abs(size), CELL_ALIGNMENT);
    }
  }

  #wasFreeBefore(cell: number): boolean {
    const unit = cell / CELL_ALIGNMENT;
    return ((this.#freeBefore[Math.floor(unit / 8)] ?? 0) & (1 << (unit % 8))) !== 0;
  }

  #openStore(): CellStore {
    return new CellStore(this.image, this.image.binsSize, this.image.baseBlock.minorVersion);
  }

  #write(cell: number, content: Uint8Array): void {
    const view = this.edit(cell);
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    bytes.set(content);
    bytes.fill(0, content.length);
  }

  #setFree(cell: number, sizeBytes: number): void {
    this.#setSize(cell, sizeBytes);
    this.#free.add({ cell, sizeBytes });
  }

  #setSize(cell: number, size: number): void {
    const start = this.image.binOf(cell);
    const bin = this.image.editBin(start);
    new CellHeader(new DataView(bin.buffer, bin.byteOffset), cell - start).size = size;
  }

  #header(cell: number): CellHeader {
    return new CellHeader(
      this.image.read(this.#fileOffset(cell) - CellHeader.sizeBytes, CellHeader.sizeBytes),
    );
  }

  #sizeOf(cell: number): number {
    return Math.abs(this.#header(cell).size);
  }

  #fileOffset(cell: number): number {
    return PAGE_SIZE + cell + CellHeader.sizeBytes;
  }
}

/** Size of the whole cell that holds so much. */
export function cellSizeFor(contentSize: number): number {
  return Math.ceil((CellHeader.sizeBytes + contentSize) / CELL_ALIGNMENT) * CELL_ALIGNMENT;
}

/** Whether a cell wastes so much that a smaller one is better. */
function isMostlyEmpty(contentSize: number, capacity: number): boolean {
  return capacity > 2 * contentSize + 64;
}
