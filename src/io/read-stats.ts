// SPDX-License-Identifier: MIT

/** Counts what really reached the image files: `--stats` prints it and tests hold it against strace. */
export class ReadStats {
  reads = 0;
  bytesRead = 0;

  add(byteCount: number): void {
    this.reads++;
    this.bytesRead += byteCount;
  }
}
