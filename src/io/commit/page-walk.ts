// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import { VmguestError } from "../../errors.ts";
import { runsOf } from "./page-changes.ts";
import type { StoredFile } from "./stored-file.ts";
import { readStoredPage, type StoredPage, type Undo } from "./undo-file.ts";

/**
 * Takes the image from what it was before step `first` to what it is after the last, each step flushed before the next.
 * Gives false, and has stopped, where `isCancelled` says so before the last step has begun.
 */
export function walkForward(
  image: StoredFile,
  undo: Undo,
  first: number,
  isCancelled: () => boolean,
): boolean {
  if (undo.sizeAfter > undo.sizeBefore) {
    image.truncate(undo.sizeAfter);
    image.flush();
  }
  for (let step = first; step <= undo.stepCount; step++) {
    let isUnderWay = false;
    for (const pages of runsOf(pagesOf(undo, step))) {
      const isTooLate = isUnderWay && step === undo.stepCount;
      if (!isTooLate && isCancelled()) return false;
      writePages(image, undo, pages, "new");
      isUnderWay = true;
    }
    image.flush();
  }
  checkPages(image, undo, "new");
  return true;
}

/**
 * Takes the image back from step `last` to what it was: the steps in reverse, each flushed before the next, so that at
 * every moment the image is as it was at some moment of the change. The length comes last, when nothing needs it.
 *
 * Pages that seem to be right already are written too: after a flush that failed the host may show what the storage does
 * not have. `keepEqual` leaves them, where it is known that none failed and a page without space could not be written.
 */
export function walkBack(image: StoredFile, undo: Undo, last: number, keepEqual: boolean): void {
  const isGrown = undo.sizeAfter > undo.sizeBefore;
  const isShort = image.status().sizeBytes < undo.sizeAfter;
  // The length was there before the first step began, and was taken back when all were: without it no step is on the disk.
  for (let step = isShort ? 0 : last; step >= 1; step--) {
    for (const pages of runsOf(pagesOf(undo, step))) {
      if (keepEqual) for (const page of pages) writeDifferent(image, undo, page);
      else writePages(image, undo, pages, "old");
    }
    image.flush();
  }
  if (isGrown) {
    image.truncate(undo.sizeBefore);
    image.flush();
  }
  checkPages(image, undo, "old");
}

function pagesOf(undo: Undo, step: number): StoredPage[] {
  return undo.pages.filter((page) => page.step === step);
}

function writePages(image: StoredFile, undo: Undo, pages: readonly StoredPage[], which: "old" | "new"): void {
  const [first] = pages;
  if (first === undefined) return;
  image.write(Buffer.concat(pages.map((page) => readStoredPage(undo, page, which))), first.offset);
}

function writeDifferent(image: StoredFile, undo: Undo, page: StoredPage): void {
  const old = readStoredPage(undo, page, "old");
  if (Buffer.compare(image.readPadded(page.offset, page.length), old) !== 0) image.write(old, page.offset);
}

/** Reads back what was written. Throws IO_WRITE. */
function checkPages(image: StoredFile, undo: Undo, which: "old" | "new"): void {
  const sizeBytes = which === "old" ? undo.sizeBefore : undo.sizeAfter;
  const found = image.status().sizeBytes;
  if (found !== sizeBytes) throw unlike(image, `the image has ${found} bytes instead of ${sizeBytes}`);
  const expected = new Map<number, { length: number; checksum: number }>();
  for (const { offset, length, oldChecksum, newChecksum } of undo.pages) {
    if (which === "new") expected.set(offset, { length, checksum: newChecksum });
    else if (!expected.has(offset)) expected.set(offset, { length, checksum: oldChecksum });
  }
  for (const [offset, { length, checksum }] of expected) {
    // Past the old end the old bytes are zeros, and so is what padding gives; the page at the end is old up to it only.
    const bytes = image.readPadded(offset, length);
    if (crc32c(bytes) !== checksum) throw unlike(image, "a page reads otherwise than it was written", offset);
  }
}

function unlike(image: StoredFile, message: string, offset?: number): VmguestError {
  return new VmguestError("IO_WRITE", message, {
    image: image.path,
    ...(offset !== undefined && { offset }),
  });
}
