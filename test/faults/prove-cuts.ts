// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import { type ChangePlan, commitChanges, inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import type { ByteSource } from "../../src/io/index.ts";
import { cutAtEveryCall, losses } from "./every-call.ts";
import { FaultyDisk, type Loss } from "./faulty-disk.ts";

/** A change of an image that is to be cut at every call. */
export interface CutCase {
  /** The image as it was, of any size: only what changes is kept. */
  readonly image: ByteSource;
  readonly plan: Omit<ChangePlan, "image" | "id">;
  /** How often some of what was not flushed is lost, besides none and all of it; twice where not given. */
  readonly seedCount?: number;
  /** How often pages are torn, once where not given; 0 leaves that out. */
  readonly tornSeedCount?: number;
  /**
   * Throws where the image of this moment is none that a guest may be started from. Every different image is judged once;
   * none whose pages are torn.
   */
  readonly judge: (image: ByteSource, moment: CutMoment) => void;
}

/** When the power was cut. */
export interface CutMoment {
  readonly during: "commit" | "rollback" | "rollback of an interrupted commit";
  /** As a command would say it of the image. */
  readonly state: ReturnType<typeof inspectUndo>["state"];
  /** For a test that fails. */
  readonly words: string;
}

/** What was looked at. */
export interface CutCounts {
  /** Different disks that a cut left; each was rolled back to the original. */
  readonly disks: number;
  /** Different images among them, which were judged. */
  readonly images: number;
  /** Different disks with torn pages; each was rolled back as well. */
  readonly tornDisks: number;
}

const IMAGE = "/images/vm.img";
const UNDO = `${IMAGE}.vmguest-undo`;
const ID = "c07fa11e-0000-4000-8000-000000000001";

/**
 * Cuts the power at every call of the commit, of the rollback, and of the rollback of a commit that was cut in its middle.
 * Whatever is then left: what `inspectUndo` says is true, `judge` has nothing to say against the image, and a rollback
 * restores every byte and the length. With torn pages the same, but that nobody judges the image.
 */
export function proveCuts({ image, plan, seedCount = 2, tornSeedCount = 1, judge }: CutCase): CutCounts {
  const makeDisk = () => {
    const disk = new FaultyDisk();
    disk.put(IMAGE, image);
    return disk;
  };
  const original = makeDisk().fingerprintOf(IMAGE);
  const commit = (storage: FaultyDisk) => {
    commitChanges(IMAGE, { ...plan, image: storage.planned(IMAGE), id: ID }, { storage });
  };
  const rollback = (storage: FaultyDisk) => {
    rollbackChanges(IMAGE, { storage, replaceStaleLock: true });
  };
  const committed = makeDisk();
  commit(committed);
  const final = committed.fingerprintOf(IMAGE);

  /** What is said of the image is true, and it can be taken back. */
  const recover = (disk: FaultyDisk, words: string): CutMoment["state"] => {
    const { state } = inspectUndo(IMAGE, { storage: disk });
    const fingerprint = disk.fingerprintOf(IMAGE);
    if (state === "none" || state === "incomplete") expect(fingerprint, `${words}: ${state}`).toBe(original);
    if (state === "committed") expect(fingerprint, `${words}: ${state}`).toBe(final);
    if (state !== "none") rollback(disk);
    expect(disk.fingerprintOf(IMAGE), `${words}: ${state}, rolled back`).toBe(original);
    expect(disk.fingerprintOf(UNDO), words).toBeUndefined();
    return state;
  };

  const judged = new Set<string>();
  const interrupted: FaultyDisk[] = [];
  /** Cuts the work on such disks, and gives the number of different disks that were left. */
  const cut = (
    during: CutMoment["during"],
    disk: () => FaultyDisk,
    work: (disk: FaultyDisk) => void,
    all: readonly Loss[],
    isTorn: boolean,
  ): number =>
    cutAtEveryCall(disk, work, all, (left, { words: moment }) => {
      const words = `${during}, ${moment}`;
      const fingerprint = left.fingerprintOf(IMAGE) ?? expect.fail(`${words}: the image is gone`);
      const found = left.sourceOf(IMAGE);
      const before = left.afterCut(KEPT);
      const state = recover(left, words);
      if (during === "commit" && state === "interrupted") interrupted.push(before);
      if (isTorn || judged.has(fingerprint)) return;
      judged.add(fingerprint);
      judge(found, { during, state, words });
    });

  /** All of it once, gives the number of different disks. */
  const prove = (all: readonly Loss[], isTorn: boolean): number => {
    interrupted.length = 0;
    const disks =
      cut("commit", makeDisk, commit, all, isTorn) +
      cut("rollback", () => committed.afterCut(KEPT), rollback, all, isTorn);
    const middle = interrupted[Math.floor(interrupted.length / 2)];
    if (middle === undefined) return disks;
    const during = "rollback of an interrupted commit";
    return disks + cut(during, () => middle, rollback, all, isTorn);
  };
  const disks = prove(losses(seedCount), false);
  const tornDisks = prove(losses(tornSeedCount, { isTorn: true }), true);
  return { disks, images: judged.size, tornDisks };
}

/** Everything that was not flushed reaches the disk. */
const KEPT: Loss = { share: 1, seed: 0 };
