// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { CHANGE_PAGE_BYTES, type Change } from "../overlay.ts";
import { MAX_RECORD_COUNT, MAX_STEP_COUNT } from "./layout.ts";

/** A page of the image in one step: the bytes before it and after it, of the same length. */
export interface PageChange {
  readonly offset: number;
  /** From 1. */
  readonly step: number;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** A range of the image. */
export interface ImageRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * The changes as whole pages, by step and offset. Where several changes of a step meet in one page it is written once,
 * so that a power cut leaves it without any or with all of them. Pages that a step leaves as they are are left out.
 *
 * @param readOriginal gives a page of the image as it is, zeros past its end
 */
export function toPageChanges(
  steps: readonly (readonly Change[])[],
  sizeBytes: number,
  readOriginal: (offset: number, length: number) => Uint8Array,
): PageChange[] {
  const latest = new Map<number, Uint8Array>();
  const all: PageChange[] = [];
  for (const [index, changes] of steps.entries()) {
    const pages = new Map<number, { before: Uint8Array; after: Uint8Array }>();
    for (const change of changes) {
      checkChange(change, sizeBytes);
      for (const offset of pageOffsets({ offset: change.offset, length: change.bytes.length })) {
        let page = pages.get(offset);
        if (page === undefined) {
          const before = latest.get(offset) ?? readOriginal(offset, pageLength(offset, sizeBytes));
          page = { before, after: before.slice() };
          pages.set(offset, page);
          checkCount(all.length + pages.size);
        }
        putInto(page.after, offset, change);
      }
    }
    for (const [offset, { before, after }] of [...pages].sort(([a], [b]) => a - b)) {
      if (Buffer.compare(before, after) === 0) continue;
      latest.set(offset, after);
      all.push({ offset, step: index + 1, before, after });
    }
  }
  return all;
}

/** Offsets of the pages that a range touches. */
export function* pageOffsets({ offset, length }: ImageRange): Generator<number> {
  if (length === 0) return;
  const first = offset - (offset % CHANGE_PAGE_BYTES);
  for (let page = first; page < offset + length; page += CHANGE_PAGE_BYTES) yield page;
}

/** Pages that stand one after the other are written at once, up to so many: 1 MiB. */
const PAGES_PER_WRITE = 256;

/** Pages by ascending offset, those together that stand one after the other. */
export function* runsOf<Page extends ImageRange>(pages: Iterable<Page>): Generator<Page[]> {
  let run: Page[] = [];
  for (const page of pages) {
    const before = run.at(-1);
    const goesOn = before !== undefined && before.offset + before.length === page.offset;
    if (run.length > 0 && (!goesOn || run.length === PAGES_PER_WRITE)) {
      yield run;
      run = [];
    }
    run.push(page);
  }
  if (run.length > 0) yield run;
}

/** Bytes of a page: all of them, but where the image ends inside it. */
export function pageLength(offset: number, sizeBytes: number): number {
  return Math.min(CHANGE_PAGE_BYTES, sizeBytes - offset);
}

const ZEROS = new Uint8Array(CHANGE_PAGE_BYTES);

/** Whether a page holds nothing but zeros. */
export function isZeros(page: Uint8Array): boolean {
  return Buffer.compare(page, ZEROS.subarray(0, page.length)) === 0;
}

function putInto(page: Uint8Array, pageOffset: number, { offset, bytes }: Change): void {
  const from = Math.max(offset, pageOffset);
  const to = Math.min(offset + bytes.length, pageOffset + page.length);
  page.set(bytes.subarray(from - offset, to - offset), from - pageOffset);
}

function checkChange({ offset, bytes }: Change, sizeBytes: number): void {
  checkCount(Math.floor(bytes.length / CHANGE_PAGE_BYTES));
  if (Number.isSafeInteger(offset) && offset >= 0 && offset + bytes.length <= sizeBytes) return;
  const message = `a change of ${bytes.length} bytes reaches past 0x${sizeBytes.toString(16)}, where the image is to end`;
  throw new VmguestError("OUT_OF_BOUNDS", message, { offset });
}

/** Throws LIMIT_EXCEEDED where an undo file would have more records than it may. */
export function checkCount(count: number): void {
  if (count <= MAX_RECORD_COUNT) return;
  const message = `the change has more than ${MAX_RECORD_COUNT} pages of ${CHANGE_PAGE_BYTES} bytes`;
  throw new VmguestError("LIMIT_EXCEEDED", message);
}

/** Throws LIMIT_EXCEEDED where a change has more steps than a commit takes. */
export function checkStepCount(count: number): void {
  if (count <= MAX_STEP_COUNT) return;
  throw new VmguestError("LIMIT_EXCEEDED", `the change has ${count} steps, more than ${MAX_STEP_COUNT}`);
}
