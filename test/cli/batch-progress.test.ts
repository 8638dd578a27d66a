import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BatchEvent } from "../../src/batch/index.ts";
import { BatchPace } from "../../src/cli/batch-pace.ts";
import { BatchProgress } from "../../src/cli/batch-progress.ts";
import { batchBar, batchSentence } from "../../src/cli/batch-state.ts";
import { Output } from "../../src/cli/output.ts";
import type { Status } from "../../src/policy/index.ts";
import { brokenImage, guest, image } from "../report/reports.ts";
import { auditedImage } from "./fake-batch.ts";
import { FakeTicker } from "./fake-ticker.ts";

const NOTHING = { done: 0, total: 1000, outdated: 0, missing: 0, errors: 0 };
const SOME = { done: 412, total: 1000, outdated: 3, missing: 1, errors: 2 };
const PACE = { perSecond: 52.34, leftMs: 11_200 };

describe("the bar", () => {
  test.each([
    {
      width: 120,
      text: "[################------------------------]   412/1000  52.3/s  0:11 left  3 outdated  1 missing  2 errors",
    },
    { width: 80, text: "[######---------]   412/1000  52.3/s  0:11 left  3 outdated  1 missing  2 errors" },
    { width: 66, text: " 412/1000  52.3/s  0:11 left  3 outdated  1 missing  2 errors" },
    { width: 56, text: " 412/1000  0:11 left  3 outdated  1 missing  2 errors" },
    { width: 50, text: " 412/1000  3 outdated  1 missing  2 errors" },
    { width: 36, text: "[####--------]   412/1000  0:11 left" },
    { width: 20, text: " 412/1000  0:11 left" },
    { width: 12, text: " 412/1000" },
    { width: 3, text: "" },
  ])("of $width columns leaves out what counts least", ({ width, text }) => {
    expect(batchBar(SOME, PACE, width)).toBe(text);
  });

  test("says nothing of what there is none of, or of what it cannot know", () => {
    expect(batchBar(NOTHING, {}, 40)).toBe("[---------------------------]     0/1000");
  });

  test("is never wider than the terminal, and full only at the end", () => {
    const count = fc.nat(1_000_000);
    fc.assert(
      fc.property(count, count, count, fc.nat(300), (done, more, found, width) => {
        const state = { done, total: done + more, outdated: found, missing: found, errors: found };
        const line = batchBar(state, { perSecond: found / 7, leftMs: more * 1000 }, width);
        expect(line.length).toBeLessThanOrEqual(width);
        if (line.startsWith("[")) expect(line.includes("-")).toBe(more > 0 || done === 0);
      }),
    );
  });
});

test.each([
  {
    state: SOME,
    pace: PACE,
    text: "412 of 1000 images are audited, 52.3 a second, 0:11 left: 3 outdated, 1 missing, 2 errors",
  },
  { state: NOTHING, pace: {}, text: "0 of 1000 images are audited" },
  {
    state: { ...NOTHING, done: 1000, errors: 1 },
    pace: { elapsedMs: 3_723_400 },
    text: "1000 of 1000 images are audited, after 1:02:03: 1 error",
  },
  {
    state: NOTHING,
    pace: { perSecond: 0.0512, leftMs: 725_000 },
    text: "0 of 1000 images are audited, 0.05 a second, 12:05 left",
  },
  { state: NOTHING, pace: { perSecond: 1234.5 }, text: "0 of 1000 images are audited, 1235 a second" },
])("the plain line is: $text", ({ state, pace, text }) => {
  expect(batchSentence(state, pace)).toBe(text);
});

describe("the pace", () => {
  /** Measures every second while `rate` says how many images each second brings. */
  function measure(seconds: number, rate: (second: number) => number, total = 100_000) {
    const pace = new BatchPace(0);
    let done = 0;
    let last = {};
    for (let second = 1; second <= seconds; second++) {
      done += rate(second);
      last = pace.measure({ done, total }, second * 1000);
    }
    return { done, ...(last as { perSecond?: number; leftMs?: number }) };
  }

  test("is right from the first measurement on where it does not change", () => {
    for (const seconds of [2, 3, 10, 1000]) {
      const { done, perSecond, leftMs } = measure(seconds, () => 40);
      expect(perSecond).toBeCloseTo(40);
      expect(leftMs).toBeCloseTo(((100_000 - done) / 40) * 1000);
    }
  });

  test("is not told while it would be that of the start, nor where nothing is done", () => {
    expect(measure(1, () => 40)).toEqual({ done: 40 });
    expect(measure(60, () => 0)).toEqual({ done: 0 });
  });

  test("follows a change within a minute, and does not jump", () => {
    const before = measure(100, () => 50).perSecond ?? 0;
    const soon = measure(101, (second) => (second > 100 ? 5 : 50)).perSecond ?? 0;
    const later = measure(160, (second) => (second > 100 ? 5 : 50)).perSecond ?? 0;
    expect(before - soon).toBeLessThan(5);
    expect(later).toBeGreaterThan(5);
    expect(later).toBeLessThan(7);
  });

  test("is that of what is left once all is done", () => {
    expect(measure(10, () => 40, 400).leftMs).toBe(0);
  });
});

describe("progress", () => {
  interface Stderr {
    readonly columns?: number;
    readonly env?: Readonly<Record<string, string>>;
  }

  function start({ columns, env = {} }: Stderr) {
    const written: string[] = [];
    const stream = {
      isTTY: columns !== undefined,
      columns,
      write: (chunk: string | Uint8Array, done: () => void) => {
        written.push(String(chunk));
        done();
      },
      on: () => undefined,
    };
    const ticker = new FakeTicker();
    const progress = new BatchProgress({ env, stderr: new Output(stream, false) }, ticker);
    const end = (status: Status | "error"): BatchEvent => {
      const report = status === "error" ? brokenImage() : image({ guests: [guest({ verdict: { status } })] });
      const { json: _, ...told } = auditedImage(report, 0);
      return { event: "image-end", ...told };
    };
    return { written, ticker, progress, end, stream };
  }

  const BEGIN: BatchEvent = { event: "start", images: 4, jobs: 2 };

  test("on a terminal is one line, drawn ten times a second at most and gone at the end", () => {
    const { written, ticker, progress, end } = start({ columns: 60 });
    progress.hear(BEGIN);
    expect(written).toEqual([]);
    ticker.advance(3000);
    written.splice(0);
    for (const status of ["outdated", "missing", "error"] as const) progress.hear(end(status));
    expect(written).toEqual([]);
    ticker.advance(100);
    expect(written).toHaveLength(1);
    expect(written[0]?.replace("\r\x1b[K", "")).toMatch(/3\/4 .*1 outdated {2}1 missing {2}1 error$/);
    progress.end();
    expect(written.at(-1)).toBe("\r\x1b[K");
    expect(ticker.periodicCount).toBe(0);
    progress.end();
    expect(written).toHaveLength(2);
  });

  test("on a terminal follows its width", () => {
    const { written, ticker, progress, stream } = start({ columns: 100 });
    progress.hear(BEGIN);
    ticker.advance(100);
    stream.columns = 20;
    ticker.advance(100);
    const [wide = "", narrow = ""] = written.map((text) => text.replace("\r\x1b[K", ""));
    expect(wide.length).toBeGreaterThan(40);
    expect(narrow.length).toBeLessThan(20);
  });

  test("makes room for a message, and comes back behind it", () => {
    const { written, ticker, progress } = start({ columns: 60 });
    progress.clear();
    expect(written).toEqual([]);
    progress.hear(BEGIN);
    ticker.advance(100);
    progress.clear();
    expect(written).toEqual([expect.stringContaining("0/4"), "\r\x1b[K"]);
    ticker.advance(100);
    expect(written.at(-1)).toContain("0/4");
  });

  test.each([
    { name: "where there is no terminal", stderr: {} },
    { name: "in CI", stderr: { columns: 80, env: { CI: "true" } } },
    { name: "on a dumb terminal", stderr: { columns: 80, env: { TERM: "dumb" } } },
  ])("is a plain line every ten seconds $name, and one at the end", ({ stderr }) => {
    const { written, ticker, progress, end } = start(stderr);
    progress.hear(BEGIN);
    ticker.advance(9999);
    progress.hear(end("outdated"));
    expect(written).toEqual([]);
    ticker.advance(1);
    expect(written).toEqual(["vmguest: 1 of 4 images are audited, 0.10 a second, 0:30 left: 1 outdated\n"]);
    for (let index = 0; index < 3; index++) progress.hear(end("current"));
    progress.end();
    expect(written.slice(1)).toEqual(["vmguest: 4 of 4 images are audited, after 0:10: 1 outdated\n"]);
    expect(written.join("")).not.toContain("\x1b");
  });

  test("leaves nothing in a log of what is over soon", () => {
    const { written, ticker, progress, end } = start({});
    progress.hear(BEGIN);
    ticker.advance(9000);
    for (let index = 0; index < 4; index++) progress.hear(end("current"));
    progress.end();
    expect(written).toEqual([]);
  });

  test("of a single image is nothing, however long it takes", () => {
    for (const columns of [80, undefined]) {
      const { written, ticker, progress, end } = start(columns === undefined ? {} : { columns });
      progress.hear({ event: "start", images: 1, jobs: 1 });
      ticker.advance(60_000);
      progress.hear(end("current"));
      progress.end();
      expect(written).toEqual([]);
    }
  });
});
