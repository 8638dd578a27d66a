// SPDX-License-Identifier: MIT
import {
  type ByteSource,
  type Change,
  checkRange,
  PHASES,
  type PhaseChanges,
  readBytes,
} from "../../../src/io/index.ts";

/** Bytes that a disk writes at once or not at all. */
export const PAGE = 4096;

/** A file with some changes done to it, laid over the file as it was. */
export class ChangedFile implements ByteSource {
  sizeBytes: number;
  readonly #base: ByteSource;
  readonly #pages: Map<number, Uint8Array>;

  constructor(base: ByteSource, before?: ChangedFile) {
    this.#base = base;
    this.sizeBytes = before?.sizeBytes ?? base.sizeBytes;
    this.#pages = new Map(before === undefined ? [] : before.#pages);
  }

  /** The same file with more changes done to it, which are whole pages. */
  with(changes: readonly Change[]): ChangedFile {
    const file = new ChangedFile(this.#base, this);
    for (const { offset, bytes } of pagesOf(changes)) {
      file.#pages.set(offset / PAGE, bytes);
      file.sizeBytes = Math.max(file.sizeBytes, offset + bytes.length);
    }
    return file;
  }

  read(offset: number, length: number): DataView {
    checkRange("the changed file", this.sizeBytes, offset, length);
    const target = new Uint8Array(length);
    const inBase = Math.min(length, this.#base.sizeBytes - offset);
    if (inBase > 0) target.set(readBytes(this.#base, offset, inBase));
    for (let number = Math.floor(offset / PAGE); number * PAGE < offset + length; number++) {
      const page = this.#pages.get(number);
      if (page === undefined) continue;
      const skip = number * PAGE - offset;
      const visible = page.subarray(Math.max(0, -skip), Math.min(page.length, length - skip));
      if (visible.length > 0) target.set(visible, Math.max(0, skip));
    }
    return new DataView(target.buffer);
  }
}

/** Changes cut into single pages. */
export function pagesOf(changes: readonly Change[]): Change[] {
  return changes.flatMap(({ offset, bytes }) => {
    if (offset % PAGE !== 0) throw new Error(`a change begins at ${offset}`);
    return Array.from({ length: Math.ceil(bytes.length / PAGE) }, (_, index) => ({
      offset: offset + index * PAGE,
      bytes: bytes.slice(index * PAGE, (index + 1) * PAGE),
    }));
  });
}

/** The file after all steps. */
export function applySteps(file: ByteSource, steps: readonly (readonly Change[])[]): ChangedFile {
  return steps.reduce((before, step) => before.with(step), new ChangedFile(file));
}

/** The same pseudo-random numbers at every run. */
export function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Every subset of a step with so many pages is tried; of a larger one, some. */
const EXHAUSTIVE_PAGE_COUNT_MAX = 5;
const DRAWN_SUBSET_COUNT = 12;

/** The file as a power failure could leave it: after every step, with any pages of the next one. */
export function* cutsOf(
  file: ByteSource,
  steps: readonly (readonly Change[])[],
  seed: number,
): Generator<{ step: number; pages: string; file: ChangedFile }> {
  const random = generator(seed);
  let done = new ChangedFile(file);
  for (const [step, changes] of steps.entries()) {
    const pages = pagesOf(changes);
    for (const isWritten of subsetsOf(pages.length, random)) {
      const written = pages.filter((_, index) => isWritten[index]);
      yield { step, pages: isWritten.map(Number).join(""), file: done.with(written) };
    }
    done = done.with(changes);
  }
  yield { step: steps.length, pages: "", file: done };
}

function subsetsOf(pageCount: number, random: (below: number) => number): boolean[][] {
  if (pageCount <= EXHAUSTIVE_PAGE_COUNT_MAX) {
    return Array.from({ length: 2 ** pageCount - 1 }, (_, subset) =>
      Array.from({ length: pageCount }, (_, page) => Math.floor(subset / 2 ** page) % 2 === 1),
    );
  }
  const drawn = Array.from({ length: DRAWN_SUBSET_COUNT }, () =>
    Array.from({ length: pageCount }, () => random(2) === 1),
  );
  return [Array.from({ length: pageCount }, () => false), ...drawn];
}

/** What a disk is before the first phase and after each: each its bytes as a whole. */
export function statesOf(before: Uint8Array, phases: readonly PhaseChanges[]): Uint8Array[] {
  const states = [before];
  for (const { changes } of phases) {
    const state = (states.at(-1) ?? before).slice();
    for (const { offset, bytes } of changes) state.set(bytes, offset);
    states.push(state);
  }
  return states;
}

/** The number of phases that the disk has whole, with pages of the next one; undefined where it is none of its states. */
export function phaseOf(disk: Uint8Array, states: readonly Uint8Array[]): number | undefined {
  const index = states.findIndex((state, number) => {
    const next = states[number + 1] ?? state;
    for (let at = 0; at < disk.length; at += PAGE) {
      const page = disk.subarray(at, at + PAGE);
      if (Buffer.compare(page, state.subarray(at, at + PAGE)) === 0) continue;
      if (Buffer.compare(page, next.subarray(at, at + PAGE)) !== 0) return false;
    }
    return true;
  });
  return index < 0 ? undefined : index;
}

/** Phases that change single pages, by number; the content of a page tells phase and page. */
export function phasesOf(
  pages: readonly (readonly number[])[],
  sizeBytes = Number.POSITIVE_INFINITY,
): PhaseChanges[] {
  return pages.map((numbers, index) => ({
    phase: PHASES[index] ?? "arming",
    changes: numbers.map((number) => {
      const bytes = new Uint8Array(Math.min(PAGE, sizeBytes - number * PAGE)).fill(
        0x80 + index * 16 + (number % 16),
      );
      return { offset: number * PAGE, bytes };
    }),
  }));
}

/** GUIDs that count up. */
export function countingGuids(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${String(++count).padStart(12, "0")}`;
}
