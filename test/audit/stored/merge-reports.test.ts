import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuditReport, ImageReport } from "../../../src/audit/index.ts";
import { mergeReports, type StoredReport } from "../../../src/audit/stored/index.ts";
import { brokenImage, guest, image, report } from "../../report/reports.ts";
import { FORMATS, type Format, failureOf, shard, store } from "./stored.ts";

const NAMES = ["json", "ndjson"] as const;

const mergedAs = (parts: readonly StoredReport[], format: Format) => FORMATS[format](mergeReports(parts));

const GUESTS = [
  guest(),
  guest({ verdict: { status: "current", action: "none" } }),
  guest({ verdict: { status: "missing", action: "install-msi" }, staging: { state: "failed" } }),
];

const anyImage = fc
  .record({
    name: fc.string({ unit: "binary" }),
    guests: fc.subarray(GUESTS),
    isBroken: fc.boolean(),
    isParent: fc.boolean(),
  })
  .map(
    ({ name, guests, isBroken, isParent }): ImageReport =>
      isBroken ? brokenImage(name) : image({ path: name, guests, role: isParent ? "parent" : "leaf" }),
  );

/** A report, and how many shards it is spread over, and which shard each of its images is in. */
const spread = fc
  .record({ images: fc.array(anyImage, { maxLength: 12 }), count: fc.integer({ min: 1, max: 5 }) })
  .chain(({ images, count }) =>
    fc.record({
      whole: fc.constant(report(...images)),
      homes: fc.array(fc.nat(count - 1), { minLength: images.length, maxLength: images.length }),
      order: fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
      formats: fc.array(fc.constantFrom(...NAMES), { minLength: count, maxLength: count }),
    }),
  );

const partsOf = (whole: AuditReport, homes: readonly number[], count: number): AuditReport[] =>
  [...Array(count).keys()].map((index) => {
    const positions = [...homes.keys()].filter((position) => homes[position] === index);
    return shard(whole, { index, count, total: homes.length, positions });
  });

describe("shards of one report", () => {
  test("make the whole again, byte for byte, however it was spread and in whatever order", () => {
    fc.assert(
      fc.property(spread, ({ whole, homes, order, formats }) => {
        const all = partsOf(whole, homes, order.length);
        const parts = order.map((index) =>
          store(all[index] as AuditReport, `${index}`, formats[index] as Format),
        );
        for (const format of NAMES) expect(mergedAs(parts, format)).toBe(FORMATS[format](whole));
      }),
      { numRuns: 60 },
    );
  });

  const whole = report(...["a", "b", "c", "d"].map((name) => image({ path: `${name}.vhdx` })));
  const all = partsOf(whole, [0, 1, 0, 2], 3);
  const stored = (...indexes: number[]) =>
    indexes.map((index) => store(all[index] as AuditReport, `part${index + 1}`));

  test("may be one alone", () => {
    const only = shard(whole, { index: 0, count: 1, total: 4, positions: [0, 1, 2, 3] });
    expect(mergedAs([store(only)], "json")).toBe(FORMATS.json(whole));
  });

  const changed = (index: number, changes: Partial<AuditReport>) =>
    store({ ...(all[index] as AuditReport), ...changes }, "changed");
  const place = (index: number, changes: Partial<AuditReport["shard"]>) =>
    changed(index, { shard: { ...(all[index]?.shard as object), ...changes } as never });

  test.each([
    {
      fault: "one is missing",
      parts: stored(2, 0),
      code: "REPORT_SHARD_MISSING",
      says: "of 3 shards these are missing: 2",
    },
    { fault: "two are missing", parts: stored(1), code: "REPORT_SHARD_MISSING", says: "missing: 1, 3" },
    {
      fault: "one is there twice",
      parts: stored(0, 1, 2, 1),
      code: "REPORT_SHARD_TWICE",
      says: "it is shard 2 of 3, and so is part2",
    },
    {
      fault: "one is of another count",
      parts: [...stored(0, 1), place(2, { count: 4 })],
      code: "REPORTS_DIFFER",
      says: "it is one of 4 shards, but part1 is one of 3 shards",
    },
    {
      fault: "one is of another total",
      parts: [...stored(0, 1), place(2, { total: 5 })],
      code: "REPORTS_DIFFER",
      says: "it is a shard of 5 images, but part1 is a shard of 4 images",
    },
    {
      fault: "one is of another list of images, or judged otherwise",
      parts: [...stored(0, 1), place(2, { batch: "0f".repeat(32) })],
      code: "REPORTS_DIFFER",
      says: "it is of the batch 0f0f0f0f0f0f, but part1 is of the batch 5e5e5e5e5e5e",
    },
    {
      fault: "one is no shard",
      parts: [...stored(0, 1, 2), store(report(), "alone")],
      code: "REPORTS_DIFFER",
      says: "it is no shard, but part1 is one of 3 shards",
    },
    {
      fault: "one is for another host",
      parts: [
        ...stored(0, 1),
        changed(2, { host: { id: "ws2019", generation: "2016", extrapolated: false } }),
      ],
      code: "REPORTS_DIFFER",
      says: "judged for the host ws2019, but part1 is judged for the host ws2012r2",
    },
    {
      fault: "one is of another version",
      parts: [...stored(0, 1), changed(2, { tool: { name: "vmguest", version: "9" } })],
      code: "REPORTS_DIFFER",
      says: "made by vmguest 9, but part1 is made by vmguest 0.0.0",
    },
    {
      fault: "two hold the same place",
      parts: [...stored(0, 1), place(2, { positions: [2] })],
      code: "REPORT_SHARD_POSITION",
      says: "it has an image at place 2 of the whole, and so has part1",
    },
    {
      fault: "an image was lost",
      parts: [...stored(0, 1), store(shard(whole, { index: 2, count: 3, total: 4, positions: [] }))],
      code: "REPORT_SHARD_POSITION",
      says: "the shards hold 3 images, but should hold 4",
    },
    {
      fault: "the whole is said to be immense",
      parts: [0, 1, 2].map((index) => place(index, { total: 2 ** 52 })),
      code: "REPORT_SHARD_POSITION",
      says: "hold 4 images",
    },
    {
      fault: "there are said to be ever so many shards",
      parts: [place(0, { count: 2 ** 52 })],
      code: "REPORT_SHARD_MISSING",
      says: "21 and 4503599627370475 more",
    },
  ])("are refused where $fault", ({ parts, code, says }) => {
    const failure = failureOf(() => mergeReports(parts));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
  });
});

describe("reports of several libraries", () => {
  const first = report(image({ path: "b.vhdx" }), brokenImage("c.vhdx"));
  const second = report(image({ path: "a.vhdx", role: "parent", guests: [] }));

  test.each(NAMES)("follow each other as they are named, as %s", (format) => {
    const both = report(...first.images, ...second.images);
    const parts = [store(first, "1", "json"), store(second, "2", "ndjson")];
    expect(mergedAs(parts, format)).toBe(FORMATS[format](both));
  });

  test("are refused where an image is in two of them", () => {
    const parts = [
      store(first, "one.json"),
      store(second),
      store(report(image({ path: "b.vhdx" })), "three.json"),
    ];
    expect(failureOf(() => mergeReports(parts))).toMatchObject({
      code: "REPORT_IMAGE_TWICE",
      message: "b.vhdx is in one.json too",
      where: { image: "three.json" },
    });
  });

  test.each([
    { times: ["2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"], merged: "2026-01-02T00:00:00.000Z" },
    { times: ["2026-01-02T00:00:00+02:00", "2026-01-01T23:00:00.000Z"], merged: "2026-01-01T23:00:00.000Z" },
    { times: ["2026-01-01T00:00:00.000Z", undefined], merged: undefined },
  ])("have the latest of the times $times: $merged", ({ times, merged }) => {
    const parts = [first, second].map(({ schema, tool, ...rest }, index) => {
      const timestamp = times[index];
      return store({ schema, tool, ...(timestamp === undefined ? {} : { timestamp }), ...rest });
    });
    expect(mergeReports(parts).timestamp).toBe(merged);
    if (merged !== undefined)
      expect(Object.keys(mergeReports(parts)).slice(0, 4)).toEqual(["schema", "tool", "timestamp", "host"]);
  });

  test("must be at least one", () => {
    expect(failureOf(() => mergeReports([]))).toMatchObject({ code: "USAGE" });
  });
});
