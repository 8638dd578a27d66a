// SPDX-License-Identifier: MIT
import { attempt, type Finding, finding } from "../../errors.ts";
import { type ByteSource, ReadAhead } from "../../io/index.ts";
import { checkBaseBlock } from "../base-block.ts";
import { CellStore } from "../cells.ts";
import type { HiveOptions } from "../hive.ts";
import { BASE_BLOCK_SIZE, BaseBlock, CellHeader } from "../layout.ts";
import { recover } from "../recovery/recover.ts";
import { checkBins } from "./bins.ts";
import { CellMap } from "./cell-map.ts";
import { HiveCells } from "./hive-cells.ts";
import { KeyCheck } from "./keys.ts";

/** All of a hive is read, most of it in order: pieces of 64 KiB, and as many of them as a system's larger hive has. */
const READ_AHEAD = { pageSizeBytes: 64 * 1024, capacityBytes: 64 * 1024 * 1024 };

/**
 * Checks a registry hive as a whole: bins and cells, then every key and value from the root on, then the security
 * descriptors, and what is allocated but reached by nothing. `where.path` of a finding is the key it was met in.
 *
 * The hive is seen with its transaction logs applied, as Windows would see it. Throws only what the host's own storage
 * throws.
 */
export function* checkHive(source: ByteSource, options: HiveOptions = {}): Generator<Finding> {
  const recovery = yield* attempt(() => recover(source, options.logs ?? []));
  if (recovery === undefined) return;
  const { block, findings } = recovery;
  const image = new ReadAhead(recovery.image, READ_AHEAD);
  yield* findings;
  const checked = yield* attempt(() => requireBaseBlock(block));
  if (checked === undefined) return;

  const { binsSize, minorVersion, rootCell } = checked;
  const end = BASE_BLOCK_SIZE + binsSize;
  if (end > image.sizeBytes) {
    const message = `the file ends at 0x${image.sizeBytes.toString(16)}, its bins at 0x${end.toString(16)}`;
    yield finding("REGF_BIN", message, { structure: BaseBlock.structName, offset: 0 });
  }
  const store = new CellStore(image, binsSize, minorVersion);
  const map = new CellMap(store.binsSize);
  yield* checkBins(image, store.binsSize, map);
  yield* new KeyCheck(new HiveCells(store, map)).run(rootCell);
  yield* checkUnreachable(image, map);
}

function requireBaseBlock(block: BaseBlock | undefined): BaseBlock {
  checkBaseBlock(block);
  return block;
}

/** One finding for all of them: deleting a damaged key leaves thousands. */
function* checkUnreachable(image: ByteSource, map: CellMap): Generator<Finding> {
  let count = 0;
  let sizeBytes = 0;
  let first: number | undefined;
  for (const cell of map.unreferenced()) {
    first ??= BASE_BLOCK_SIZE + cell;
    sizeBytes -= new CellHeader(image.read(BASE_BLOCK_SIZE + cell, CellHeader.sizeBytes)).size;
    count++;
  }
  if (first === undefined) return;
  const message = `${count} cells with ${sizeBytes} bytes are allocated, but nothing refers to them`;
  yield finding("REGF_CELL_UNREACHABLE", message, { structure: CellHeader.structName, offset: first });
}
