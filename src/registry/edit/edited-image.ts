// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { type ByteSource, checkRange, copyBytes, readBytes } from "../../io/index.ts";
import { checksumOf, findBin } from "../base-block.ts";
import { BASE_BLOCK_SIZE, BaseBlock, BIN_ALIGNMENT, BinHeader } from "../layout.ts";

/** The largest hive that is edited, after all edits; Windows' own SOFTWARE hives have 50 to 200 MiB. */
export const EDITED_SIZE_MAX = 512 * 1024 * 1024;

/** The largest bin that is edited, since all of it is copied; the largest value of one cell needs half of that. */
const BIN_SIZE_MAX = 32 * 1024 * 1024;

/** The parts of a hive that were changed, by their offsets in the file: the base block and whole bins. */
export type Pieces = ReadonlyMap<number, Uint8Array>;

/**
 * A hive under edit: bins that were touched are private copies, all others stay where they are.
 *
 * Bins are the unit because no cell crosses them: every structure of a touched bin can be changed in place. A copy
 * never moves, so views of it stay valid.
 */
export class EditedImage implements ByteSource {
  /** Right at any time, as long as whoever changes a field sets the checksum too. */
  readonly baseBlock: BaseBlock;
  readonly #base: ByteSource;
  readonly #basePage: Uint8Array;
  readonly #bins = new Map<number, Uint8Array>();
  /** By page of the bins: where the bin begins that it belongs to. */
  #binStarts: Uint32Array;
  #binsSize: number;

  /** `base` is a sound hive, written completely. Throws HIVE_EDIT_SIZE, REGF_BIN. */
  constructor(base: ByteSource) {
    this.#base = base;
    this.#basePage = copyBytes(base, 0, BASE_BLOCK_SIZE);
    this.baseBlock = new BaseBlock(new DataView(this.#basePage.buffer));
    this.#binsSize = this.baseBlock.binsSize;
    this.#binStarts = new Uint32Array(this.#binsSize / BIN_ALIGNMENT);
    for (let bin = 0; bin < this.#binsSize; ) {
      const header = findBin(base, bin);
      if (header === undefined || bin + header.sizeBytes > this.#binsSize) {
        throw new VmguestError("REGF_BIN", "there is no valid bin header", {
          structure: BinHeader.structName,
          offset: BASE_BLOCK_SIZE + bin,
        });
      }
      if (header.sizeBytes > BIN_SIZE_MAX) {
        const message = `the bin has ${header.sizeBytes} bytes, more than ${BIN_SIZE_MAX}`;
        throw sizeError(message, BinHeader.structName, BASE_BLOCK_SIZE + bin);
      }
      this.#binStarts.fill(bin, bin / BIN_ALIGNMENT, (bin + header.sizeBytes) / BIN_ALIGNMENT);
      bin += header.sizeBytes;
    }
  }

  get sizeBytes(): number {
    return BASE_BLOCK_SIZE + this.#binsSize;
  }

  get binsSize(): number {
    return this.#binsSize;
  }

  read(offset: number, length: number): DataView {
    checkRange("the edited hive", this.sizeBytes, offset, length);
    // An empty name at the very end of the last bin is in no bin.
    if (length === 0) return new DataView(new ArrayBuffer(0));
    const last = offset + length - 1;
    if (this.#pieceOf(offset) === this.#pieceOf(last)) return this.#readPiece(offset, length);
    const bytes = new Uint8Array(length);
    for (let at = offset; at <= last; ) {
      // Pieces end where pages do.
      const end = Math.min(last + 1, (Math.floor(at / BIN_ALIGNMENT) + 1) * BIN_ALIGNMENT);
      const view = this.#readPiece(at, end - at);
      bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at - offset);
      at = end;
    }
    return new DataView(bytes.buffer);
  }

  /** Offset of the bin that holds this offset from the first bin. */
  binOf(cell: number): number {
    return this.#binStarts[Math.floor(cell / BIN_ALIGNMENT)] ?? 0;
  }

  /** Where that bin ends. */
  binEndOf(cell: number): number {
    const start = this.binOf(cell);
    let page = Math.floor(cell / BIN_ALIGNMENT) + 1;
    while (page * BIN_ALIGNMENT < this.#binsSize && this.#binStarts[page] === start) page++;
    return page * BIN_ALIGNMENT;
  }

  /** The bytes of the bin that begins at this offset from the first bin, to be changed. */
  editBin(start: number): Uint8Array {
    const copied = this.#bins.get(start);
    if (copied !== undefined) return copied;
    const bytes = copyBytes(this.#base, BASE_BLOCK_SIZE + start, this.binEndOf(start) - start);
    this.#bins.set(start, bytes);
    return bytes;
  }

  /** Makes bytes of a bin that was there before as they were; offsets are from the first bin. */
  restore(offset: number, length: number): void {
    const start = this.binOf(offset);
    const bytes = readBytes(this.#base, BASE_BLOCK_SIZE + offset, length);
    this.#bins.get(start)?.set(bytes, offset - start);
  }

  /** Adds a bin with this much room for cells behind the last one; gives its offset. Throws HIVE_EDIT_SIZE. */
  appendBin(cellsSize: number): { readonly start: number; readonly sizeBytes: number } {
    const start = this.#binsSize;
    const sizeBytes = Math.ceil((BinHeader.sizeBytes + cellsSize) / BIN_ALIGNMENT) * BIN_ALIGNMENT;
    if (BASE_BLOCK_SIZE + start + sizeBytes > EDITED_SIZE_MAX) {
      const message = `the hive would have ${BASE_BLOCK_SIZE + start + sizeBytes} bytes, more than ${EDITED_SIZE_MAX}`;
      throw sizeError(message, BaseBlock.structName, 0);
    }
    const bytes = new Uint8Array(sizeBytes);
    const header = new BinHeader(new DataView(bytes.buffer));
    header.signature = "hbin";
    header.offset = start;
    header.sizeBytes = sizeBytes;
    this.#bins.set(start, bytes);
    this.#binsSize += sizeBytes;
    this.#noteBin(start);
    this.baseBlock.binsSize = this.#binsSize;
    this.baseBlock.checksum = checksumOf(this.baseBlock);
    return { start, sizeBytes };
  }

  /** Copies of everything that was touched so far. */
  snapshot(): Pieces {
    const pieces = new Map([[0, this.#basePage.slice()]]);
    for (const [start, bytes] of this.#bins) pieces.set(BASE_BLOCK_SIZE + start, bytes.slice());
    return pieces;
  }

  #noteBin(start: number): void {
    const pageCount = this.#binsSize / BIN_ALIGNMENT;
    if (pageCount > this.#binStarts.length) {
      const larger = new Uint32Array(pageCount * 2);
      larger.set(this.#binStarts);
      this.#binStarts = larger;
    }
    this.#binStarts.fill(start, start / BIN_ALIGNMENT, pageCount);
  }

  /** Offset in the file of the base block or bin that holds a byte of it. */
  #pieceOf(offset: number): number {
    return offset < BASE_BLOCK_SIZE ? 0 : BASE_BLOCK_SIZE + this.binOf(offset - BASE_BLOCK_SIZE);
  }

  #readPiece(offset: number, length: number): DataView {
    const start = this.#pieceOf(offset);
    const bytes = start === 0 ? this.#basePage : this.#bins.get(start - BASE_BLOCK_SIZE);
    if (bytes === undefined) return this.#base.read(offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset + offset - start, length);
  }
}

function sizeError(message: string, structure: string, offset: number): VmguestError {
  return new VmguestError("HIVE_EDIT_SIZE", message, { structure, offset });
}
