import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { ImageReport } from "../../src/audit/index.ts";
import { type AuditedImage, auditBatch, type BatchEvent } from "../../src/batch/index.ts";
import { VmguestError } from "../../src/errors.ts";
import { bundleProgram } from "../support/worker-program.ts";
import { AUDIT, auditAll, found, makeLibrary } from "./image-library.ts";

const MISDEEDS = [
  "fills-heap.vhdx",
  "wants-buffer.vhdx",
  "exits.vhdx",
  "throws-text.vhdx",
  "throws-null.vhdx",
  "throws-nothing.vhdx",
  "throws-function.vhdx",
  "throws-later.vhdx",
  "answers-nothing.vhdx",
  "ends-while-answering.vhdx",
];

const GOOD = Array.from({ length: 12 }, (_, index) => `good-${String(index).padStart(2, "0")}.vhdx`);

let workerProgram: string;
let library: ReadonlyMap<string, string>;
beforeAll(async () => {
  workerProgram = await bundleProgram("test/batch/programs/misbehaving.ts");
  const paths = makeLibrary(...GOOD, ...MISDEEDS, "loops.vhdx", "ends-survey.vhdx");
  library = new Map(paths.map((path) => [basename(path), path]));
});
afterEach(() => void vi.restoreAllMocks());

const pathOf = (name: string): string => library.get(name) ?? expect.fail(`${name} is not in the library`);
const listOf = (...names: string[]) => found(names.map(pathOf));
const reportOf = ({ json }: AuditedImage): ImageReport => JSON.parse(json);
const namesOf = (images: readonly AuditedImage[]) => images.map(({ path }) => basename(path));

describe("a batch", () => {
  test("gives on threads what it gives without, in the order of the list", async () => {
    const inline = await auditAll(listOf(...GOOD), {});
    expect(namesOf(inline)).toEqual(GOOD);
    expect(inline.map(({ position }) => position)).toEqual(GOOD.map((_, index) => index));
    const [first] = inline.map(reportOf);
    expect(first).toMatchObject({ path: pathOf("good-00.vhdx"), role: "leaf", error: null });
    expect(first?.guests).toHaveLength(1);
    for (const jobs of [1, 3]) {
      const threaded = await auditAll(listOf(...GOOD), { workerProgram, jobs });
      const what = ({ wallMs: _, ...image }: AuditedImage) => image;
      expect(threaded.map(what)).toEqual(inline.map(what));
    }
  });

  test.each([1, 2])("loses none but the images whose threads are lost, with %i jobs", async (jobs) => {
    const names = GOOD.flatMap((name, index) => [name, ...MISDEEDS.slice(index, index + 1)]);
    const images = await auditAll(listOf(...names), { workerProgram, jobs });
    expect(namesOf(images)).toEqual(names);
    const inline = await auditAll(listOf(...GOOD), {});
    const good = images.filter(({ path }) => basename(path).startsWith("good"));
    expect(good.map(({ json }) => json)).toEqual(inline.map(({ json }) => json));
    const codes = images.flatMap((image) => {
      const { path, error } = reportOf(image);
      return error === null ? [] : [[basename(path), error.code, error.kind, error.hint !== null]];
    });
    expect(codes).toEqual(
      MISDEEDS.map((name) => [
        name,
        name === "fills-heap.vhdx" ? "WORKER_MEMORY" : "WORKER_LOST",
        "io",
        true,
      ]),
    );
  });

  test("gives up an image that is stuck, and audits the others meanwhile", async () => {
    const names = ["good-00.vhdx", "loops.vhdx", "good-01.vhdx", "good-02.vhdx"];
    const limits = { ...AUDIT.limits, seconds: 1 };
    const images = await auditAll(listOf(...names), { workerProgram, jobs: 2, limits, graceMs: 500 });
    expect(images.map(({ outcome }) => outcome.error)).toEqual([
      null,
      { code: "WORKER_HUNG", kind: "io" },
      null,
      null,
    ]);
  });

  test("audits an image too that has cost a thread when its chain was looked at", async () => {
    const names = ["good-00.vhdx", "ends-survey.vhdx", "good-01.vhdx"];
    const images = await auditAll(listOf(...names), { workerProgram });
    expect(images.map(({ path, outcome }) => [basename(path), outcome.error, outcome.guests.length])).toEqual(
      names.map((name) => [name, null, 1]),
    );
  });

  test("puts what could not be searched behind the images", async () => {
    const unreadable = [{ path: "closed", error: new VmguestError("IO_OPEN", "permission denied") }];
    const images = await auditAll({ images: [pathOf("good-00.vhdx")], unreadable }, {});
    expect(images.map(({ path, position }) => [basename(path), position])).toEqual([
      ["good-00.vhdx", 0],
      ["closed", 1],
    ]);
    expect(images.map(reportOf).map(({ error }) => error?.code)).toEqual([undefined, "IO_OPEN"]);
  });

  test("tells of what could not be searched no faster than it is heard", async () => {
    const error = new VmguestError("IO_OPEN", "permission denied");
    const unreadable = Array.from({ length: 10_000 }, (_, index) => ({ path: `closed-${index}`, error }));
    let told = 0;
    const onEvent = ({ event }: BatchEvent) => void (event === "image-end" && told++);
    const toldAtEach: number[] = [];
    for await (const _ of auditBatch({ images: [], unreadable }, { ...AUDIT, onEvent }))
      toldAtEach.push(told);
    expect(toldAtEach).toHaveLength(10_000);
    const ahead = toldAtEach.map((count, index) => count - index);
    expect(Math.max(...ahead)).toBeLessThan(3000);
  });

  test("hears that it is to end while it tells of what could not be searched", async () => {
    const error = new VmguestError("IO_OPEN", "permission denied");
    const unreadable = Array.from({ length: 10_000 }, (_, index) => ({ path: `closed-${index}`, error }));
    const controller = new AbortController();
    const reason = new Error("enough");
    let count = 0;
    const work = async () => {
      for await (const _ of auditBatch({ images: [], unreadable }, { ...AUDIT, signal: controller.signal })) {
        if (count++ === 0) setImmediate(() => controller.abort(reason));
      }
    };
    await expect(work()).rejects.toBe(reason);
    expect(count).toBeLessThan(3000);
  });

  test("refuses an image whose memory is not enough, and goes on", async () => {
    const limits = { seconds: 60, bytes: 1e9, memoryBytes: 1 };
    const images = await auditAll(listOf(...GOOD.slice(0, 2)), { workerProgram, limits });
    expect(images.map(reportOf).map(({ error }) => error?.code)).toEqual(["READ_LIMIT", "READ_LIMIT"]);
  });

  test("tells what happens as it happens", async () => {
    const events: BatchEvent[] = [];
    const names = GOOD.slice(0, 3);
    await auditAll(listOf(...names), { workerProgram, jobs: 1, onEvent: (event) => events.push(event) });
    const one = (position: number) => [
      { event: "image-start", position, path: pathOf(names[position] ?? "") },
      { event: "image-end", position, isFromCache: false, outcome: { role: "leaf" } },
    ];
    expect(events).toMatchObject([
      { event: "start", images: 3, jobs: 1 },
      ...[0, 1, 2].flatMap(one),
      { event: "end", images: 3, fromCache: 0 },
    ]);
    expect(events.filter((event) => "json" in event)).toEqual([]);
  });

  test("starts no thread for a single image, and no more than there are images", async () => {
    const started = vi.spyOn(Worker.prototype, "postMessage");
    const countThreads = () => new Set(started.mock.contexts).size;
    await auditAll(listOf("good-00.vhdx"), { workerProgram });
    expect(countThreads()).toBe(0);
    await auditAll(listOf("good-00.vhdx", "good-01.vhdx"), { workerProgram, jobs: 64 });
    expect(countThreads()).toBe(2);
  });

  test("of nothing gives nothing", async () => {
    const events: BatchEvent[] = [];
    expect(await auditAll(found([]), { onEvent: (event) => events.push(event) })).toEqual([]);
    expect(events.map(({ event }) => event)).toEqual(["start", "end"]);
  });

  test.each([0, 65, 1.5, Number.NaN])("refuses %d jobs", async (jobs) => {
    await expect(auditAll(listOf("good-00.vhdx"), { jobs })).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("a batch ends, and nothing of it stays,", () => {
  /** The threads that there still are. */
  function watchThreads() {
    const spy = vi.spyOn(Worker.prototype, "postMessage");
    return () => (spy.mock.contexts as Worker[]).filter(({ threadId }) => threadId !== -1);
  }

  test("when its signal is aborted, with the reason of that", async () => {
    const threads = watchThreads();
    const controller = new AbortController();
    const reason = new Error("enough");
    const images: string[] = [];
    const run = async () => {
      const options = { ...AUDIT, workerProgram, jobs: 2, signal: controller.signal };
      for await (const { path } of auditBatch(listOf("good-00.vhdx", "loops.vhdx", ...GOOD), options)) {
        images.push(basename(path));
        controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(images).toEqual(["good-00.vhdx"]);
    expect(threads()).toEqual([]);
  });

  test("when its signal is aborted though nobody asks for the next image", async () => {
    const threads = watchThreads();
    const controller = new AbortController();
    const options = { ...AUDIT, workerProgram, jobs: 2, signal: controller.signal };
    const batch = auditBatch(listOf("good-00.vhdx", "loops.vhdx", "good-01.vhdx"), options);
    await batch.next();
    expect(threads()).not.toEqual([]);
    controller.abort();
    await vi.waitFor(() => expect(threads()).toEqual([]), { timeout: 10_000 });
    await expect(batch.next()).rejects.toBe(controller.signal.reason);
  });

  test("when its signal is aborted beforehand", async () => {
    const signal = AbortSignal.abort();
    await expect(auditAll(listOf("good-00.vhdx"), { signal })).rejects.toBe(signal.reason);
  });

  test("when its signal is aborted while it is still being planned", async () => {
    const controller = new AbortController();
    const ended = auditAll(listOf(...GOOD), { workerProgram, signal: controller.signal });
    controller.abort();
    await expect(ended).rejects.toBe(controller.signal.reason);
  });

  test("without threads too", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onEvent: () => controller.abort() };
    await expect(auditAll(listOf(...GOOD), options)).rejects.toThrow("aborted");
  });

  test("when nobody wants more of it", async () => {
    const threads = watchThreads();
    const batch = auditBatch(listOf("good-00.vhdx", "loops.vhdx", "good-01.vhdx"), {
      ...AUDIT,
      workerProgram,
      jobs: 2,
    });
    for await (const { path } of batch) {
      expect(basename(path)).toBe("good-00.vhdx");
      break;
    }
    expect(threads()).toEqual([]);
  });

  test.each(["start", "image-start", "image-end", "end"])("when who hears of %s throws", async (when) => {
    const threads = watchThreads();
    const onEvent = ({ event }: BatchEvent) => {
      if (event === when) throw new Error("deaf");
    };
    await expect(auditAll(listOf(...GOOD), { workerProgram, onEvent })).rejects.toThrow("deaf");
    expect(threads()).toEqual([]);
  });
});
