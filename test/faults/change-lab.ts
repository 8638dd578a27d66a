import { expect } from "vitest";
import type { ChangePlan } from "../../src/io/commit/index.ts";
import { type Change, MemorySource } from "../../src/io/index.ts";
import { FaultyDisk } from "./faulty-disk.ts";
import { randomOf } from "./random.ts";

export const IMAGE = "/images/vm.vhdx";
export const UNDO = `${IMAGE}.vmguest-undo`;
export const LOCK = `${IMAGE}.vmguest-lock`;
export const ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";

/** A small image, and changes of it in which everything occurs that can. */
export interface ChangeCase {
  readonly original: Buffer;
  readonly steps: readonly (readonly Change[])[];
  readonly sizeBytes: number;
  readonly watched?: { offset: number; length: number }[];
}

const PAGE = 4096;
const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

function randomBytes(length: number, seed: number): Buffer {
  const random = randomOf(seed);
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
}

/** Five steps: a run of pages, parts of pages, a page in three steps, one that becomes again what it was, and growth. */
export function growingCase(): ChangeCase {
  const original = randomBytes(7 * PAGE + 512, 1);
  original.fill(0, 5 * PAGE, 6 * PAGE);
  const sizeBytes = 10 * PAGE + 1024;
  return {
    original,
    sizeBytes,
    steps: [
      [
        { offset: PAGE, bytes: randomBytes(2 * PAGE, 2) },
        { offset: 7 * PAGE + 100, bytes: filled(2 * PAGE, 1) },
      ],
      [
        { offset: 5 * PAGE + 10, bytes: filled(20, 2) },
        { offset: 5 * PAGE + 4000, bytes: filled(200, 3) },
      ],
      [{ offset: 0, bytes: filled(700, 4) }],
      [
        { offset: 0, bytes: original.subarray(0, 700) },
        { offset: 5 * PAGE + 30, bytes: filled(20, 5) },
        { offset: 10 * PAGE, bytes: filled(1024, 6) },
      ],
      [
        { offset: 5 * PAGE + 60, bytes: filled(20, 7) },
        { offset: 3 * PAGE + 90, bytes: filled(20, 8) },
      ],
    ],
    watched: [{ offset: 4 * PAGE + 100, length: 8 }],
  };
}

/** Two steps that leave the length as it is. */
export function plainCase(): ChangeCase {
  const original = randomBytes(6 * PAGE, 3);
  return {
    original,
    sizeBytes: original.length,
    steps: [
      [
        { offset: PAGE, bytes: randomBytes(2 * PAGE, 4) },
        { offset: 4 * PAGE, bytes: filled(PAGE, 1) },
      ],
      [{ offset: 0, bytes: filled(12, 2) }],
    ],
  };
}

/** A disk with the image of the case on it, as it was. */
export function diskOf({ original }: ChangeCase): FaultyDisk {
  const disk = new FaultyDisk();
  disk.put(IMAGE, new MemorySource(original));
  return disk;
}

export function planOf(disk: FaultyDisk, { steps, sizeBytes, watched = [] }: ChangeCase): ChangePlan {
  return { image: disk.planned(IMAGE), steps, sizeBytes, id: ID, watched, note: Buffer.from("a note") };
}

const known = new Map<ChangeCase, Buffer[]>();

/** The image after each step; the first is the image as it was, with the length that it gets. */
export function statesOf(all: ChangeCase): Buffer[] {
  const found = known.get(all);
  if (found !== undefined) return found;
  const { original, steps, sizeBytes } = all;
  const states = [Buffer.concat([original, Buffer.alloc(sizeBytes - original.length)])];
  for (const changes of steps) {
    const state = Buffer.from(states.at(-1) ?? expect.fail("no state"));
    for (const { offset, bytes } of changes) state.set(bytes, offset);
    states.push(state);
  }
  known.set(all, states);
  return states;
}

/** The image when all is done. */
export const finalOf = (all: ChangeCase): Buffer => statesOf(all).at(-1) ?? expect.fail("no state");

/** Whether an image is as some step may leave it that a power cut stops: all before it, some pages of it, none after it. */
export function isSound(image: Buffer, all: ChangeCase): boolean {
  if (image.equals(all.original)) return true;
  const states = statesOf(all);
  const { sizeBytes } = all;
  if (image.length !== sizeBytes) return false;
  const pages = Array.from({ length: Math.ceil(sizeBytes / PAGE) }, (_, index) => index * PAGE);
  return states.slice(1).some((after, index) => {
    const before = states[index] ?? after;
    return pages.every((page) =>
      [before, after].some((state) =>
        image.subarray(page, page + PAGE).equals(state.subarray(page, page + PAGE)),
      ),
    );
  });
}
