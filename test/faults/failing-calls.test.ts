import { describe, expect, test } from "vitest";
import { VmguestError } from "../../src/errors.ts";
import { commitChanges, finishChanges, inspectUndo, rollbackChanges } from "../../src/io/commit/index.ts";
import {
  type ChangeCase,
  diskOf,
  finalOf,
  growingCase,
  IMAGE,
  LOCK,
  plainCase,
  planOf,
  UNDO,
} from "./change-lab.ts";
import { cutAtEveryCall, type FaultyDisk, failAtEveryCall, losses } from "./index.ts";

const CASES = [
  ["that makes the image longer", growingCase()],
  ["that keeps its length", plainCase()],
] as const;
const FAILURES = [
  { code: "EIO", isLasting: false },
  { code: "ENOSPC", isLasting: false },
  { code: "EIO", isLasting: true },
  { code: "ENOSPC", isLasting: true },
] as const;
/** Of those, what a rollback does not meet already where the power is cut. */
const PASSING = FAILURES.filter(({ code, isLasting }) => (code === "EIO") !== isLasting);
/** Of kind io, but where the storage made it look as if somebody else had changed something. */
const HONEST = ["IO_OPEN", "IO_READ", "IO_WRITE", "HOST_SPACE", "COMMIT_UNDONE", "COMMIT_INTERRUPTED"];

const again = (storage: FaultyDisk) => ({ storage, replaceStaleLock: true });
const commit = (all: ChangeCase) => (storage: FaultyDisk) => {
  commitChanges(IMAGE, planOf(storage, all), { storage });
};
const rollback = (storage: FaultyDisk) => {
  rollbackChanges(IMAGE, again(storage));
};
const imageOf = (disk: FaultyDisk) => disk.bytesOf(IMAGE) ?? expect.fail("the image is gone");
const codeOf = (error: unknown) => (error instanceof VmguestError ? error.code : expect.fail(String(error)));

/** The disk after the power was cut, which shows what it really holds; each sort of disk once. */
function* cuts(disk: FaultyDisk, seen: Set<string>): Generator<FaultyDisk> {
  for (const loss of losses(2)) {
    const after = disk.afterCut(loss);
    const fingerprint = after.fingerprint();
    if (seen.has(fingerprint)) continue;
    seen.add(fingerprint);
    yield after;
  }
}

/** The disk has the image as it was, or what is needed to make it so. */
function checkWayBack(disk: FaultyDisk, all: ChangeCase, call: string): void {
  if (inspectUndo(IMAGE, { storage: disk }).state !== "none") rollback(disk);
  expect(imageOf(disk).equals(all.original), call).toBe(true);
  expect(disk.bytesOf(UNDO), call).toBeUndefined();
}

describe.each(CASES)("a change %s", (_, all) => {
  test.each(FAILURES)(
    "whose commit meets $code (for good: $isLasting) at any call says so and loses nothing",
    (failure) => {
      const codes = new Set<string>();
      const seen = new Set<string>();
      failAtEveryCall(
        () => diskOf(all),
        commit(all),
        failure,
        (disk, { call, error }) => {
          for (const after of cuts(disk, seen)) checkWayBack(after, all, `${call}, then a power cut`);
          if (error === undefined) {
            expect(imageOf(disk).equals(finalOf(all)), call).toBe(true);
            expect(inspectUndo(IMAGE, { storage: disk }).state, call).toBe("committed");
            return;
          }
          const code = codeOf(error);
          codes.add(code);
          expect(HONEST, call).toContain(code);
          if (code === "COMMIT_UNDONE") {
            expect(inspectUndo(IMAGE, { storage: disk }).state, call).toBe("none");
          }
          if (code !== "COMMIT_INTERRUPTED")
            expect(imageOf(disk).equals(all.original), `${call}: ${code}`).toBe(true);
        },
      );
      expect(codes).toContain(failure.isLasting ? "COMMIT_INTERRUPTED" : "COMMIT_UNDONE");
    },
  );

  test.each(PASSING)(
    "whose rollback meets $code (for good: $isLasting) at any call can still be rolled back",
    (failure) => {
      const seen = new Set<string>();
      const committed = diskOf(all);
      commit(all)(committed);
      failAtEveryCall(
        () => committed.afterCut({ share: 1, seed: 0 }),
        rollback,
        failure,
        (disk, { call, error }) => {
          if (error !== undefined) expect(HONEST, call).toContain(codeOf(error));
          for (const after of cuts(disk, seen)) checkWayBack(after, all, `${call}, then a power cut`);
          if (inspectUndo(IMAGE, { storage: disk }).state === "none") return;
          // Begun again without a restart, on a host that still shows what the failed flush lost.
          disk.unlink(LOCK);
          rollback(disk);
          for (const after of cuts(disk, seen))
            checkWayBack(after, all, `${call}, begun again, then a power cut`);
        },
      );
    },
  );

  test.each(PASSING)(
    "whose finishing meets $code (for good: $isLasting) at any call can still be finished",
    (failure) => {
      const seen = new Set<string>();
      const interrupted: FaultyDisk[] = [];
      cutAtEveryCall(
        () => diskOf(all),
        commit(all),
        [{ share: 0.5, seed: 3 }],
        (disk) => {
          if (inspectUndo(IMAGE, { storage: disk }).state === "interrupted") interrupted.push(disk);
        },
      );
      const finish = (storage: FaultyDisk) => {
        finishChanges(IMAGE, again(storage));
      };
      const first = interrupted[0] ?? expect.fail("none was interrupted");
      const middle = interrupted[Math.floor(interrupted.length / 2)] ?? first;
      for (const disk of [first, middle])
        failAtEveryCall(
          () => disk.afterCut({ share: 1, seed: 0 }),
          finish,
          failure,
          (disk, { call, error }) => {
            if (error !== undefined) expect(HONEST, call).toContain(codeOf(error));
            disk.unlink(LOCK);
            finish(disk);
            for (const after of cuts(disk, seen)) {
              expect(imageOf(after).equals(finalOf(all)), call).toBe(true);
              checkWayBack(after, all, call);
            }
          },
        );
    },
  );

  test.each([100, 511, 4095, 5000])("reads and writes %i bytes at a time as well", (transferBytes) => {
    const disk = diskOf(all);
    disk.transferBytes = transferBytes;
    commit(all)(disk);
    expect(imageOf(disk).equals(finalOf(all))).toBe(true);
    rollback(disk);
    expect(imageOf(disk).equals(all.original)).toBe(true);
  });
});
