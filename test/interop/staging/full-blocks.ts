import { truncateSync } from "node:fs";
import { NtfsWriter } from "../../../src/fs/ntfs/write/index.ts";
import { FileSource, Overlay, readBytes } from "../../../src/io/index.ts";
import { MIB, run, runForBytes } from "../differential/tools.ts";
import { flush } from "../ntfs-write-tools.ts";
import type { Adjustment } from "./adjustments.ts";

const BITMAP_RECORD = "6";
const TIME = 133_000_000_000_000_000n;

/** Of a VHDX as Hyper-V makes it; those of a VHD are smaller. */
const BLOCK_SIZE_BYTES = 32 * MIB;

/** Ends with a block that has room for the copy of the boot sector alone. */
const GROWN_SIZE_BYTES = 1024 * MIB + 4096;

/**
 * The volume of a disk without partitions was made larger, and then files took every free cluster in those blocks of the
 * disk that hold anything: what is written from then on needs blocks that the image does not have.
 */
export const fullBlocks: Adjustment = {
  title: "no room in any block that exists",
  changeVolume: (volume) => {
    truncateSync(volume, GROWN_SIZE_BYTES);
    run("ntfsresize", "-f", "-f", "-s", `${GROWN_SIZE_BYTES}`, volume);
    // It wants the volume to be looked at, which ntfsfix takes back.
    run("ntfsfix", "-d", volume);
    const bitmap = runForBytes("icat", volume, BITMAP_RECORD);
    const clusterSizeBytes = Number(/Cluster Size: (\d+)/.exec(run("ntfsinfo", "-m", volume))?.[1]);
    using source = FileSource.open(volume);
    const existing = blocksOf(source);
    const isThere = (offset: number) => existing.has(Math.floor(offset / BLOCK_SIZE_BYTES));
    const lengths: number[] = [];
    let length = 0;
    for (let cluster = 0; cluster <= bitmap.length * 8; cluster++) {
      const isUsed = ((bitmap[cluster >> 3] ?? 0xff) >> (cluster & 7)) & 1;
      if (isUsed === 0 && isThere(cluster * clusterSizeBytes)) length++;
      else if (length > 0) {
        lengths.push(length);
        length = 0;
      }
    }
    const overlay = new Overlay(source);
    const prefers = (offset: number, size: number) => isThere(offset) && isThere(offset + size - 1);
    const writer = NtfsWriter.open(overlay, { prefers });
    // The longest first, so that each takes the run that is its own.
    for (const [index, count] of lengths.toSorted((one, other) => other - one).entries()) {
      const content = new Uint8Array(count * clusterSizeBytes);
      writer.createFile(`Windows/full${index}.bin`, content, { time: TIME, securityLike: "Windows" });
    }
    flush(volume, overlay);
  },
};

/** Blocks that the volume has anything in. */
function blocksOf(volume: FileSource): Set<number> {
  const blocks = new Set<number>();
  const zeros = Buffer.alloc(STEP_BYTES);
  for (let offset = 0; offset < volume.sizeBytes; offset += STEP_BYTES) {
    const length = Math.min(STEP_BYTES, volume.sizeBytes - offset);
    if (Buffer.compare(readBytes(volume, offset, length), zeros.subarray(0, length)) === 0) continue;
    blocks.add(Math.floor(offset / BLOCK_SIZE_BYTES));
  }
  return blocks;
}

const STEP_BYTES = 512 * 1024;
