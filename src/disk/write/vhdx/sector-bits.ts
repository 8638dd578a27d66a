// SPDX-License-Identifier: MIT
import { type ByteSource, readBytes } from "../../../io/index.ts";
import { BLOCK_STATES } from "../../vhdx/layout.ts";
import type { FileSteps } from "../file-steps.ts";
import type { DiskPage } from "../pages.ts";
import type { VhdxContainer } from "./container.ts";
import type { LogWriter } from "./log-writer.ts";
import { LoggedSectors } from "./logged-sectors.ts";

/** Bits of the sectors of a page: a byte of the bitmap, or with sectors of 4096 bytes a single bit of one. */
interface PageBits {
  /** File offset of the byte. */
  readonly offset: number;
  /** The bits of the page's sectors; the first sector has the lowest (2.5.2). */
  readonly mask: number;
}

/** The sector bitmaps of a differencing VHDX (2.5.2), changed through its log. */
export class SectorBits {
  readonly #container: VhdxContainer;
  readonly #steps: FileSteps;
  readonly #log: LogWriter;

  constructor(container: VhdxContainer, steps: FileSteps, log: LogWriter) {
    this.#container = container;
    this.#steps = steps;
    this.#log = log;
  }

  /**
   * Makes pages that belong to file and parent in turn the file's alone, as they are; else a page that is written to
   * could be seen half old, half new until its bits are set.
   */
  completePages(pages: readonly DiskPage[], disk: ByteSource): void {
    const mixed = pages.filter((page) => {
      const bits = this.#bitsOf(page);
      if (bits === undefined) return false;
      const present = this.#presentOf(bits);
      return present !== 0 && present !== bits.mask;
    });
    for (const { offset, bytes } of mixed) {
      this.#steps.write(this.#container.fileOffsetOf(offset), readBytes(disk, offset, bytes.length));
    }
    this.#steps.endStep();
    this.set(mixed);
  }

  /** Makes the sectors of the pages the file's own, whose bytes must have been written in an earlier step. */
  set(pages: readonly DiskPage[]): void {
    const sectors = new LoggedSectors(this.#steps);
    for (const page of pages) {
      const bits = this.#bitsOf(page);
      if (bits === undefined || this.#presentOf(bits) === bits.mask) continue;
      const byte = sectors.open(bits.offset, 1);
      byte[0] = (byte[0] ?? 0) | bits.mask;
    }
    this.#log.commit(sectors.changes());
  }

  #presentOf({ offset, mask }: PageBits): number {
    return this.#steps.read(offset, 1).getUint8(0) & mask;
  }

  /** Undefined for a page of a block that needs no bits, because the file has all of it. */
  #bitsOf({ offset, bytes }: DiskPage): PageBits | undefined {
    const { blockSizeBytes, logicalSectorSizeBytes } = this.#container.metadata;
    const block = Math.floor(offset / blockSizeBytes);
    if (this.#container.payload(block).state !== BLOCK_STATES.partiallyPresent) return undefined;
    const firstBit = (offset % blockSizeBytes) / logicalSectorSizeBytes;
    const bitCount = bytes.length / logicalSectorSizeBytes;
    const mask = (2 ** bitCount - 1) * 2 ** (firstBit % 8);
    return { offset: this.#container.bitsOffset(block) + Math.floor(firstBit / 8), mask };
  }
}
