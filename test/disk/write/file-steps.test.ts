// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FileSteps } from "../../../src/disk/write/file-steps.ts";
import { MemorySource, readBytes } from "../../../src/io/index.ts";
import { applySteps, PAGE } from "./cuts.ts";

const base = (sizeBytes: number) => new MemorySource(new Uint8Array(sizeBytes).fill(1));
const shape = (steps: FileSteps["steps"]) =>
  steps.map((step) => step.map(({ offset, bytes }) => [offset, bytes.length]));

describe("steps of a file", () => {
  test("are whole pages, neighbours in one piece", () => {
    const steps = new FileSteps(base(10 * PAGE));
    for (const offset of [5 * PAGE - 1, 7 * PAGE, 3, 5 * PAGE]) steps.write(offset, Uint8Array.of(9));
    steps.endStep();
    expect(shape(steps.steps)).toEqual([
      [
        [0, PAGE],
        [4 * PAGE, 2 * PAGE],
        [7 * PAGE, PAGE],
      ],
    ]);
  });

  test("leave out what is as it was, and themselves where nothing is left", () => {
    const steps = new FileSteps(base(4 * PAGE));
    steps.write(10, Uint8Array.of(1, 1, 1));
    steps.endStep();
    steps.write(PAGE, Uint8Array.of(5));
    steps.write(PAGE, Uint8Array.of(1));
    steps.endStep();
    expect(steps.steps).toEqual([]);
  });

  test("keep what an earlier one wrote, each as the page was then", () => {
    const steps = new FileSteps(base(PAGE));
    steps.write(0, Uint8Array.of(7));
    steps.endStep();
    steps.write(1, Uint8Array.of(8));
    steps.endStep();
    expect(steps.steps.map(([change]) => [...(change?.bytes.subarray(0, 3) ?? [])])).toEqual([
      [7, 1, 1],
      [7, 8, 1],
    ]);
  });

  test("make the file longer by its last page alone, zeros though it is", () => {
    const steps = new FileSteps(base(PAGE + 100));
    steps.extendTo(9 * PAGE + 50);
    steps.endStep();
    expect(steps.sizeBytes).toBe(9 * PAGE + 50);
    expect(shape(steps.steps)).toEqual([[[9 * PAGE, 50]]]);
    expect(readBytes(steps, PAGE, 110)).toEqual(new Uint8Array(110).fill(1, 0, 100));
  });

  test("do to the file what they say of it, whatever is written", () => {
    const write = fc.record({
      offset: fc.nat(6 * PAGE),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 2 * PAGE }),
      endsStep: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.nat(3 * PAGE), fc.array(write, { maxLength: 12 }), (sizeBytes, writes) => {
        const file = base(sizeBytes);
        const steps = new FileSteps(file);
        const model = new Uint8Array(8 * PAGE).fill(1, 0, sizeBytes);
        for (const { offset, bytes, endsStep } of writes) {
          steps.write(offset, bytes);
          model.set(bytes, offset);
          if (endsStep) steps.endStep();
        }
        steps.endStep();
        const after = applySteps(file, steps.steps);
        expect(after.sizeBytes).toBe(steps.sizeBytes);
        for (const seen of [after, steps]) {
          expect(Buffer.compare(readBytes(seen, 0, seen.sizeBytes), model.subarray(0, seen.sizeBytes))).toBe(
            0,
          );
        }
      }),
      { seed: 3 },
    );
  });
});
