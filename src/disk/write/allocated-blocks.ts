// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { isVhd, readFooter } from "../vhd/footer.ts";
import { DISK_TYPES } from "../vhd/layout.ts";
import { readHeader } from "../vhdx/header.ts";
import { isClean, logRange, replayLog } from "../vhdx/log-replay.ts";
import { isVhdx } from "../vhdx/open-vhdx.ts";
import { VhdContainer } from "./vhd/container.ts";
import { isPresent, VhdxContainer } from "./vhdx/container.ts";

/** Which parts of a virtual disk can be written to without making its file longer. */
export interface AllocatedBlocks {
  /** The unit in which the file grows; the size of the disk itself where it never does. */
  readonly blockSizeBytes: number;
  /** Whether every block that a range of the virtual disk touches has its place in the file. */
  isAllocated(offset: number, length: number): boolean;
}

/**
 * The blocks that the file of a disk has room for, as `openDisk` found it; one table entry is read for each block that is
 * asked for. Whoever has a choice of places prefers these: a new block makes the file longer by up to 256 MiB.
 */
export function allocatedBlocks(file: ByteSource): AllocatedBlocks {
  if (isVhdx(file)) return ofVhdx(file);
  if (isVhd(file)) return ofVhd(file);
  return everything(file.sizeBytes);
}

function ofVhdx(file: ByteSource): AllocatedBlocks {
  const { header } = readHeader(file);
  const current = isClean(header) ? file : replayLog(file, header, logRange(header, file.sizeBytes));
  const container = new VhdxContainer(current);
  return ofBlocks(container.metadata.blockSizeBytes, (block) => isPresent(container.payload(block).state));
}

function ofVhd(file: ByteSource): AllocatedBlocks {
  const located = readFooter(file);
  if (located.footer.diskType === DISK_TYPES.fixed) return everything(located.footer.currentSizeBytes);
  const container = new VhdContainer(file, located);
  return ofBlocks(container.blockSizeBytes, (block) => container.bitmapOffset(block) !== undefined);
}

function everything(sizeBytes: number): AllocatedBlocks {
  return { blockSizeBytes: sizeBytes, isAllocated: () => true };
}

function ofBlocks(blockSizeBytes: number, hasPlace: (block: number) => boolean): AllocatedBlocks {
  return {
    blockSizeBytes,
    isAllocated(offset, length) {
      const end = (offset + length) / blockSizeBytes;
      for (let block = Math.floor(offset / blockSizeBytes); block < end; block++) {
        if (!hasPlace(block)) return false;
      }
      return true;
    },
  };
}
