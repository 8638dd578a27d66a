import { describe, expect, test } from "vitest";
import { commitChanges, finishChanges, inspectUndo, rollbackChanges } from "../../../src/io/commit/index.ts";
import { diskOf, finalOf, growingCase, IMAGE, planOf, statesOf } from "../../faults/change-lab.ts";
import { type FaultyDisk, PowerCut } from "../../faults/index.ts";

const all = growingCase();
const PAGE = 4096;
/** A page of the first step, and one that the steps 2, 4 and 5 change. */
const [FIRST, THRICE] = [PAGE, 5 * PAGE];
const again = { replaceStaleLock: true };

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
      done: 1,
      page: THRICE,
      parts: [
        { from: 0, steps: 2 },
        { from: 2048, steps: 1 },
      ],
    },
  ])(
    "is torn in the step under way where each sector is the one or the other ($page)",
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
      what: "changes inside a sector",
      done: 0,
      page: FIRST,
      parts: [
        { from: 0, steps: 1 },
        { from: 700, steps: 0 },
      ],
    },
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
});
