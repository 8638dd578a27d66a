// SPDX-License-Identifier: MIT
import { type ByteSource, CHANGE_PAGE_BYTES, type PhaseChanges } from "../../io/index.ts";

/** A page of the virtual disk that is to be changed. Blocks are whole pages, so that it lies in one block. */
export interface DiskPage {
  /** Where it is on the virtual disk. */
  readonly offset: number;
  /** What it becomes; the last page of a disk may be short. */
  readonly bytes: Uint8Array;
}

/** Pages of the virtual disk by phase, checked. Throws TypeError for what no overlay over the disk gives. */
export function pagesOf(disk: Pick<ByteSource, "sizeBytes">, phases: readonly PhaseChanges[]): DiskPage[][] {
  return phases.map(({ changes }) =>
    changes.flatMap(({ offset, bytes }) => {
      const end = offset + bytes.length;
      const endsWithPage = end % CHANGE_PAGE_BYTES === 0 || end === disk.sizeBytes;
      if (offset < 0 || offset % CHANGE_PAGE_BYTES !== 0 || !endsWithPage || end > disk.sizeBytes) {
        throw new TypeError(`${bytes.length} bytes at ${offset} are no pages of a disk of ${disk.sizeBytes}`);
      }
      return Array.from({ length: Math.ceil(bytes.length / CHANGE_PAGE_BYTES) }, (_, index) => {
        const at = index * CHANGE_PAGE_BYTES;
        return { offset: offset + at, bytes: bytes.subarray(at, at + CHANGE_PAGE_BYTES) };
      });
    }),
  );
}

/** The numbers of the blocks that pages of any phase lie in, ascending. */
export function blocksOf(phases: readonly (readonly DiskPage[])[], blockSizeBytes: number): number[] {
  const blocks = new Set(phases.flat().map(({ offset }) => Math.floor(offset / blockSizeBytes)));
  return [...blocks].sort((a, b) => a - b);
}
