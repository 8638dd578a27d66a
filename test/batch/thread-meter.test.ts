import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeEach, expect, test } from "vitest";
import { threadMeter } from "../../src/batch/pool/thread-meter.ts";

const MIB = 1024 * 1024;

/** What the tests hold until their end: given back between two of them, it would be taken from the second one's figure. */
const held: unknown[] = [];
afterAll(() => held.splice(0));

// What other tests have left behind might be collected at any time, and be taken for memory given back.
beforeEach(() => {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
});

test("a thread is charged for the buffers that it has come to hold", () => {
  const before = new ArrayBuffer(64 * MIB);
  const meter = threadMeter();
  expect(meter.memoryBytes()).toBeLessThan(before.byteLength);
  const buffers = Array.from({ length: 3 }, () => new ArrayBuffer(64 * MIB));
  expect(meter.memoryBytes()).toBeGreaterThan(100 * MIB);
  held.push(before, buffers);
});

test("a thread is charged for its objects", () => {
  const meter = threadMeter();
  const objects = Array.from({ length: 1_000_000 }, (_, index) => ({ index }));
  expect(meter.memoryBytes()).toBeGreaterThan(8 * MIB);
  held.push(objects);
});
