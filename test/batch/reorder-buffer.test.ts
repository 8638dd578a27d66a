import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ReorderBuffer } from "../../src/batch/reorder-buffer.ts";

const open = (limits = {}) =>
  new ReorderBuffer<string>({ itemsAhead: 3, bytes: 10, ...limits }, (text) => text.length);

/** Whether something is settled once all that can happen now has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test("gives back the order in which things were numbered, however they come", async () => {
  const order = fc
    .nat({ max: 30 })
    .chain((count) => fc.shuffledSubarray([...Array(count).keys()], { minLength: count }));
  await fc.assert(
    fc.asyncProperty(order, async (indexes) => {
      const buffer = open();
      for (const index of indexes) buffer.put(index, `${index}`);
      buffer.end(indexes.length);
      const taken: string[] = [];
      for (let item = await buffer.take(); item !== undefined; item = await buffer.take()) taken.push(item);
      expect(taken).toEqual(indexes.map((_, index) => `${index}`));
    }),
  );
});

describe("who takes", () => {
  test("waits until the next one is there", async () => {
    const buffer = open();
    const taken = buffer.take();
    buffer.put(1, "second");
    expect(await isSettled(taken)).toBe(false);
    buffer.put(0, "first");
    expect(await taken).toBe("first");
  });

  test("hears that there are no more, though it was waiting already", async () => {
    const buffer = open();
    const taken = buffer.take();
    buffer.end(0);
    expect(await taken).toBeUndefined();
  });
});

describe("who begins something new", () => {
  test("waits until it is near enough to what is taken next", async () => {
    const buffer = open();
    for (const index of [0, 1, 2]) await buffer.waitForRoom(index);
    const room = buffer.waitForRoom(3);
    expect(await isSettled(room)).toBe(false);
    buffer.put(0, "first");
    await buffer.take();
    await room;
  });

  test("waits while too much waits to be taken, but never for what is taken next", async () => {
    const buffer = open();
    buffer.put(1, "eleven bytes");
    const room = buffer.waitForRoom(2);
    await buffer.waitForRoom(0);
    expect(await isSettled(room)).toBe(false);
    buffer.put(0, "");
    await buffer.take();
    await buffer.take();
    await room;
  });
});

test("a failure ends all that wait, and the first one counts", async () => {
  const buffer = open();
  const waiting = [buffer.take(), buffer.waitForRoom(9)];
  const first = new Error("first");
  buffer.fail(first);
  buffer.fail(new Error("second"));
  for (const one of waiting) await expect(one).rejects.toBe(first);
  buffer.put(0, "too late");
  await expect(buffer.take()).rejects.toBe(first);
});
