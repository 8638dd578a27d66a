import { describe, expect, test } from "vitest";
import { commitChanges, finishChanges, inspectUndo, rollbackChanges } from "../../../src/io/commit/index.ts";
import { diskOf, finalOf, growingCase, IMAGE, planOf, statesOf, UNDO } from "../../faults/change-lab.ts";
import { type FaultyDisk, PowerCut } from "../../faults/index.ts";

const all = growingCase();
const PAGE = 4096;
/** A page of the first step, and one that the steps 2, 4 and 5 change. */
const [FIRST, THRICE] = [PAGE, 5 * PAGE];
const again = { replaceStaleLock: true };
/** Everything that was not flushed reaches the disk. */
const KEPT = { share: 1, seed: 0 };

/** The disk of a commit that was cut when so many steps were done, and nothing of the next. */
function diskAfter(stepCount: number): FaultyDisk {
  const whole = diskOf(all);
  commitChanges(IMAGE, planOf(whole, all), { storage: whole });
  const flushes = whole.calls.flatMap((call, index) => (call === `flush ${IMAGE}` ? index : []));
  const disk = diskOf(all);
  // The first flush is that of the length.
  disk.cutAt = (flushes[stepCount] ?? expect.fail("no such step")) + 1;
  expect(() => commitChanges(IMAGE, planOf(disk, all), { storage: disk })).toThrow(PowerCut);
  return disk.afterCut({ share: 0, seed: 0 });
}

/** A page that has, from the given places on, the bytes of the image after the given numbers of steps. */
function mixed(page: number, parts: readonly { from: number; steps: number }[]): Buffer {
  const bytes = Buffer.alloc(PAGE);
  for (const { from, steps } of parts) statesOf(all)[steps]?.copy(bytes, from, page + from, page + PAGE);
  return bytes;
}

describe("a page that is neither old nor new", () => {
  test.each([
    { done: 0, page: FIRST, parts: [0, 512, 1024, 1536].map((from, index) => ({ from, steps: index % 2 })) },
    {
      done: 0,
      page: FIRST,
      parts: [
        { from: 0, steps: 1 },
        { from: 3584, steps: 0 },
      ],
    },
    {
      done: 0,
      page: FIRST,
      parts: [
        { from: 0, steps: 0 },
        { from: 700, steps: 1 },
      ],
    },
    {
      done: 1,
      page: THRICE,
      parts: [
        { from: 0, steps: 2 },
        { from: 2048, steps: 1 },
      ],
    },
    {
      done: 1,
      page: THRICE,
      parts: [
        { from: 0, steps: 2 },
        { from: 20, steps: 1 },
        { from: 27, steps: 2 },
        { from: 4095, steps: 1 },
      ],
    },
  ])(
    "is torn in the step under way where each byte is the one or the other ($done, $page)",
    ({ done, page, parts }) => {
      const make = () => {
        const disk = diskAfter(done);
        disk.overwrite(IMAGE, page, mixed(page, parts));
        return disk;
      };
      expect(inspectUndo(IMAGE, { storage: make() })).toMatchObject({
        state: "interrupted",
        step: done + 1,
        changedAt: undefined,
      });
      const [back, on] = [make(), make()];
      rollbackChanges(IMAGE, { storage: back, ...again });
      expect(back.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
      finishChanges(IMAGE, { storage: on, ...again });
      expect(on.bytesOf(IMAGE)?.equals(finalOf(all))).toBe(true);
    },
  );

  test.each([
    {
      what: "belongs to a step that is over",
      done: 2,
      page: FIRST,
      parts: [
        { from: 0, steps: 1 },
        { from: 512, steps: 0 },
      ],
    },
    {
      what: "belongs to a step that is still to come",
      done: 1,
      page: 0,
      parts: [
        { from: 0, steps: 3 },
        { from: 512, steps: 0 },
      ],
    },
    {
      what: "has bytes of two steps that do not follow each other",
      done: 3,
      page: THRICE,
      parts: [
        { from: 0, steps: 4 },
        { from: 3584, steps: 0 },
      ],
    },
  ])("is somebody else's where it $what", ({ done, page, parts }) => {
    const disk = diskAfter(done);
    disk.overwrite(IMAGE, page, mixed(page, parts));
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state: "interrupted", changedAt: page });
    for (const work of [rollbackChanges, finishChanges]) {
      expect(() => work(IMAGE, { storage: disk, ...again })).toThrow(
        expect.objectContaining({ code: "UNDO_IMAGE_CHANGED" }),
      );
    }
    expect(
      disk
        .bytesOf(IMAGE)
        ?.subarray(page, page + PAGE)
        .equals(mixed(page, parts)),
    ).toBe(true);
  });

  test("is somebody else's with one byte that is neither", () => {
    const disk = diskAfter(0);
    const page = mixed(FIRST, [
      { from: 0, steps: 1 },
      { from: 700, steps: 0 },
    ]);
    const [before, after] = [0, 1].map((steps) => statesOf(all)[steps]?.[FIRST + 700] ?? 0);
    page[700] = [0, 1, 2].find((byte) => byte !== before && byte !== after) ?? 3;
    disk.overwrite(IMAGE, FIRST, page);
    expect(inspectUndo(IMAGE, { storage: disk })).toMatchObject({ state: "interrupted", changedAt: FIRST });
  });
});

/** A block of which only the begin up to some byte was written, or only the end from it on. */
const tornAt = (block: Buffer, at: number) => [
  Buffer.concat([block.subarray(0, at), Buffer.alloc(block.length - at)]),
  Buffer.concat([Buffer.alloc(at), block.subarray(at)]),
];

describe("an undo file that is torn at any byte", () => {
  /** Bytes of a block that are not zeros, and more than enough behind them. */
  const places = Array.from({ length: 120 }, (_, at) => at);
  const undoOf = (disk: FaultyDisk) => disk.bytesOf(UNDO) ?? expect.fail("there is no undo file");

  test("in its first block, before it is ready, is one that is not complete", () => {
    const left = cutAt(diskOf(all), commit, (calls) => calls.lastIndexOf("flushFolder /images") + 1);
    const header = undoOf(left).subarray(0, PAGE);
    for (const block of places.flatMap((at) => tornAt(header, at))) {
      const torn = left.afterCut(KEPT);
      torn.overwrite(UNDO, 0, block);
      expect(inspectUndo(IMAGE, { storage: torn }).state).toBe("incomplete");
      rollbackChanges(IMAGE, { storage: torn, ...again });
      expect(torn.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
      expect(torn.bytesOf(UNDO)).toBeUndefined();
    }
  });

  test.each([
    { mark: "ready", at: PAGE, of: () => ready(), without: "incomplete" },
    { mark: "sealed", at: 2 * PAGE, of: () => committed(), without: "interrupted" },
    { mark: "undoing", at: 3 * PAGE, of: () => aboutToTakeBack(), without: "committed" },
  ])("in its mark $mark has it or has it not, and is taken back", ({ at: offset, of, without }) => {
    const left = of();
    const block = undoOf(left).subarray(offset, offset + PAGE);
    const { state } = inspectUndo(IMAGE, { storage: left });
    for (const bytes of places.flatMap((at) => tornAt(block, at))) {
      const torn = left.afterCut(KEPT);
      torn.overwrite(UNDO, offset, bytes);
      const expected = bytes.equals(block) ? state : without;
      expect(inspectUndo(IMAGE, { storage: torn }).state).toBe(expected);
      rollbackChanges(IMAGE, { storage: torn, ...again });
      expect(torn.bytesOf(IMAGE)?.equals(all.original)).toBe(true);
    }
  });
});

const commit = (disk: FaultyDisk) => commitChanges(IMAGE, planOf(disk, all), { storage: disk });

/** The disk of work that is cut before a call, found by what it calls when nothing is; all until then is on it. */
function cutAt(
  disk: FaultyDisk,
  work: (disk: FaultyDisk) => unknown,
  find: (calls: string[]) => number,
): FaultyDisk {
  const [whole, cut] = [disk.afterCut(KEPT), disk.afterCut(KEPT)];
  work(whole);
  cut.cutAt = find(whole.calls);
  expect(() => work(cut)).toThrow(PowerCut);
  return cut.afterCut(KEPT);
}

/** The disk of a commit that is about to write to the image. */
const ready = () => cutAt(diskOf(all), commit, (calls) => calls.indexOf(`truncate ${IMAGE}`));

function committed(): FaultyDisk {
  const disk = diskOf(all);
  commit(disk);
  return disk.afterCut(KEPT);
}

/** The disk of a rollback that is about to write to the image. */
function aboutToTakeBack(): FaultyDisk {
  const rollback = (disk: FaultyDisk) => rollbackChanges(IMAGE, { storage: disk });
  return cutAt(committed(), rollback, (calls) => calls.indexOf(`write ${IMAGE}`));
}
