// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { CHANGE_PAGE_BYTES } from "../../../io/index.ts";
import { readFooter } from "../../vhd/footer.ts";
import { BAT_ENTRY_SIZE_BYTES, BLOCK_NOT_ALLOCATED, SECTOR_SIZE_BYTES, VhdFooter } from "../../vhd/layout.ts";
import type { FileSteps } from "../file-steps.ts";
import type { VhdContainer } from "./container.ts";

/**
 * Gives every one of the blocks a place in the file, in three steps: the footer at what will be the end, the bitmaps of
 * the blocks, and the entries of the table. None of them changes what can be read, and at every moment there is a footer
 * at the end of the file: until the first step is done it is the old one, which is wiped in the second.
 *
 * New blocks come to lie behind the old end of the file, so that their bytes are zeros without having been written, and
 * their data at multiples of 4 KiB, as Windows has it since 2012.
 *
 * Throws DISK_WRITE_FULL.
 */
export function allocateBlocks(container: VhdContainer, steps: FileSteps, blocks: readonly number[]): void {
  const absent = blocks.filter((block) => container.bitmapOffset(block) === undefined);
  if (absent.length === 0) return;
  const { footer, dataEnd } = readFooter(steps);
  const oldEnd = steps.sizeBytes;
  const places: { block: number; offset: number }[] = [];
  let end = container.end();
  for (const block of absent) {
    const dataOffset = roundUp(end + container.bitmapSizeBytes, CHANGE_PAGE_BYTES);
    places.push({ block, offset: requirePlace(dataOffset - container.bitmapSizeBytes, container, block) });
    end = dataOffset + container.blockSizeBytes;
  }
  steps.write(end, new Uint8Array(footer.view.buffer, footer.view.byteOffset, VhdFooter.sizeBytes));
  steps.endStep();

  // A bit for a sector that was written: without a parent, the zeros of a new block count as that.
  const bits = new Uint8Array(container.bitmapSizeBytes).fill(0xff);
  if (!container.hasParent) for (const { offset } of places) steps.write(offset, bits);
  steps.write(dataEnd, new Uint8Array(oldEnd - dataEnd));
  steps.endStep();

  for (const { block, offset } of places) {
    const entry = new DataView(new ArrayBuffer(BAT_ENTRY_SIZE_BYTES));
    entry.setUint32(0, offset / SECTOR_SIZE_BYTES);
    steps.write(container.entryOffset(block), new Uint8Array(entry.buffer));
  }
  steps.endStep();
}

function requirePlace(offset: number, container: VhdContainer, block: number): number {
  if (offset / SECTOR_SIZE_BYTES < BLOCK_NOT_ALLOCATED) return offset;
  throw new VmguestError("DISK_WRITE_FULL", `block ${block} would begin at 0x${offset.toString(16)}`, {
    structure: "VHD block allocation table",
    offset: container.entryOffset(block),
  });
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
