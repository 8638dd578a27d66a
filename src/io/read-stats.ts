// SPDX-License-Identifier: MIT

/** Counts what really reached the image files: `--stats` prints it and tests hold it against strace. */
export class ReadStats {
  reads = 0;
  bytesRead = 0;

  /** One read of `byteCount` bytes at file offset `offset`. A subclass may keep more of it. */
  record(_offset: number, byteCount: number): void {
    this.reads++;
    this.bytesRead += byteCount;
  }

  /** What was counted elsewhere, as by another thread. */
  add({ reads, bytesRead }: Pick<ReadStats, "reads" | "bytesRead">): void {
    this.reads += reads;
    this.bytesRead += bytesRead;
  }
}
