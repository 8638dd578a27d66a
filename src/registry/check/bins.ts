// SPDX-License-Identifier: MIT
import { type Finding, finding } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { findBin } from "../base-block.ts";
import { BASE_BLOCK_SIZE, BIN_ALIGNMENT, BinHeader, CellHeader } from "../layout.ts";
import type { CellMap } from "./cell-map.ts";

const CELL_ALIGNMENT = 8;

/**
 * Walks all bins and all cells in them, and notes the allocated ones in `map` (sections "Hive bin" and "Cell").
 *
 * Behind a damaged bin the walk goes on with the next valid one; behind a damaged cell, with the next bin.
 */
export function* checkBins(image: ByteSource, binsSize: number, map: CellMap): Generator<Finding> {
  let isLost = false;
  for (let bin = 0; bin < binsSize; ) {
    const where = { structure: BinHeader.structName, offset: BASE_BLOCK_SIZE + bin };
    const header = findBin(image, bin);
    const fits = header !== undefined && bin + header.sizeBytes <= binsSize;
    if (!fits) {
      const fault =
        header === undefined ? "there is no valid bin header" : "the bin reaches past the last one";
      if (!isLost) yield finding("REGF_BIN", fault, where);
      isLost = true;
      bin += BIN_ALIGNMENT;
      continue;
    }
    isLost = false;
    yield* checkCells(image, bin, header.sizeBytes, map);
    bin += header.sizeBytes;
  }
}

function* checkCells(image: ByteSource, bin: number, sizeBytes: number, map: CellMap): Generator<Finding> {
  const end = bin + sizeBytes;
  for (let cell = bin + BinHeader.sizeBytes; cell < end; ) {
    const offset = BASE_BLOCK_SIZE + cell;
    const { size } = new CellHeader(image.read(offset, CellHeader.sizeBytes));
    const length = Math.abs(size);
    if (length === 0 || length % CELL_ALIGNMENT !== 0 || cell + length > end) {
      const left = `${end - cell} bytes are left in its bin`;
      const message = `the cell has an impossible size of ${length} bytes where ${left}`;
      yield finding("REGF_CELL_TILING", message, { structure: CellHeader.structName, offset });
      return;
    }
    if (size < 0) map.allocate(cell);
    cell += length;
  }
}
