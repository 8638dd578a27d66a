// SPDX-License-Identifier: MIT
import { type Finding, finding, VmguestError } from "../../../errors.ts";
import { type ByteSource, CHANGE_PAGE_BYTES, readBytes } from "../../../io/index.ts";
import { readFooter } from "../../vhd/footer.ts";
import { SECTOR_SIZE_BYTES, VhdDynamicHeader } from "../../vhd/layout.ts";
import type { WrittenFile } from "../disk-write.ts";
import { FileSteps } from "../file-steps.ts";
import { blocksOf, type DiskPage } from "../pages.ts";
import { allocateBlocks } from "./allocation.ts";
import { VhdContainer } from "./container.ts";

/**
 * The steps that write pages to a dynamic or differencing VHD which was found sound.
 *
 * The format has no log, so order alone keeps the file sound: blocks are made for all pages first, which changes nothing
 * that can be read; then each phase is written in place, in a differencing disk its bytes before the bits that take them
 * from the file instead of the parent. Identity and time stamp stay: the identity is what children know the disk by, the
 * time that of its making.
 */
export function planVhd(
  file: ByteSource,
  disk: ByteSource,
  phases: readonly (readonly DiskPage[])[],
): WrittenFile {
  const steps = new FileSteps(file);
  const container = new VhdContainer(steps, readFooter(file));
  if (container.blockSizeBytes < CHANGE_PAGE_BYTES) {
    throw new VmguestError("DISK_WRITE_SMALL_BLOCKS", `they have ${container.blockSizeBytes} bytes`, {
      structure: VhdDynamicHeader.structName,
    });
  }
  allocateBlocks(container, steps, blocksOf(phases, container.blockSizeBytes));
  const writer = new BlockWriter(container, steps);
  writer.completePages(phases.flat(), disk);
  for (const pages of phases) {
    for (const { offset, bytes } of pages) writer.write(offset, bytes);
    steps.endStep();
    writer.setBits(pages);
  }
  return { file: steps, findings: findingsOf(container, phases.flat()) };
}

/** Writes to blocks that have their places. */
class BlockWriter {
  readonly #container: VhdContainer;
  readonly #steps: FileSteps;

  constructor(container: VhdContainer, steps: FileSteps) {
    this.#container = container;
    this.#steps = steps;
  }

  write(offset: number, bytes: Uint8Array): void {
    const fileOffset = this.#container.fileOffsetOf(offset);
    if (fileOffset === undefined) throw new TypeError(`the block of ${offset} was not allocated`);
    this.#steps.write(fileOffset, bytes);
  }

  /**
   * Sets the bits of pages that have some already, and whose other sectors get the bytes that they have on the disk;
   * else a page that is written to could be seen half old, half new until its bits are set. Without a parent the bytes
   * of a sector count whatever its bit says, so that the bits of all pages are set.
   */
  completePages(pages: readonly DiskPage[], disk: ByteSource): void {
    const incomplete = pages.filter((page) => {
      const { present, mask } = this.#bitsOf(page);
      return present !== mask && (present !== 0 || !this.#container.hasParent);
    });
    for (const { offset, bytes } of incomplete) this.write(offset, readBytes(disk, offset, bytes.length));
    this.#steps.endStep();
    this.setBits(incomplete);
  }

  setBits(pages: readonly DiskPage[]): void {
    for (const page of pages) {
      const { bitOffset, present, mask, byte } = this.#bitsOf(page);
      if (present !== mask) this.#steps.write(bitOffset, Uint8Array.of(byte | mask));
    }
    this.#steps.endStep();
  }

  /** A page has eight sectors, whose bits are one byte; the first sector has the highest. */
  #bitsOf({ offset, bytes }: DiskPage) {
    const { blockSizeBytes } = this.#container;
    const start = this.#container.bitmapOffset(Math.floor(offset / blockSizeBytes)) ?? 0;
    const bitOffset = start + (offset % blockSizeBytes) / CHANGE_PAGE_BYTES;
    const byte = this.#steps.read(bitOffset, 1).getUint8(0);
    const mask = 0x100 - 2 ** (CHANGE_PAGE_SECTORS - bytes.length / SECTOR_SIZE_BYTES);
    return { bitOffset, byte, mask, present: byte & mask };
  }
}

const CHANGE_PAGE_SECTORS = CHANGE_PAGE_BYTES / SECTOR_SIZE_BYTES;

function findingsOf(container: VhdContainer, pages: readonly DiskPage[]): Finding[] {
  const torn = pages.filter(({ offset }) => {
    return (container.fileOffsetOf(offset) ?? 0) % CHANGE_PAGE_BYTES !== 0;
  });
  if (torn.length === 0) return [];
  const message = `${torn.length} changed pages of the disk lie across two of the file: a power failure could tear them`;
  return [finding("DISK_WRITE_UNALIGNED", message, { structure: "VHD block allocation table" })];
}
