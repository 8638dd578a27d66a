import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { FileSource, ReadBudget } from "../../src/io/index.ts";

const folder = mkdtempSync(join(tmpdir(), "vmguest-budget-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PAGE = 4096;
const path = join(folder, "content.bin");
writeFileSync(path, new Uint8Array(16 * PAGE));

/** A clock and a memory that a test moves. */
function clock() {
  const state = { now: 1_000_000, memory: 0 };
  return {
    now: () => state.now,
    memoryBytes: () => state.memory,
    pass: (ms: number) => {
      state.now += ms;
    },
    hold: (bytes: number) => {
      state.memory = bytes;
    },
  };
}

const READ_LIMIT = expect.objectContaining({ code: "READ_LIMIT" });

describe("bytes", () => {
  test("may be fetched up to the limit, and what is cached costs nothing", () => {
    const budget = new ReadBudget({ seconds: 1, bytes: 2 * PAGE }, clock());
    using file = FileSource.open(path, { budget });
    for (let round = 0; round < 10; round++) {
      file.read(0, PAGE);
      file.read(PAGE, PAGE);
    }
    expect(budget.refusal).toBeUndefined();
    expect(() => file.read(2 * PAGE, 1)).toThrow(READ_LIMIT);
    expect(budget.refusal?.message).toBe("more than 8192 bytes of it would have to be read");
  });

  test("are counted over all files of an image", () => {
    const budget = new ReadBudget({ seconds: 1, bytes: 2 * PAGE }, clock());
    using child = FileSource.open(path, { budget });
    using parent = FileSource.open(path, { budget });
    child.read(0, 1);
    parent.read(0, 1);
    expect(() => parent.read(PAGE, 1)).toThrow(READ_LIMIT);
    expect(() => child.read(PAGE, 1)).toThrow(READ_LIMIT);
  });

  test("of a long read are refused before any of them is fetched", () => {
    const budget = new ReadBudget({ seconds: 1, bytes: 3 * PAGE }, clock());
    using file = FileSource.open(path, { budget });
    expect(() => file.read(0, 4 * PAGE)).toThrow(READ_LIMIT);
  });
});

describe("time", () => {
  test("runs from the moment the budget is made", () => {
    const time = clock();
    const budget = new ReadBudget({ seconds: 60, bytes: 2 ** 20 }, time);
    using file = FileSource.open(path, { budget });
    time.pass(60_000);
    file.read(0, 1);
    time.pass(1);
    expect(() => file.read(PAGE, 1)).toThrow(READ_LIMIT);
    expect(budget.refusal?.message).toBe("reading it took more than 60 s");
  });

  test("stops also who goes round and round in cached pages", () => {
    const time = clock();
    using file = FileSource.open(path, { budget: new ReadBudget({ seconds: 60, bytes: 2 ** 20 }, time) });
    file.read(0, 1);
    time.pass(60_001);
    expect(() => {
      for (let round = 0; round < 100_000; round++) file.read(0, 1);
    }).toThrow(READ_LIMIT);
  });
});

describe("memory", () => {
  test("may be held up to the limit, and is asked for often enough", () => {
    const meter = clock();
    const budget = new ReadBudget({ seconds: 60, bytes: 2 ** 20, memoryBytes: 1000 }, meter);
    const readOn = () => {
      for (let read = 0; read < 100; read++) budget.spend(1);
    };
    meter.hold(1000);
    readOn();
    expect(budget.refusal).toBeUndefined();
    meter.hold(1001);
    expect(readOn).toThrow(READ_LIMIT);
    expect(budget.refusal?.message).toBe("more than 1000 bytes of memory were held meanwhile");
  });

  test("has no limit where none is given", () => {
    const meter = clock();
    const budget = new ReadBudget({ seconds: 60, bytes: 2 ** 20 }, meter);
    meter.hold(2 ** 50);
    for (let read = 0; read < 100; read++) budget.spend(1);
    expect(budget.refusal).toBeUndefined();
  });
});

test("what was refused once is refused for good, for the same reason", () => {
  const time = clock();
  const budget = new ReadBudget({ seconds: 60, bytes: PAGE }, time);
  expect(() => budget.spend(PAGE + 1)).toThrow(READ_LIMIT);
  time.pass(100_000);
  expect(() => budget.spend(1)).toThrow(budget.refusal);
  expect(() => budget.check()).toThrow(budget.refusal);
  expect(budget.refusal?.message).toContain("bytes");
});

test("infinite limits refuse nothing", () => {
  const time = clock();
  const budget = new ReadBudget({ seconds: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }, time);
  time.pass(1e12);
  budget.spend(2 ** 52);
  expect(budget.refusal).toBeUndefined();
});
