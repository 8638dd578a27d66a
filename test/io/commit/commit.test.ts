import { describe, expect, test } from "vitest";
import {
  type CommitOptions,
  commitChanges,
  discardUndo,
  finishChanges,
  inspectUndo,
  rollbackChanges,
} from "../../../src/io/commit/index.ts";
import {
  diskOf,
  finalOf,
  growingCase,
  ID,
  IMAGE,
  LOCK,
  planOf,
  statesOf,
  UNDO,
} from "../../faults/change-lab.ts";
import type { FaultyDisk } from "../../faults/index.ts";

const all = growingCase();
const again = { replaceStaleLock: true };
const failure = (code: string) => expect.objectContaining({ code });
const commit = (disk: FaultyDisk, options: CommitOptions = {}) =>
  commitChanges(IMAGE, planOf(disk, all), { storage: disk, ...options });

/** A disk on which the change was made. */
function committedDisk(): FaultyDisk {
  const disk = diskOf(all);
  commit(disk);
  return disk;
}

/** A disk on which the power was cut when the image had been written to so many times; what was written lasts. */
function interruptedDisk(writeCount = 3): FaultyDisk {
  const calls = committedDisk().calls;
  const writes = calls.flatMap((call, index) => (call === `write ${IMAGE}` ? [index] : []));
  const disk = diskOf(all);
  disk.cutAt = writes[writeCount] ?? expect.fail("there are fewer writes");
  expect(() => commit(disk)).toThrow();
  return disk.afterCut({ share: 1, seed: 0 });
}

describe("a commit", () => {
  test("changes the image, leaves the undo file, and says what it has", () => {
    const disk = diskOf(all);
    expect(commit(disk)).toEqual({
      outcome: "committed",
      undoPath: UNDO,
      changedBytes: 12 * 4096 + 1024,
    });
    expect(disk.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
    expect(disk.bytesOf(LOCK)).toBeUndefined();
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({
      state: "committed",
      undoPath: UNDO,
      id: ID,
      sizeBefore: all.original.length,
      sizeAfter: all.sizeBytes,
      stepCount: 5,
      note: new Uint8Array(Buffer.from("a note")),
      changedAt: undefined,
      isModifiedSince: false,
    });
  });

  test("writes no byte of the image before the undo file and its name are flushed, and flushes after each step", () => {
    const { calls } = committedDisk();
    const first = calls.indexOf(`truncate ${IMAGE}`);
    const before = calls.slice(0, first);
    expect(before.filter((call) => call.startsWith("write")).every((call) => !call.endsWith(IMAGE))).toBe(
      true,
    );
    const flushes = before.filter((call) => call.startsWith("flush"));
    expect(flushes).toEqual([`flush ${LOCK}`, `flush ${UNDO}`, "flushFolder /images", `flush ${UNDO}`]);
    const changes = calls.slice(first).filter((call) => /^(write|truncate|flush)/.test(call));
    expect(changes.filter((call) => call === `flush ${IMAGE}`)).toHaveLength(1 + all.steps.length);
    expect(changes.at(-1)).toBe(`flush ${UNDO}`);
  });

  test("that changes nothing touches nothing", () => {
    const disk = diskOf(all);
    const steps = [[{ offset: 5, bytes: all.original.subarray(5, 9000) }]];
    const plan = { ...planOf(disk, all), steps, sizeBytes: all.original.length };
    expect(commitChanges(IMAGE, plan, { storage: disk })).toMatchObject({
      outcome: "unchanged",
      changedBytes: 0,
    });
    expect(disk.calls.filter((call) => /^(write|create)/.test(call) && !call.endsWith(LOCK))).toEqual([]);
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({ state: "none" });
  });

  test("that only makes the image longer can be taken back", () => {
    const disk = diskOf(all);
    commitChanges(IMAGE, { ...planOf(disk, all), steps: [] }, { storage: disk });
    expect(disk.bytesOf(IMAGE)?.equals(statesOf(all)[0] ?? all.original)).toBe(true);
    rollbackChanges(IMAGE, { storage: disk });
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
  });

  test.each([
    { what: "a shorter image", change: { sizeBytes: 100 }, code: "USAGE" },
    { what: "257 steps", change: { steps: Array.from({ length: 257 }, () => []) }, code: "LIMIT_EXCEEDED" },
    { what: "a long note", change: { note: new Uint8Array(65_537) }, code: "USAGE" },
    {
      what: "a change past the end",
      change: { steps: [[{ offset: all.sizeBytes - 1, bytes: new Uint8Array(2) }]] },
      code: "OUT_OF_BOUNDS",
    },
    {
      what: "more than 32,768 pages",
      change: { sizeBytes: 2 ** 40, steps: [[{ offset: 0, bytes: new Uint8Array(2 ** 27 + 4096) }]] },
      code: "LIMIT_EXCEEDED",
    },
  ])("of $what is refused with $code", ({ change, code }) => {
    const disk = diskOf(all);
    expect(() => commitChanges(IMAGE, { ...planOf(disk, all), ...change }, { storage: disk })).toThrow(
      failure(code),
    );
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    expect(disk.bytesOf(UNDO)).toBeUndefined();
    expect(disk.bytesOf(LOCK)).toBeUndefined();
  });

  test("is refused where the image is another file, or was written to since the plan was made", () => {
    const disk = diskOf(all);
    const plan = planOf(disk, all);
    const other = { ...plan, image: { ...plan.image, identity: "other" } };
    expect(() => commitChanges(IMAGE, other, { storage: disk })).toThrow(failure("IO_CHANGED"));
    disk.overwrite(IMAGE, 100, Uint8Array.of(1));
    expect(() => commitChanges(IMAGE, plan, { storage: disk })).toThrow(failure("IO_CHANGED"));
    const blind = { ...plan, image: { ...plan.image, checkUnchanged: () => undefined } };
    expect(() => commitChanges(IMAGE, blind, { storage: disk })).toThrow(failure("IO_CHANGED"));
    expect(disk.bytesOf(UNDO)).toBeUndefined();
  });

  test("is refused where the image is written to between the undo file and the first write", () => {
    const disk = diskOf(all);
    const plan = planOf(disk, all);
    let askedCount = 0;
    const image = {
      ...plan.image,
      checkUnchanged: () => {
        askedCount++;
        if (askedCount === 2) disk.overwrite(IMAGE, 6 * 4096, Uint8Array.of(1));
      },
    };
    expect(() => commitChanges(IMAGE, { ...plan, image }, { storage: disk })).toThrow(failure("IO_CHANGED"));
    expect(disk.bytesOf(UNDO)).toBeUndefined();
    expect(disk.bytesOf(IMAGE)?.[6 * 4096]).toBe(1);
  });

  test("is refused where the host has too little space, before anything is written", () => {
    const disk = diskOf(all);
    disk.freeSpaceBytes = 150_000;
    expect(() => commit(disk)).toThrow(failure("HOST_SPACE"));
    expect(disk.bytesOf(UNDO)).toBeUndefined();
    disk.freeSpaceBytes = 250_000;
    expect(commit(disk).outcome).toBe("committed");
  });

  test("is refused where another program holds a lock on the image", () => {
    const disk = diskOf(all);
    disk.locks = [{ kind: "OFDLCK", pid: undefined }];
    expect(() => commit(disk)).toThrow(failure("IMAGE_IN_USE"));
    disk.locks = [];
    commit(disk);
    disk.locks = [{ kind: "POSIX", pid: 12 }];
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(failure("IMAGE_IN_USE"));
    expect(disk.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
  });

  test.each([
    { disk: committedDisk, code: "UNDO_PRESENT" },
    { disk: interruptedDisk, code: "UNDO_INTERRUPTED" },
  ])("is refused with $code where there is an undo file already", ({ disk: make, code }) => {
    const disk = make();
    const before = disk.fingerprint();
    expect(() => commit(disk, { replaceStaleLock: true })).toThrow(failure(code));
    expect(disk.fingerprint()).toBe(before);
  });
});

describe("a commit that is cancelled", () => {
  test.each([0, 1, 2, 3, 4])("after asking %i times is taken back", (after) => {
    const disk = diskOf(all);
    let askedCount = 0;
    const { outcome } = commit(disk, { isCancelled: () => askedCount++ >= after });
    expect(outcome).toBe("rolled-back");
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({ state: "none" });
    expect(disk.bytesOf(LOCK)).toBeUndefined();
  });

  test("when all steps but the last are on the disk is taken back", () => {
    const disk = diskOf(all);
    const isFlushed = () =>
      disk.calls.filter((call) => call === `flush ${IMAGE}`).length === all.steps.length;
    expect(commit(disk, { isCancelled: isFlushed }).outcome).toBe("rolled-back");
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
  });

  test("when the last step has begun is finished", () => {
    const disk = diskOf(all);
    const last = committedDisk().calls.lastIndexOf(`write ${IMAGE}`);
    const isLate = () => disk.calls.length >= last;
    expect(commit(disk, { isCancelled: isLate }).outcome).toBe("committed");
    expect(disk.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
  });
});

describe("the lock file", () => {
  const owner = { host: "lab", pid: 77, started: "boot 0" };

  test.each([
    {
      what: "a process that runs",
      text: JSON.stringify({ ...owner, started: "boot 1" }),
      code: "IMAGE_LOCKED",
    },
    {
      what: "a process of another host",
      text: JSON.stringify({ ...owner, host: "elsewhere" }),
      code: "IMAGE_LOCKED",
    },
    { what: "a process that has ended", text: JSON.stringify(owner), code: "LOCK_STALE" },
    { what: "nobody", text: "", code: "LOCK_STALE" },
    { what: "nonsense", text: '{"host":1}', code: "LOCK_STALE" },
    { what: "null", text: "null", code: "LOCK_STALE" },
  ])(
    "of $what refuses with $code, and is replaced only where it is stale and that was asked for",
    ({ text, code }) => {
      const make = () => {
        const disk = diskOf(all);
        const file = disk.open(LOCK, "create");
        file.write(Buffer.from(text), 0);
        return disk;
      };
      const disk = make();
      expect(() => commit(disk)).toThrow(failure(code));
      expect(disk.bytesOf(LOCK)?.toString()).toBe(text);
      if (code === "IMAGE_LOCKED")
        expect(() => commit(make(), { replaceStaleLock: true })).toThrow(failure(code));
      else expect(commit(make(), { replaceStaleLock: true }).outcome).toBe("committed");
    },
  );

  test("that somebody replaced stops the commit before it touches the image", () => {
    const disk = diskOf(all);
    const plan = planOf(disk, all);
    let askedCount = 0;
    const image = {
      ...plan.image,
      checkUnchanged: () => {
        askedCount++;
        if (askedCount === 2) disk.overwrite(LOCK, 0, Buffer.from(JSON.stringify(owner)));
      },
    };
    expect(() => commitChanges(IMAGE, { ...plan, image }, { storage: disk })).toThrow(
      failure("IMAGE_LOCKED"),
    );
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    expect(disk.bytesOf(LOCK)?.toString()).toContain('"pid":77');
  });
});

describe("a rollback", () => {
  test("gives content and length back, and removes the undo file", () => {
    const disk = committedDisk();
    expect(rollbackChanges(IMAGE, { storage: disk })).toMatchObject({ outcome: "rolled-back" });
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({ state: "none" });
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(failure("UNDO_NOT_FOUND"));
    expect(() => finishChanges(IMAGE, { storage: disk })).toThrow(failure("UNDO_NOT_FOUND"));
  });

  test.each([
    { what: "a page that the change had written", offset: 4096 },
    { what: "a page that the change had made", offset: 9 * 4096 },
    { what: "a page that was watched", offset: 4 * 4096 },
    { what: "the length", offset: all.sizeBytes },
  ])("is refused where $what was changed since", ({ offset }) => {
    const disk = committedDisk();
    const value = disk.bytesOf(IMAGE)?.[offset] ?? 0;
    disk.overwrite(IMAGE, offset, Uint8Array.of(value ^ 1));
    const before = disk.fingerprint();
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({
      state: "committed",
      isModifiedSince: true,
    });
    expect(inspectUndo(IMAGE, { storage: disk })).not.toMatchObject({ changedAt: undefined });
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(failure("UNDO_IMAGE_CHANGED"));
    expect(disk.fingerprint()).toBe(before);
    discardUndo(IMAGE, { storage: disk });
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({ state: "none" });
  });

  test("is refused where a page of a complete change is as it was before", () => {
    const disk = committedDisk();
    disk.overwrite(IMAGE, 4096, all.original.subarray(4096, 8192));
    expect(() => rollbackChanges(IMAGE, { storage: disk })).toThrow(failure("UNDO_IMAGE_CHANGED"));
  });

  test("is refused where the image was changed after the commit was cut", () => {
    const disk = interruptedDisk();
    disk.overwrite(IMAGE, 8 * 4096, Uint8Array.of(99));
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({
      state: "interrupted",
      changedAt: 8 * 4096,
    });
    for (const work of [rollbackChanges, finishChanges]) {
      expect(() => work(IMAGE, { storage: disk, replaceStaleLock: true })).toThrow(
        failure("UNDO_IMAGE_CHANGED"),
      );
    }
  });

  test.each([
    { what: "a rollback", work: rollbackChanges, make: () => committedDisk() },
    { what: "a finish", work: finishChanges, make: () => interruptedDisk() },
  ])("lets the caller look at the image first, with the note ($what)", ({ work, make }) => {
    const disk = make();
    const before = disk.bytesOf(IMAGE);
    const seen: unknown[] = [];
    const check = (
      image: { sizeBytes: number; read(at: number, length: number): DataView },
      note: Uint8Array,
    ) => {
      seen.push(image.sizeBytes, image.read(0, 1).getUint8(0), Buffer.from(note).toString());
      expect(() => image.read(image.sizeBytes, 1)).toThrow(failure("OUT_OF_BOUNDS"));
      throw new Error("it has run");
    };
    expect(() => work(IMAGE, { storage: disk, check, ...again })).toThrow("it has run");
    expect(seen).toEqual([all.sizeBytes, before?.[0], "a note"]);
    expect(disk.bytesOf(IMAGE)).toEqual(before);
  });

  test("is refused, and so is finishing, where the host does not tell whose the undo file is", () => {
    for (const work of [rollbackChanges, finishChanges]) {
      const disk = interruptedDisk();
      disk.tellsOwners = false;
      const image = disk.bytesOf(IMAGE);
      expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state: "interrupted" });
      expect(() => work(IMAGE, { storage: disk, ...again })).toThrow(failure("UNDO_OWNER_UNKNOWN"));
      expect(disk.bytesOf(IMAGE)).toEqual(image);
      work(IMAGE, { storage: disk, ...again, trustsUndoFile: true });
      expect([all.original, finalOf(all)].some((state) => disk.bytesOf(IMAGE)?.equals(state))).toBe(true);
    }
  });

  test("needs no trust for an undo file that says nothing, or that is only to be removed", () => {
    const disk = committedDisk();
    disk.tellsOwners = false;
    discardUndo(IMAGE, { storage: disk });
    expect(inspectUndo(IMAGE, { storage: disk })).toEqual({ state: "none" });
  });

  test("puts right what storage left that had lost writes it was told to flush", () => {
    const states = statesOf(all);
    const make = () => {
      const disk = interruptedDisk(5);
      // The first step is lost again, though later ones are there.
      disk.overwrite(IMAGE, 4096, (states[0] ?? all.original).subarray(4096, 8192));
      return disk;
    };
    expect(inspectUndo(IMAGE, { storage: make() })).toMatchObject({ state: "interrupted", step: undefined });
    const [back, on] = [make(), make()];
    rollbackChanges(IMAGE, { storage: back, replaceStaleLock: true });
    expect(back.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    finishChanges(IMAGE, { storage: on, replaceStaleLock: true });
    expect(on.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
  });
});

describe("an interrupted commit", () => {
  test("says which step was under way, or the first that fits", () => {
    const steps = [1, 2, 3, 4, 5, 6].map((writes) => {
      const found = inspectUndo(IMAGE, { storage: interruptedDisk(writes) });
      return found.state === "interrupted" ? found.step : found.state;
    });
    // After the fifth write the page of step 3 is again what it was before it: that is step 2 just over.
    expect(steps).toEqual([1, 1, 2, 3, 2, 4]);
  });

  test("keeps its undo file until it is rolled back or finished", () => {
    const disk = interruptedDisk();
    expect(() => discardUndo(IMAGE, { storage: disk, replaceStaleLock: true })).toThrow(
      failure("UNDO_INTERRUPTED"),
    );
    expect(finishChanges(IMAGE, { storage: disk, replaceStaleLock: true }).outcome).toBe("committed");
    expect(finishChanges(IMAGE, { storage: disk }).outcome).toBe("committed");
    rollbackChanges(IMAGE, { storage: disk });
    expect(disk.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
  });
});
