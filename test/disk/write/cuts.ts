// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import { checkContainer } from "../../../src/disk/check/index.ts";
import { type Disk, type OpenDiskOptions, openDisk } from "../../../src/disk/index.ts";
import type { DiskWritePlan } from "../../../src/disk/write/index.ts";
import {
  type ByteSource,
  type Change,
  checkRange,
  MemorySource,
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
    const changed: number[] = [];
    for (let number = Math.floor(offset / PAGE); number * PAGE < offset + length; number++) {
      if (this.#pages.has(number)) changed.push(number);
    }
    const inBase = Math.min(length, this.#base.sizeBytes - offset);
    if (changed.length === 0 && inBase === length) return this.#base.read(offset, length);
    const target = new Uint8Array(length);
    if (inBase > 0) target.set(readBytes(this.#base, offset, inBase));
    for (const number of changed) {
      const page = this.#pages.get(number) ?? new Uint8Array(0);
      const skip = number * PAGE - offset;
      const visible = page.subarray(Math.max(0, -skip), Math.min(page.length, length - skip));
      if (visible.length > 0) target.set(visible, Math.max(0, skip));
    }
    return new DataView(target.buffer);
  }
}

/** A file with zeros behind it. */
class GrownFile implements ByteSource {
  readonly sizeBytes: number;
  readonly #file: ByteSource;

  constructor(file: ByteSource, sizeBytes: number) {
    this.#file = file;
    this.sizeBytes = sizeBytes;
  }

  read(offset: number, length: number): DataView {
    const inFile = Math.min(length, this.#file.sizeBytes - offset);
    if (inFile === length) return this.#file.read(offset, length);
    const target = new Uint8Array(length);
    if (inFile > 0) target.set(readBytes(this.#file, offset, inFile));
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
const EXHAUSTIVE_PAGE_COUNT_MAX = 4;
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

/** A container whose pages are not whole pages of its file can be torn in its sectors. */
const SECTOR = 512;

/**
 * Whether the disk has the phases up to some one whole and anything of the next, in units that are written at once, as
 * far as the watched pages show.
 */
function isSomePhase(
  disk: Disk,
  states: readonly Uint8Array[],
  watched: readonly number[],
  unit: number,
): boolean {
  const parts = watched.flatMap((page) =>
    Array.from({ length: PAGE / unit }, (_, index) => page * PAGE + index * unit).filter(
      (at) => at < disk.sizeBytes,
    ),
  );
  const seen = parts.map((at) => readBytes(disk, at, Math.min(unit, disk.sizeBytes - at)));
  return states.some((state, number) => {
    const next = states[number + 1] ?? state;
    return parts.every((at, index) => {
      const part = seen[index] ?? new Uint8Array(0);
      const isAsIn = (bytes: Uint8Array) => Buffer.compare(part, bytes.subarray(at, at + part.length)) === 0;
      return isAsIn(state) || isAsIn(next);
    });
  });
}

/** Damage that reading goes around, and that no step may leave. */
const UNSOUND: ReadonlySet<string> = new Set(["VHD_FOOTER_DAMAGED", "VHDX_HEADER_DAMAGED"]);

/** A file that is not larger is held in memory whole, which makes opening it hundreds of times quick. */
const HELD_SIZE_MAX = 2 ** 25;

/** Pages that are changed and the ones beside them. */
function watchedPages(phases: readonly PhaseChanges[]): number[] {
  const changed = phases.flatMap(({ changes }) => pagesOf(changes).map(({ offset }) => offset / PAGE));
  return [...new Set(changed.flatMap((page) => [page - 1, page, page + 1]))].filter((page) => page >= 0);
}

/**
 * Holds a plan against what it promises: at every cut the disk opens with some phases whole and any pages of the next;
 * at the end all are, nothing else has changed, and a check finds nothing that it had not found before.
 *
 * Gives the cuts at which a log had to be replayed.
 */
export function expectSound(
  image: ByteSource,
  phases: readonly PhaseChanges[],
  plan: DiskWritePlan,
  options: OpenDiskOptions & { unit?: number } = {},
): number {
  const { unit = PAGE } = options;
  expect(unit === PAGE || unit === SECTOR).toBe(true);
  const before = openDisk(image, options);
  const held =
    image.sizeBytes > HELD_SIZE_MAX ? image : new MemorySource(readBytes(image, 0, image.sizeBytes));
  const states = statesOf(readBytes(before, 0, before.sizeBytes).slice(), phases);
  const watched = watchedPages(phases);
  let replayedCount = 0;
  let checkedStep = -1;
  for (const { step, pages, file } of cutsOf(held, plan.steps, 1)) {
    const disk = openDisk(file, options);
    if (disk.logState === "replayed") replayedCount++;
    if (!isSomePhase(disk, states, watched, unit))
      expect.fail(`step ${step}, pages ${pages}: a mixture of phases`);
    expect(
      disk.findings.filter(({ code }) => UNSOUND.has(code)),
      `step ${step}, pages ${pages}`,
    ).toEqual([]);
    if (step === checkedStep) continue;
    // The first cut of a step is the file that the one before leaves.
    checkedStep = step;
    const found = [...checkContainer(file)].filter(
      ({ code, severity }) => severity === "error" || UNSOUND.has(code),
    );
    expect(found, `step ${step}`).toEqual([]);
  }
  // A commit may give the file its length before it writes anything.
  const grown = new GrownFile(held, plan.sizeBytes);
  for (let count = 0; count < plan.steps.length; count++) {
    const disk = openDisk(applySteps(grown, plan.steps.slice(0, count)), options);
    if (!isSomePhase(disk, states, watched, unit))
      expect.fail(`${count} steps after growing: a mixture of phases`);
  }
  const after = applySteps(image, plan.steps);
  expect(after.sizeBytes).toBe(plan.sizeBytes);
  expect(plan.file.sizeBytes).toBe(plan.sizeBytes);
  if (plan.sizeBytes <= HELD_SIZE_MAX) {
    const [told, made] = [plan.file, after].map((file) => readBytes(file, 0, plan.sizeBytes));
    expect(Buffer.compare(told ?? new Uint8Array(0), made ?? new Uint8Array(0))).toBe(0);
  }
  const disk = openDisk(after, options);
  expect(Buffer.compare(readBytes(disk, 0, disk.sizeBytes), states.at(-1) ?? new Uint8Array(0))).toBe(0);
  const known = [...checkContainer(image)].map(({ code }) => code);
  expect(known).toEqual(expect.arrayContaining([...checkContainer(after)].map(({ code }) => code)));
  return replayedCount;
}

/** Phases that change single pages, by number; the content of a page tells phase and page. */
export function phasesOf(
  pages: readonly (readonly number[])[],
  sizeBytes = Number.POSITIVE_INFINITY,
): PhaseChanges[] {
  return pages.map((numbers, index) => ({
    round: 0,
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
