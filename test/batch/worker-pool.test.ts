import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Job, WorkerPool } from "../../src/batch/pool/worker-pool.ts";
import { bundleProgram } from "../support/worker-program.ts";

const MIB = 1024 * 1024;

let program: string;
beforeAll(async () => {
  program = await bundleProgram("test/batch/programs/misbehaving.ts");
});
afterEach(() => void vi.restoreAllMocks());

const open = (options = {}) =>
  WorkerPool.open<unknown>({ program, threadCount: 1, heapBytes: 64 * MIB, ...options });

const named = (name: string) => (): Job<unknown> => ({ name: "audit", task: { path: name } });
const identify = (): Job<unknown> => ({ name: "identify", task: null });

const MINUTE_MS = 60_000;

describe("a thread", () => {
  test.each([
    { name: "loops.vhdx", code: "WORKER_HUNG", message: "there was no answer within 0.3 s", timeoutMs: 300 },
    { name: "waits.vhdx", code: "WORKER_HUNG", message: "there was no answer within 0.3 s", timeoutMs: 300 },
    { name: "fills-heap.vhdx", code: "WORKER_MEMORY", message: /objects did not fit/ },
    { name: "wants-buffer.vhdx", code: "WORKER_LOST", message: /Array buffer allocation failed/ },
    { name: "exits.vhdx", code: "WORKER_LOST", message: "the thread was lost: it ended with code 7" },
    { name: "throws-text.vhdx", code: "WORKER_LOST", message: "the thread was lost: a text" },
    { name: "throws-nothing.vhdx", code: "WORKER_LOST", message: "the thread was lost: undefined" },
    { name: "throws-function.vhdx", code: "WORKER_LOST", message: /^the thread was lost: ./ },
    { name: "throws-later.vhdx", code: "WORKER_LOST", message: /outside of everything/ },
    { name: "ends-while-answering.vhdx", code: "WORKER_LOST", message: /it ended with code 0/ },
  ])("that $name costs its own task: $code", async ({ name, code, message, timeoutMs = MINUTE_MS }) => {
    await using pool = await open();
    const wanted = { code, kind: "io", message: expect.stringMatching(message) };
    await expect(pool.run(named(name), timeoutMs)).rejects.toMatchObject(wanted);
    expect(await pool.run(identify, MINUTE_MS)).toMatchObject({ limits: { maxOldGenerationSizeMb: 64 } });
  });

  test("does one task after the other, as long as it lives", async () => {
    await using pool = await open();
    const first = await pool.run(identify, MINUTE_MS);
    expect(await pool.run(identify, MINUTE_MS)).toEqual(first);
  });

  test("that ends before it has begun costs nothing, but only so often", async () => {
    await using pool = await open();
    const vanish = vi.fn(() => ({ name: "vanish", task: null }));
    await expect(pool.run(vanish, MINUTE_MS)).rejects.toMatchObject({ code: "WORKER_LOST" });
    expect(vanish).toHaveBeenCalledTimes(3);
    let attempts = 0;
    const vanishOnce = () => ({ name: attempts++ === 0 ? "vanish" : "identify", task: null });
    expect(await pool.run(vanishOnce, MINUTE_MS)).toMatchObject({ threadId: expect.any(Number) });
  });

  test("that is terminated while it has nothing to do costs nothing", async () => {
    const told = vi.spyOn(Worker.prototype, "postMessage");
    await using pool = await open();
    const first = await pool.run(identify, MINUTE_MS);
    const [thread] = told.mock.contexts as Worker[];
    await thread?.terminate();
    const second = await pool.run(identify, MINUTE_MS);
    expect(second).not.toEqual(first);
    // Now it is sent to a thread that is ending.
    void (told.mock.contexts as Worker[]).at(-1)?.terminate();
    expect(await pool.run(identify, MINUTE_MS)).not.toEqual(second);
  });

  test("whose program is not there costs its task", async () => {
    await using pool = await open({ program: "/nowhere/program.mjs" });
    const wanted = { code: "WORKER_LOST", message: expect.stringContaining("Cannot find module") };
    await expect(pool.run(identify, MINUTE_MS)).rejects.toMatchObject(wanted);
  });
});

describe("a pool", () => {
  test("gives up what is under way when it is closed", async () => {
    const pool = await open({ threadCount: 2 });
    const lost = ["loops.vhdx", "waits.vhdx"].map((name) => pool.run(named(name), MINUTE_MS));
    const settled = Promise.allSettled(lost);
    await setTimeout(100);
    await pool.close();
    expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  });

  test("does not mind what becomes of a thread that it ends", async () => {
    const told = vi.spyOn(Worker.prototype, "postMessage");
    const pool = await open();
    await pool.run(identify, MINUTE_MS);
    const [thread] = told.mock.contexts as Worker[];
    const closed = pool.close();
    expect(thread?.emit("error", new Error("too many open files"))).toBe(true);
    await closed;
  });

  test("starts no thread before there is work", async () => {
    const told = vi.spyOn(Worker.prototype, "postMessage");
    await (await open({ threadCount: 64 })).close();
    expect(told).not.toHaveBeenCalled();
  });

  test("limits no heap where no limit is given", async () => {
    await using pool = await open({ heapBytes: Number.POSITIVE_INFINITY });
    const { limits } = (await pool.run(identify, MINUTE_MS)) as { limits: Record<string, number> };
    expect(limits["maxOldGenerationSizeMb"]).toBeGreaterThan(64);
  });
});
