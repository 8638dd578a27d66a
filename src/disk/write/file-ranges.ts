// SPDX-License-Identifier: MIT
import type { ImageRange } from "../../io/commit/index.ts";
import { type ByteSource, checkRange } from "../../io/index.ts";
import { readChain } from "../open-disk.ts";

/**
 * Where a file has ranges of the virtual disk in it, in the order of the ranges. What it does not have is left out: what
 * belongs to the parent of a differencing disk, and zeros that nobody stored. Parents are not looked for.
 *
 * For `ChangePlan.watched`: a disk that stands in a file as it is (raw, VHD) shows by nothing else that it was used.
 * Throws OUT_OF_BOUNDS for a range past the end of the disk, and what `openDisk` throws for the file itself.
 */
export function fileRanges(file: ByteSource, ranges: readonly ImageRange[]): ImageRange[] {
  const [layer] = readChain(file).layers;
  return ranges.flatMap(({ offset, length }) => {
    checkRange("the disk", layer.properties.sizeBytes, offset, length);
    const found: { offset: number; length: number }[] = [];
    for (let at = offset; at < offset + length; ) {
      const extent = layer.extentAt(at);
      const end = Math.min(extent.end, offset + length);
      if (extent.in === "file") {
        const fileOffset = extent.fileOffset + at - extent.start;
        const last = found.at(-1);
        // A differencing disk tells its sectors apart, however many of them stand one after the other.
        if (last !== undefined && last.offset + last.length === fileOffset) last.length += end - at;
        else found.push({ offset: fileOffset, length: end - at });
      }
      at = end;
    }
    return found;
  });
}
