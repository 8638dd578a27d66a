import { MemorySource } from "../../../src/io/index.ts";
import { Hive } from "../../../src/registry/index.ts";
import {
  BASE_BLOCK_SIZE,
  CellHeader,
  KeyNode,
  SubkeyListHeader,
  ValueNode,
} from "../../../src/registry/layout.ts";
import { viewOf } from "./cells.ts";
import type { HiveTree } from "./tree.ts";
import { type BuildHiveOptions, buildHive } from "./writer.ts";

/** A hive of the lab, opened. */
export function openHive(tree: HiveTree, options?: BuildHiveOptions): Hive {
  return Hive.open(new MemorySource(buildHive(tree, options)));
}

/** Finds the structures of a healthy hive, to be changed in its bytes. */
export class Surgery {
  readonly bytes: Uint8Array;
  readonly #hive: Hive;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#hive = Hive.open(new MemorySource(bytes));
  }

  key(path: string): KeyNode {
    return new KeyNode(this.content(this.#hive.require(path).offset - BASE_BLOCK_SIZE));
  }

  value(path: string, name: string): ValueNode {
    const offset = this.#hive.require(path).value(name)?.offset;
    if (offset === undefined) throw new Error(`the lab hive has no value ${name} in ${path}`);
    return new ValueNode(this.content(offset - BASE_BLOCK_SIZE));
  }

  subkeyList(path: string): SubkeyListHeader {
    return new SubkeyListHeader(this.content(this.key(path).subkeyList));
  }

  /** Offset of a key's cell from the first bin, as lists name it. */
  cellOf(path: string): number {
    return this.#hive.require(path).offset - BASE_BLOCK_SIZE;
  }

  header(cell: number): CellHeader {
    return new CellHeader(viewOf(this.bytes), BASE_BLOCK_SIZE + cell);
  }

  /** What a cell holds, and everything behind it. */
  content(cell: number): DataView {
    return viewOf(this.bytes.subarray(BASE_BLOCK_SIZE + cell + CellHeader.sizeBytes));
  }
}
