// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";
import type { StoredFile } from "./stored-file.ts";
import { readStoredPage, type StoredPage, type Undo } from "./undo-file.ts";

/** How far an image is between before and after, found from its bytes alone. */
export interface Standing {
  /**
   * The steps that may have been under way: all before the step are done, of it some pages or none or all, of those after
   * it nothing. More than one fits where a step is just over. Undefined where none does: the pages are all of this change,
   * but of several steps, as storage leaves them that loses what it was told to flush.
   */
  readonly steps: { readonly first: number; readonly last: number } | undefined;
  /** The first place that is not as the change leaves it, if any. */
  readonly unfinishedAt: number | undefined;
  /** A page is as the change makes it that was not so before. */
  readonly hasNew: boolean;
  /** The first place where the image is neither, so that somebody else has written to it; its length where it is that. */
  readonly foreignAt: number | undefined;
}

/** What one page is, of all that it may be. */
interface PageStanding {
  /** For the version before all steps and that after each of the page's own: whether the page is it. */
  readonly is: readonly boolean[];
  /** Between which version and the next it was torn, where it is none; -1 where it was not. */
  readonly tornAfter: number;
  readonly isForeign: boolean;
}

/** Compares the image with what the undo file says of it. Reads the pages of the change, of the undo file but torn ones. */
export function compareImage(image: StoredFile, undo: Undo): Standing {
  const { sizeBytes } = image.status();
  const possible = new Uint8Array(undo.stepCount + 2).fill(1);
  const isSize = sizeBytes === undo.sizeBefore || sizeBytes === undo.sizeAfter;
  let foreignAt = isSize ? undefined : Math.min(sizeBytes, undo.sizeAfter);
  let unfinishedAt = sizeBytes === undo.sizeAfter ? undefined : sizeBytes;
  let hasNew = false;
  for (const versions of byPage(undo.pages)) {
    const standing = standingOf(image, undo, versions);
    const { is } = standing;
    const [first] = versions;
    if (standing.isForeign) foreignAt ??= first?.offset;
    if (is.at(-1) !== true) unfinishedAt ??= first?.offset;
    hasNew ||= is[0] !== true && !standing.isForeign;
    for (let step = 1; step <= undo.stepCount; step++) {
      if (!fits(standing, versions, step)) possible[step] = 0;
    }
  }
  for (const { offset, length, checksum } of undo.watched) {
    if (crc32c(image.readPadded(offset, length)) !== checksum) foreignAt ??= offset;
  }
  const first = possible.indexOf(1, 1);
  const steps =
    first <= undo.stepCount ? { first, last: possible.lastIndexOf(1, undo.stepCount) } : undefined;
  return { steps, unfinishedAt, hasNew, foreignAt };
}

/** The records of each page, in the order of their steps. */
function byPage(pages: readonly StoredPage[]): Iterable<StoredPage[]> {
  const found = new Map<number, StoredPage[]>();
  for (const page of pages) {
    const versions = found.get(page.offset);
    if (versions === undefined) found.set(page.offset, [page]);
    else versions.push(page);
  }
  return found.values();
}

function standingOf(image: StoredFile, undo: Undo, versions: readonly StoredPage[]): PageStanding {
  const [first] = versions;
  if (first === undefined) return { is: [], tornAfter: -1, isForeign: false };
  const bytes = image.readPadded(first.offset, first.length);
  const checksum = crc32c(bytes);
  const is = [first.oldChecksum, ...versions.map(({ newChecksum }) => newChecksum)].map(
    (version) => version === checksum,
  );
  if (is.includes(true)) return { is, tornAfter: -1, isForeign: false };
  const states = [
    readStoredPage(undo, first, "old"),
    ...versions.map((page) => readStoredPage(undo, page, "new")),
  ];
  const tornAfter = versions.findIndex((_, index) => isMixture(bytes, states.slice(index, index + 2)));
  return { is, tornAfter, isForeign: tornAfter < 0 && !isMixture(bytes, states) };
}

/** Whether a page is as it can be while a step is under way. */
function fits({ is, tornAfter }: PageStanding, versions: readonly StoredPage[], step: number): boolean {
  const done = versions.filter((version) => version.step < step).length;
  if (versions[done]?.step !== step) return is[done] === true;
  return is[done] === true || is[done + 1] === true || tornAfter === done;
}

/** Whether each byte is that of one of the states: a write that was torn anywhere leaves such bytes. */
function isMixture(bytes: Uint8Array, states: readonly Uint8Array[]): boolean {
  return bytes.every((byte, index) => states.some((state) => state[index] === byte));
}
