// SPDX-License-Identifier: MIT

/** Cells begin at multiples of it. */
const CELL_ALIGNMENT = 8;

/**
 * Which cells of a hive are allocated and which of them something refers to: two bits for each place where a cell can
 * begin, so that a hive of 2 GiB needs 64 MiB.
 */
export class CellMap {
  readonly #allocated: Uint8Array;
  readonly #referenced: Uint8Array;

  constructor(binsSize: number) {
    const byteCount = Math.ceil(binsSize / CELL_ALIGNMENT / 8);
    this.#allocated = new Uint8Array(byteCount);
    this.#referenced = new Uint8Array(byteCount);
  }

  allocate(cell: number): void {
    setBit(this.#allocated, cell);
  }

  /** Whether an allocated cell begins at this offset from the first bin, whatever the offset is. */
  isAllocated(cell: number): boolean {
    return cell % CELL_ALIGNMENT === 0 && hasBit(this.#allocated, cell);
  }

  /** Notes that something refers to the cell; false where something did before. */
  refer(cell: number): boolean {
    if (hasBit(this.#referenced, cell)) return false;
    setBit(this.#referenced, cell);
    return true;
  }

  /** The allocated cells that nothing refers to, in order. */
  *unreferenced(): Generator<number> {
    for (const [index, byte] of this.#allocated.entries()) {
      const left = byte & ~(this.#referenced[index] ?? 0);
      if (left === 0) continue;
      for (let bit = 0; bit < 8; bit++) if (left & (1 << bit)) yield (index * 8 + bit) * CELL_ALIGNMENT;
    }
  }
}

function hasBit(bits: Uint8Array, cell: number): boolean {
  const unit = cell / CELL_ALIGNMENT;
  return ((bits[Math.floor(unit / 8)] ?? 0) & (1 << (unit % 8))) !== 0;
}

function setBit(bits: Uint8Array, cell: number): void {
  const unit = cell / CELL_ALIGNMENT;
  const index = Math.floor(unit / 8);
  bits[index] = (bits[index] ?? 0) | (1 << (unit % 8));
}
