// SPDX-License-Identifier: MIT
import { expect } from "vitest";
import {
  type ChangePlan,
  commitChanges,
  finishChanges,
  inspectUndo,
  rollbackChanges,
} from "../../src/io/commit/index.ts";
import { type ByteSource, CHANGE_PAGE_BYTES } from "../../src/io/index.ts";
import { cutAtEveryCall, losses } from "./every-call.ts";
import { FaultyDisk, type Loss } from "./faulty-disk.ts";

/** A change of an image that is to be cut at every call. */
export interface CutCase {
  /** The image as it was, of any size: only what changes is kept. */
  readonly image: ByteSource;
  readonly plan: Omit<ChangePlan, "image" | "id">;
  /** How often some of what was not flushed is lost, besides none and all of it; twice where not given. */
  readonly seedCount?: number;
  /** How often pages are torn, once between sectors and once inside them where not given; 0 leaves that out. */
  readonly tornSeedCount?: number;
  /**
   * Throws where the image of this moment is none that a guest may be started from. Every different image is judged once;
   * none whose pages are torn.
   */
  readonly judge: (image: ByteSource, moment: CutMoment) => void;
}

/** When the power was cut. */
export interface CutMoment {
  readonly during:
    | "commit"
    | "rollback"
    | "rollback of an interrupted commit"
    | "finishing an interrupted commit";
  /** As a command would say it of the image. */
  readonly state: ReturnType<typeof inspectUndo>["state"];
  /** For a test that fails. */
  readonly words: string;
}

/** What was looked at. */
export interface CutCounts {
  /** Different disks that a cut left; each was rolled back to the original, and those in between finished as well. */
  readonly disks: number;
  /** Different images among them, which were judged. */
  readonly images: number;
  /** Different disks with torn pages; each was taken back or finished as well. */
  readonly tornDisks: number;
}

const IMAGE = "/images/vm.img";
const ID = "c07fa11e-0000-4000-8000-000000000001";

/**
 * Cuts the power before every write of a page and every other call of the commit, of the rollback, and of the rollback and
 * the finishing of a commit that was cut at its begin, in its middle and at its end. Whatever is then left: what
 * `inspectUndo` says is true, `judge` has nothing to say against the image, a rollback restores every byte and the length
 * and leaves no other file, and finishing what was interrupted gives every byte of the whole commit. With torn pages the
 * same, but that nobody judges the image.
 */
export function proveCuts({ image, plan, seedCount = 2, tornSeedCount = 1, judge }: CutCase): CutCounts {
  const makeDisk = () => {
    const disk = new FaultyDisk();
    disk.put(IMAGE, image);
    return disk;
  };
  const pristine = makeDisk().fingerprint();
  const original = makeDisk().fingerprintOf(IMAGE);
  const commit = byPages((storage) => {
    commitChanges(IMAGE, { ...plan, image: storage.planned(IMAGE), id: ID }, { storage });
  });
  const rollback = byPages((storage) => {
    rollbackChanges(IMAGE, { storage, replaceStaleLock: true });
  });
  const finish = byPages((storage) => {
    expect(finishChanges(IMAGE, { storage, replaceStaleLock: true }).outcome).toBe("committed");
  });
  const committed = makeDisk();
  commit(committed);
  const final = committed.fingerprintOf(IMAGE);

  /** What is said of the image is true, and there are a way back and, where it was interrupted, one on. */
  const recover = (disk: FaultyDisk, during: CutMoment["during"], words: string): CutMoment["state"] => {
    const found = inspectUndo(IMAGE, { storage: disk });
    const { state } = found;
    const fingerprint = disk.fingerprintOf(IMAGE);
    expect(["none", "incomplete", "interrupted", "committed"], words).toContain(state);
    if (state === "none" || state === "incomplete") expect(fingerprint, `${words}: ${state}`).toBe(original);
    if (state === "committed") expect(fingerprint, `${words}: ${state}`).toBe(final);
    if ("changedAt" in found) expect(found.changedAt, words).toBeUndefined();
    const direction = DIRECTIONS[during];
    if (found.state === "interrupted" && direction !== undefined) {
      expect(found.direction, words).toBe(direction);
    }
    if (state === "interrupted") {
      const onward = disk.afterCut(KEPT);
      finish(onward);
      expect(onward.fingerprintOf(IMAGE), `${words}: finished`).toBe(final);
      expect(inspectUndo(IMAGE, { storage: onward }).state, `${words}: finished`).toBe("committed");
    }
    if (state === "none") return state;
    rollback(disk);
    expect(disk.fingerprint(), `${words}: ${state}, rolled back`).toBe(pristine);
    return state;
  };

  const judged = new Set<string>();
  let interrupted: FaultyDisk[] = [];
  /** Cuts the work on such disks, and gives the number of different disks that were left. */
  const cut = (
    during: CutMoment["during"],
    disk: () => FaultyDisk,
    work: (disk: FaultyDisk) => void,
    all: readonly Loss[],
  ): number =>
    cutAtEveryCall(disk, work, all, (left, { words: moment, loss }) => {
      const words = `${during}, ${moment}`;
      const fingerprint = left.fingerprintOf(IMAGE) ?? expect.fail(`${words}: the image is gone`);
      const found = left.sourceOf(IMAGE);
      const before = left.afterCut(KEPT);
      const state = recover(left, during, words);
      if (during === "commit" && state === "interrupted") interrupted.push(before);
      if (loss.isTorn === true || judged.has(fingerprint)) return;
      judged.add(fingerprint);
      judge(found, { during, state, words });
    });

  /** All of it once, gives the number of different disks. */
  const prove = (all: readonly Loss[]): number => {
    interrupted = [];
    let disks = cut("commit", makeDisk, commit, all);
    disks += cut("rollback", () => committed.afterCut(KEPT), rollback, all);
    const middle = interrupted[Math.floor(interrupted.length / 2)];
    const some = new Set([interrupted[0], middle, interrupted.at(-1)]);
    for (const disk of some) {
      if (disk === undefined) continue;
      disks += cut("rollback of an interrupted commit", () => disk.afterCut(KEPT), rollback, all);
      disks += cut("finishing an interrupted commit", () => disk.afterCut(KEPT), finish, all);
    }
    return disks;
  };
  const disks = prove(losses(seedCount));
  const torn = (["sectors", "bytes"] as const).flatMap((tearsBetween) =>
    losses(tornSeedCount, { isTorn: true }).map((loss) => ({ ...loss, tearsBetween })),
  );
  const tornDisks = torn.length === 0 ? 0 : prove(torn);
  return { disks, images: judged.size, tornDisks };
}

/** Which way an interrupted change was on; undefined where it depends on how far it came. */
const DIRECTIONS: Readonly<Record<CutMoment["during"], "commit" | "rollback" | undefined>> = {
  commit: "commit",
  rollback: "rollback",
  "rollback of an interrupted commit": undefined,
  "finishing an interrupted commit": "commit",
};

/** Everything that was not flushed reaches the disk. */
const KEPT: Loss = { share: 1, seed: 0 };

/** The same work, with a call of its own for each page. */
function byPages(work: (disk: FaultyDisk) => void): (disk: FaultyDisk) => void {
  return (disk) => {
    disk.transferBytes = CHANGE_PAGE_BYTES;
    work(disk);
  };
}
