// SPDX-License-Identifier: MIT
import { BAT_ENTRY_SIZE_BYTES, BLOCK_STATES, MIB } from "../../vhdx/layout.ts";
import type { FileSteps } from "../file-steps.ts";
import { entryBytes, isPresent, type VhdxContainer } from "./container.ts";
import type { LogWriter } from "./log-writer.ts";
import { LoggedSectors } from "./logged-sectors.ts";

/**
 * Gives every one of the blocks a place in the file, in three stages: room at the end of the file, sector bitmaps, and
 * the entries of the blocks. None of them changes what can be read.
 *
 * New blocks and bitmaps come to lie behind the end of the file only, so that their bytes are zeros without having been
 * written, whatever a file holds that no structure claims.
 */
export function allocateBlocks(
  container: VhdxContainer,
  steps: FileSteps,
  log: LogWriter,
  blocks: readonly number[],
): void {
  const absent = blocks.filter((block) => !isPresent(container.payload(block).state));
  if (absent.length === 0) return;
  const fromParent = absent.filter((block) => isOfParent(container, block));
  const chunks = [...new Set(fromParent.map((block) => container.chunkOf(block)))];
  const newChunks = new Set(chunks.filter((chunk) => !isPresent(container.bitmap(chunk).state)));

  let end = container.end();
  const placeOf = (sizeBytes: number): number => {
    end += sizeBytes;
    return end - sizeBytes;
  };
  const bitmapPlaces = new Map([...newChunks].map((chunk) => [chunk, placeOf(MIB)]));
  const { blockSizeBytes } = container.metadata;
  const payloadPlaces = new Map(absent.map((block) => [block, placeOf(blockSizeBytes)]));
  steps.extendTo(end);
  steps.endStep();

  const bitmaps = new LoggedSectors(steps);
  for (const [chunk, fileOffset] of bitmapPlaces) {
    const entry = entryBytes({ state: BLOCK_STATES.fullyPresent, fileOffset });
    bitmaps.open(container.bitmapEntryOffset(chunk), BAT_ENTRY_SIZE_BYTES).set(entry);
  }
  for (const block of fromParent) {
    if (!newChunks.has(container.chunkOf(block))) clearBits(container, bitmaps, block);
  }
  log.commit(bitmaps.changes());

  // Entries of bitmaps and of blocks can be in one sector of the table, which is taken as it is by now.
  const payload = new LoggedSectors(steps);
  for (const [block, fileOffset] of payloadPlaces) {
    const state = isOfParent(container, block) ? BLOCK_STATES.partiallyPresent : BLOCK_STATES.fullyPresent;
    const entry = entryBytes({ state, fileOffset });
    payload.open(container.payloadEntryOffset(block), BAT_ENTRY_SIZE_BYTES).set(entry);
  }
  log.commit(payload.changes());
}

/** Whether the sectors of a block without a place are the parent's; those of a discarded one are zeros (2.5.1.1). */
function isOfParent(container: VhdxContainer, block: number): boolean {
  return container.hasParent && container.payload(block).state === BLOCK_STATES.notPresent;
}

/** The bits of a block that is not partially present mean nothing, and may be any. */
function clearBits(container: VhdxContainer, bitmaps: LoggedSectors, block: number): void {
  const start = container.bitsOffset(block);
  const end = start + container.bitsSizeBytes;
  for (let at = start; at < end; at += BITS_STEP_BYTES) {
    bitmaps.open(at, Math.min(BITS_STEP_BYTES, end - at)).fill(0);
  }
}

/** Bits of a block begin at multiples of their size, or of this where they are more. */
const BITS_STEP_BYTES = 256;
