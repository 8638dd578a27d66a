// SPDX-License-Identifier: MIT

/**
 * More free cells are not remembered, only left unused: real hives have some ten thousand, and a hive of nothing else
 * must not fill the memory.
 */
const CELL_COUNT_MAX = 1_000_000;

/** A run of free bytes that is one cell. Offsets are from the first bin, sizes those of the whole cell. */
export interface FreeCell {
  readonly cell: number;
  readonly sizeBytes: number;
}

/** The free cells of a hive, by size and by where they end. */
export class FreeCells {
  readonly #bySize = new Map<number, Set<number>>();
  readonly #startByEnd = new Map<number, number>();
  /** The sizes that there are, ascending. */
  readonly #sizes: number[] = [];

  add({ cell, sizeBytes }: FreeCell): void {
    if (this.#startByEnd.size >= CELL_COUNT_MAX) return;
    this.#startByEnd.set(cell + sizeBytes, cell);
    const cells = this.#bySize.get(sizeBytes);
    if (cells !== undefined) {
      cells.add(cell);
      return;
    }
    this.#bySize.set(sizeBytes, new Set([cell]));
    this.#sizes.splice(this.#firstNotLess(sizeBytes), 0, sizeBytes);
  }

  /** Takes a cell out; false where it is not remembered. */
  remove({ cell, sizeBytes }: FreeCell): boolean {
    const cells = this.#bySize.get(sizeBytes);
    if (cells === undefined || !cells.delete(cell)) return false;
    this.#startByEnd.delete(cell + sizeBytes);
    if (cells.size === 0) {
      this.#bySize.delete(sizeBytes);
      this.#sizes.splice(this.#firstNotLess(sizeBytes), 1);
    }
    return true;
  }

  /** The smallest cell that is large enough. */
  findFit(sizeBytes: number): FreeCell | undefined {
    const fit = this.#sizes[this.#firstNotLess(sizeBytes)];
    if (fit === undefined) return undefined;
    for (const cell of this.#bySize.get(fit) ?? []) return { cell, sizeBytes: fit };
    return undefined;
  }

  /** The free cell that ends here. */
  findEndingAt(end: number): FreeCell | undefined {
    const cell = this.#startByEnd.get(end);
    return cell === undefined ? undefined : { cell, sizeBytes: end - cell };
  }

  #firstNotLess(sizeBytes: number): number {
    let low = 0;
    let high = this.#sizes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sizes[middle] ?? 0) < sizeBytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
