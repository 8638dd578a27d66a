// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import type { Cell, CellStore } from "../cells.ts";
import { BASE_BLOCK_SIZE, NO_OFFSET } from "../layout.ts";
import type { CellMap } from "./cell-map.ts";

/** The cells of a hive under check: each of them is to be claimed once, by what refers to it. */
export class HiveCells {
  readonly store: CellStore;
  readonly #map: CellMap;

  constructor(store: CellStore, map: CellMap) {
    this.store = store;
    this.#map = map;
  }

  /**
   * The cell that something refers to, for the first time; undefined where the offset leads to none, or where the cell
   * is in use elsewhere. So nothing is ever walked twice, and the walk ends. `owner` is the file offset of the referrer.
   */
  *claim(offset: number, structure: string, owner: number): Generator<Finding, Cell | undefined> {
    if (!this.#map.isAllocated(offset)) {
      yield this.#wrongReference(offset, structure, owner);
      return undefined;
    }
    if (!this.#map.refer(offset)) {
      const message = `the ${structure} named at 0x${owner.toString(16)} is in use elsewhere`;
      yield finding("REGF_CELL_SHARED", message, { structure, offset: BASE_BLOCK_SIZE + offset });
      return undefined;
    }
    return yield* attempt(() => this.store.open(offset, structure));
  }

  #wrongReference(offset: number, structure: string, owner: number): Finding {
    const target = offset === NO_OFFSET ? "nothing" : `0x${(BASE_BLOCK_SIZE + offset).toString(16)}`;
    const message = `the ${structure} is said to be at ${target}, where no allocated cell begins`;
    return finding("REGF_REFERENCE", message, { structure, offset: owner });
  }
}

/** A cell's offset from the first bin, as others refer to it. */
export function referenceOf({ offset }: Cell): number {
  return offset - BASE_BLOCK_SIZE;
}
