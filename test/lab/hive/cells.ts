import { BASE_BLOCK_SIZE, BIN_ALIGNMENT, BinHeader, CellHeader } from "../../../src/registry/layout.ts";

export const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bins with cells that are only ever appended. All offsets are from the first bin. */
export class CellWriter {
  readonly #time: bigint;
  readonly #headerSizeBytes: number;
  #bytes = new Uint8Array(1 << 16);
  #position = 0;
  #binEnd = 0;

  /** Hives of version 1.1 have the offset of the previous cell behind a cell's size. */
  constructor(time: bigint, minorVersion: number) {
    this.#time = time;
    this.#headerSizeBytes = CellHeader.sizeBytes + (minorVersion === 1 ? 4 : 0);
  }

  get binsSize(): number {
    return this.#binEnd;
  }

  /** A cell with this content; gives its offset. */
  put(content: Uint8Array): number {
    const size = roundUp(this.#headerSizeBytes + content.length, 8);
    if (this.#position + size > this.#binEnd) this.#openBin(size);
    const cell = this.#position;
    this.#position += size;
    this.#sizeAt(cell, -size);
    this.#bytes.set(content, cell + this.#headerSizeBytes);
    return cell;
  }

  /** The content of a cell, to be filled in; valid until the next `put`. */
  view(cell: number): DataView {
    return viewOf(this.#bytes.subarray(cell + this.#headerSizeBytes));
  }

  /** Room for the base block, all bins, and some bytes after them. */
  finish(slackBytes: number): Uint8Array {
    this.#closeBin();
    const hive = new Uint8Array(BASE_BLOCK_SIZE + this.#binEnd + slackBytes);
    hive.set(this.#bytes.subarray(0, this.#binEnd), BASE_BLOCK_SIZE);
    return hive;
  }

  #openBin(cellSize: number): void {
    this.#closeBin();
    const start = this.#binEnd;
    const sizeBytes = roundUp(BinHeader.sizeBytes + cellSize, BIN_ALIGNMENT);
    this.#grow(start + sizeBytes);
    Object.assign(new BinHeader(viewOf(this.#bytes), start), {
      signature: "hbin",
      offset: start,
      sizeBytes,
      timestamp: start === 0 ? this.#time : 0n,
    } satisfies Partial<BinHeader>);
    this.#position = start + BinHeader.sizeBytes;
    this.#binEnd = start + sizeBytes;
  }

  /** What is left of the bin becomes one free cell. */
  #closeBin(): void {
    if (this.#position < this.#binEnd) this.#sizeAt(this.#position, this.#binEnd - this.#position);
  }

  #sizeAt(cell: number, size: number): void {
    new CellHeader(viewOf(this.#bytes), cell).size = size;
  }

  #grow(sizeBytes: number): void {
    if (sizeBytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(sizeBytes, this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
