// SPDX-License-Identifier: MIT
import type { OpenedImage } from "../audit/index.ts";
import { VmguestError } from "../errors.ts";
import type { ImageRange } from "../io/commit/index.ts";
import { type ByteSource, CHANGE_PAGE_BYTES } from "../io/index.ts";
import type { StagingTarget } from "./target.ts";

/** Restart pages of $LogFile: no Windows mounts a volume for writing without changing them. */
const RESTART_AREA_SIZE = 8192;
const LOG_FILE_RECORD = 2;
/** The base block of a hive, which every write of the hive changes. */
const BASE_BLOCK_SIZE = 4096;

/**
 * Where in the image file a guest leaves its marks as soon as it starts, for an undo that must not be taken back after
 * that. What stands in a parent, or nowhere in one piece, is left out.
 */
export function watchedRanges({ image, volume, windows }: StagingTarget): ImageRange[] {
  const files = image.ntfs(volume);
  const sources: [ByteSource | undefined, number][] = [
    [open(() => files.openRecord(LOG_FILE_RECORD, "$LogFile").open()), RESTART_AREA_SIZE],
    [open(() => windows.fs.find(windows.systemPath)?.open()), BASE_BLOCK_SIZE],
    [open(() => windows.fs.find(windows.softwarePath)?.open()), BASE_BLOCK_SIZE],
  ];
  return sources.flatMap(([source, length]) => (source === undefined ? [] : placeOf(image, source, length)));
}

/** Each page has a place of its own: a cluster may be as small, and lie anywhere. */
function placeOf(image: OpenedImage, source: ByteSource, sizeBytes: number): ImageRange[] {
  const ranges: ImageRange[] = [];
  const end = Math.min(sizeBytes, source.sizeBytes);
  for (let at = 0; at < end; at += CHANGE_PAGE_BYTES) {
    const length = Math.min(CHANGE_PAGE_BYTES, end - at);
    const origin = source.originOf?.(at, length);
    if (origin?.file === image.path) ranges.push({ offset: origin.offset, length });
  }
  return ranges;
}

function open(work: () => ByteSource | undefined): ByteSource | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof VmguestError) return undefined;
    throw error;
  }
}
