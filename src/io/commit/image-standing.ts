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
  /** The first place where the image is nothing of this change, so that somebody else has written to it; or its length. */
  readonly foreignAt: number | undefined;
}

/** What one page is, of all that it may be. */
interface PageStanding {
  /** For the version before all steps and that after each of the page's own: whether the page is it. */
  readonly is: readonly boolean[];
  /** For each of the page's steps: whether the page, being no version, may be what a write in it left that was torn. */
  readonly tornIn: readonly boolean[];
}

/** Compares the image with what the undo file says of it. Reads the pages of the change, of the undo file but torn ones. */
export function compareImage(image: StoredFile, undo: Undo): Standing {
  const { sizeBytes } = image.status();
  const possible = new Uint8Array(undo.stepCount + 2).fill(1);
  const isSize = sizeBytes === undo.sizeBefore || sizeBytes === undo.sizeAfter;
  let foreignAt = isSize ? undefined : Math.min(sizeBytes, undo.sizeAfter);
  let unfinishedAt = sizeBytes === undo.sizeAfter ? undefined : sizeBytes;
  let tornAt: number | undefined;
  let hasNew = false;
  for (const versions of byPage(undo.pages)) {
    const standing = standingOf(image, undo, versions);
    const { is, tornIn } = standing;
    const offset = versions[0]?.offset;
    const isTorn = tornIn.includes(true);
    const isForeign = !isTorn && !is.includes(true);
    if (isForeign) foreignAt ??= offset;
    if (isTorn) tornAt ??= offset;
    if (is.at(-1) !== true) unfinishedAt ??= offset;
    hasNew ||= is[0] !== true && !isForeign;
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
  // A write is torn in the step under way alone: a mixture in any other state is somebody else's.
  if (steps === undefined) foreignAt ??= tornAt;
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
  if (first === undefined) return { is: [], tornIn: [] };
  const bytes = image.readPadded(first.offset, first.length);
  const checksum = crc32c(bytes);
  const is = [first.oldChecksum, ...versions.map(({ newChecksum }) => newChecksum)].map(
    (version) => version === checksum,
  );
  if (is.includes(true)) return { is, tornIn: [] };
  const tornIn = versions.map((page) =>
    isMixture(bytes, readStoredPage(undo, page, "old"), readStoredPage(undo, page, "new")),
  );
  return { is, tornIn };
}

/** Whether a page is as it can be while a step is under way. */
function fits({ is, tornIn }: PageStanding, versions: readonly StoredPage[], step: number): boolean {
  const done = versions.filter((version) => version.step < step).length;
  if (versions[done]?.step !== step) return is[done] === true;
  return is[done] === true || is[done + 1] === true || tornIn[done] === true;
}

/**
 * Whether each byte is that of the one or of the other. Disks tear between sectors, but caches, networks and other machines
 * may stop at any byte, and a page can be torn again where it is written again.
 */
function isMixture(bytes: Uint8Array, before: Uint8Array, after: Uint8Array): boolean {
  return bytes.every((byte, at) => byte === before[at] || byte === after[at]);
}
