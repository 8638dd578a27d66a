// SPDX-License-Identifier: MIT
/*
 * The structures of a hive as they lie in its file, for whoever has to account for their bytes. Whoever only wants keys
 * and values takes the face of the layer instead.
 */
export { checksumOf, findBin, isIntact, readBaseBlock } from "../base-block.ts";
export { type Cell, CellStore, readName } from "../cells.ts";
export {
  BASE_BLOCK_SIZE,
  BaseBlock,
  BIN_ALIGNMENT,
  BigData,
  BinHeader,
  CellHeader,
  HashedEntry,
  INLINE_DATA,
  KEY_FLAGS,
  KeyNode,
  NO_OFFSET,
  SEGMENT_SIZE,
  SecurityNode,
  SIGNATURES,
  SubkeyListHeader,
  VALUE_FLAGS,
  ValueNode,
} from "../layout.ts";
export { hashOf, hintFits, leavesOf } from "../subkey-list.ts";
export { upcase } from "../upcase.ts";
