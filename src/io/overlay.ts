// SPDX-License-Identifier: MIT
import { type ByteSource, checkRange, readBytes } from "./byte-source.ts";

/**
 * The order in which changes reach an image. What an earlier phase changes is on the disk before anything of a later one
 * is: contents before the bitmaps that call them used, those before the records that point at them, those before the
 * names that lead there, then what makes the guest use it, and last the bits of what is no longer in use.
 */
export const PHASES = ["data", "allocation", "records", "index", "arming", "release"] as const;

/** One of {@link PHASES}. */
export type Phase = (typeof PHASES)[number];

/** A source whose bytes can be changed, in memory. */
export interface WritableSource extends ByteSource {
  /** What the changes collect in: the same for all parts of one disk. */
  readonly overlay: Overlay;
  /**
   * Changes a range; {@link ByteSource.read} gives the new bytes from then on. A range that overlaps one of a later phase
   * joins that phase, since the new bytes were made with the old ones in view: where both have to keep their order,
   * {@link Overlay.fence} comes between them. Throws OUT_OF_BOUNDS.
   */
  write(offset: number, bytes: Uint8Array, phase: Phase): void;
}

/** Bytes that take the place of others. */
export interface Change {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The changes of one phase of one round, whole pages by ascending offset. */
export interface PhaseChanges {
  /** Counts the fences that were set before; all phases of a round come before those of the next. */
  readonly round: number;
  readonly phase: Phase;
  readonly changes: readonly Change[];
}

/** The unit of changes: what today's disks write at once or not at all. */
export const CHANGE_PAGE_BYTES = 4096;

interface PageWrite {
  /** Counts the phases of all rounds. */
  readonly phase: number;
  /** Offset inside the page. */
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** A page that was changed: how it is now, and how it came to be so. */
interface Page {
  readonly bytes: Uint8Array;
  writes: PageWrite[];
}

/** Changes over a source that stays as it is, kept by the phase in which each is to reach it. */
export class Overlay implements WritableSource {
  readonly sizeBytes: number;
  readonly #base: ByteSource;
  readonly #pages = new Map<number, Page>();
  #round = 0;

  constructor(base: ByteSource) {
    this.#base = base;
    this.sizeBytes = base.sizeBytes;
  }

  read(offset: number, length: number): DataView {
    checkRange("the overlay", this.sizeBytes, offset, length);
    const pages = [...this.#pagesIn(offset, length)].filter(({ page }) => page !== undefined);
    if (pages.length === 0) return this.#base.read(offset, length);
    const bytes = readBytes(this.#base, offset, length).slice();
    for (const { start, page } of pages) {
      if (page === undefined) continue;
      const from = Math.max(offset, start);
      const to = Math.min(offset + length, start + page.bytes.length);
      bytes.set(page.bytes.subarray(from - start, to - start), from - offset);
    }
    return new DataView(bytes.buffer);
  }

  get overlay(): this {
    return this;
  }

  /** Counts the fences that were set. */
  get round(): number {
    return this.#round;
  }

  /** Ends a round: what is written from now on reaches the image after all that was written so far, whatever its phase. */
  fence(): void {
    this.#round++;
  }

  write(offset: number, bytes: Uint8Array, phase: Phase): void {
    checkRange("the overlay", this.sizeBytes, offset, bytes.length);
    if (bytes.length === 0) return;
    const end = offset + bytes.length;
    const wanted = this.#round * PHASES.length + PHASES.indexOf(phase);
    const joined = this.#phaseOf(offset, bytes.length, wanted);
    for (const { index, start } of this.#pagesIn(offset, bytes.length)) {
      const page = this.#pages.get(index) ?? this.#openPage(index, start);
      const from = Math.max(offset, start);
      const part = bytes.slice(from - offset, Math.min(end, start + page.bytes.length) - offset);
      page.bytes.set(part, from - start);
      addWrite(page, { phase: joined, start: from - start, bytes: part });
    }
  }

  /**
   * The changes, phase by phase and round by round; phases without any are left out. A page that several phases change is
   * in each of them, as it is when that phase is over. Pages that ended up as they were are left out where they were never
   * otherwise.
   */
  changes(): PhaseChanges[] {
    const byPhase = new Map<number, Change[]>();
    for (const [index, page] of [...this.#pages].sort(([a], [b]) => a - b)) {
      const offset = index * CHANGE_PAGE_BYTES;
      for (const [phase, bytes] of this.#statesOf(offset, page)) {
        const changes = byPhase.get(phase) ?? [];
        byPhase.set(phase, changes);
        changes.push({ offset, bytes });
      }
    }
    return [...byPhase]
      .sort(([a], [b]) => a - b)
      .map(([number, changes]) => ({
        round: Math.floor(number / PHASES.length),
        phase: PHASES[number % PHASES.length] ?? "data",
        changes,
      }));
  }

  /** Bytes of all pages that were changed. */
  get changedBytes(): number {
    let sum = 0;
    for (const { bytes } of this.#pages.values()) sum += bytes.length;
    return sum;
  }

  /** The page after each phase that makes it another, in order. */
  #statesOf(offset: number, { bytes, writes }: Page): Map<number, Uint8Array> {
    const states = new Map<number, Uint8Array>();
    let state = readBytes(this.#base, offset, bytes.length);
    const phases = [...new Set(writes.map(({ phase }) => phase))].sort((a, b) => a - b);
    for (const phase of phases) {
      const next = state.slice();
      for (const write of writes) if (write.phase === phase) next.set(write.bytes, write.start);
      if (Buffer.compare(state, next) !== 0) states.set(phase, next);
      state = next;
    }
    return states;
  }

  /** The latest of the phases that the range has changes of, and `phase`. */
  #phaseOf(offset: number, length: number, phase: number): number {
    let latest = phase;
    for (const { start, page } of this.#pagesIn(offset, length)) {
      for (const write of page?.writes ?? []) {
        const from = start + write.start;
        if (from < offset + length && from + write.bytes.length > offset)
          latest = Math.max(latest, write.phase);
      }
    }
    return latest;
  }

  *#pagesIn(offset: number, length: number): Generator<{ index: number; start: number; page?: Page }> {
    if (length === 0) return;
    const last = Math.floor((offset + length - 1) / CHANGE_PAGE_BYTES);
    for (let index = Math.floor(offset / CHANGE_PAGE_BYTES); index <= last; index++) {
      const page = this.#pages.get(index);
      yield { index, start: index * CHANGE_PAGE_BYTES, ...(page !== undefined && { page }) };
    }
  }

  #openPage(index: number, start: number): Page {
    const length = Math.min(CHANGE_PAGE_BYTES, this.sizeBytes - start);
    const page = { bytes: readBytes(this.#base, start, length).slice(), writes: [] };
    this.#pages.set(index, page);
    return page;
  }
}

/** Keeps a write; those of the same phase that it covers, with none of another phase after them, need not be kept. */
function addWrite(page: Page, write: PageWrite): void {
  const end = write.start + write.bytes.length;
  while (true) {
    const last = page.writes.at(-1);
    if (last === undefined || last.phase !== write.phase) break;
    if (last.start < write.start || last.start + last.bytes.length > end) break;
    page.writes.pop();
  }
  page.writes.push(write);
}
