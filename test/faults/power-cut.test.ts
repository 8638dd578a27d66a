import { describe, expect, test } from "vitest";
import { commitChanges, finishChanges, inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import {
  type ChangeCase,
  diskOf,
  finalOf,
  growingCase,
  IMAGE,
  isSound,
  plainCase,
  planOf,
  UNDO,
} from "./change-lab.ts";
import { cutAtEveryCall, type FaultyDisk, type Loss, losses } from "./index.ts";

const CASES = [
  ["that makes the image longer", growingCase()],
  ["that keeps its length", plainCase()],
] as const;
const again = (storage: FaultyDisk) => ({ storage, replaceStaleLock: true });
const commit = (all: ChangeCase) => (storage: FaultyDisk) => {
  commitChanges(IMAGE, planOf(storage, all), { storage });
};
const rollback = (storage: FaultyDisk) => {
  rollbackChanges(IMAGE, again(storage));
};
const finish = (storage: FaultyDisk) => {
  finishChanges(IMAGE, again(storage));
};
const KEPT = { share: 1, seed: 0 };
const copyOf = (disk: FaultyDisk) => disk.afterCut(KEPT);
const imageOf = (disk: FaultyDisk) => disk.bytesOf(IMAGE) ?? expect.fail("the image is gone");

/** What holds whenever the power was cut: what is said is true, and there is a way back and a way on. */
function checkRecovery(disk: FaultyDisk, all: ChangeCase, words: string, { isTorn = false } = {}): void {
  const image = imageOf(disk);
  if (!isTorn) expect(isSound(image, all), `${words}: a mixture of steps`).toBe(true);
  const found = inspectUndo(IMAGE, { storage: disk });
  const said = `${words}: ${found.state}`;
  if (found.state === "none" || found.state === "incomplete") {
    expect(image.equals(all.original), said).toBe(true);
  }
  if (found.state === "committed") {
    expect(image.equals(finalOf(all)), said).toBe(true);
    expect(found.changedAt, said).toBeUndefined();
  }
  if (found.state === "unreadable") expect.fail(`${said}: ${found.error.message}`);
  if (found.state === "none") return;
  const back = copyOf(disk);
  rollback(back);
  expect(imageOf(back).equals(all.original), `${said}, rolled back`).toBe(true);
  expect(back.bytesOf(UNDO), said).toBeUndefined();
  const on = copyOf(disk);
  const { outcome } = finishChanges(IMAGE, again(on));
  expect(outcome, said).toBe(found.state === "incomplete" ? "rolled-back" : "committed");
  expect(imageOf(on).equals(outcome === "committed" ? finalOf(all) : all.original), `${said}, finished`).toBe(
    true,
  );
  const after = inspectUndo(IMAGE, { storage: on });
  expect(after.state).toBe(outcome === "committed" ? "committed" : "none");
}

/** The disk at every moment of a commit at which the power may be cut, one of each. */
function interruptedDisks(all: ChangeCase, loss: Loss = { share: 0.5, seed: 7 }): FaultyDisk[] {
  const disks: FaultyDisk[] = [];
  cutAtEveryCall(
    () => diskOf(all),
    commit(all),
    [loss],
    (disk) => {
      if (inspectUndo(IMAGE, { storage: disk }).state !== "none") disks.push(disk);
    },
  );
  return disks;
}

describe.each(CASES)("a change %s, with the power cut at every call", (_, all) => {
  test("of the commit: what is said is true, and it can be taken back and finished", () => {
    const states = new Set<string>();
    const diskCount = cutAtEveryCall(
      () => diskOf(all),
      commit(all),
      losses(12),
      (disk, { words }) => {
        states.add(inspectUndo(IMAGE, { storage: disk }).state);
        checkRecovery(disk, all, words);
      },
    );
    expect(diskCount).toBeGreaterThan(25);
    expect([...states].sort()).toEqual(["committed", "incomplete", "interrupted", "none"]);
  });

  test("of the commit, which tears pages: the same", () => {
    cutAtEveryCall(
      () => diskOf(all),
      commit(all),
      losses(12, { isTorn: true }),
      (disk, { words }) => checkRecovery(disk, all, words, { isTorn: true }),
    );
  });

  test.each([
    { what: "rollback", work: rollback },
    { what: "finish", work: finish },
  ])("of the $what of a commit that was cut anywhere: the same", ({ work }) => {
    for (const disk of interruptedDisks(all)) {
      cutAtEveryCall(
        () => copyOf(disk),
        work,
        losses(1),
        (inner, { words }) => checkRecovery(inner, all, words),
      );
    }
  });

  test("of a rollback that tears pages, of a commit that tore some: the same", () => {
    for (const disk of interruptedDisks(all, { share: 0.5, seed: 7, isTorn: true })) {
      cutAtEveryCall(
        () => copyOf(disk),
        rollback,
        losses(2, { isTorn: true }),
        (inner, { words }) => checkRecovery(inner, all, words, { isTorn: true }),
      );
    }
  });

  test("of the rollback of a complete commit: the same", () => {
    const committed = diskOf(all);
    commit(all)(committed);
    cutAtEveryCall(
      () => copyOf(committed),
      rollback,
      losses(12),
      (disk, { words }) => checkRecovery(disk, all, words),
    );
  });
});
