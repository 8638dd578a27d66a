import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuditReport, assembleReport, auditImage } from "../../../src/audit/index.ts";
import { openStoredReport } from "../../../src/audit/stored/index.ts";
import { VmguestError } from "../../../src/errors.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { brokenImage, guest, image, report } from "../../report/reports.ts";
import { BATCH, FORMATS, type Format, failureOf, open, shard, store } from "./stored.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SAMPLES = join(ROOT, "samples");
execFileSync(process.execPath, [join(SAMPLES, "unpack.js")]);

/** What the audit itself says of real images, and of one that cannot be read. */
const REAL: AuditReport = assembleReport(
  [
    ...readdirSync(SAMPLES)
      .filter((name) => name.endsWith(".vhdx"))
      .map((name) => auditImage(join(SAMPLES, name), { host: "ws2012r2" })),
    auditImage(join(SAMPLES, "make.sh"), { host: "ws2012r2" }),
  ],
  { host: "ws2012r2", toolVersion: "0.0.0", timestamp: "2026-01-02T03:04:05.006Z" },
);

const NAMES = ["json", "ndjson"] as const;

const again = (text: string | Uint8Array, format: Format = "json") => FORMATS[format](open(text).report);

describe.each(NAMES)("a report stored as %s", (format) => {
  test("says the same when it is opened", () => {
    const stored = store(REAL, "old.json", format);
    expect({ ...stored.report, images: [...stored.report.images] }).toEqual(REAL);
    expect(stored.paths).toEqual(REAL.images.map(({ path }) => path));
    expect(stored.imageAt(1)).toEqual(REAL.images[1]);
  });

  test("is written again as the same bytes, in both formats", () => {
    const text = FORMATS[format](REAL);
    for (const other of NAMES) expect(again(text, other)).toBe(FORMATS[other](REAL));
  });

  test("gives its images as often as they are asked for", () => {
    const { images } = store(REAL, "old.json", format).report;
    expect([...images]).toEqual([...images]);
  });

  test("may be of no images at all", () => {
    expect([...store(report(), "old.json", format).report.images]).toEqual([]);
  });

  test("may be a shard", () => {
    const part = shard(report(image(), image({ path: "b.vhdx" })), {
      index: 1,
      count: 3,
      total: 2,
      positions: [1],
    });
    expect(again(FORMATS[format](part), format)).toBe(FORMATS[format](part));
  });

  test("is cut wherever it ends early", () => {
    const text = FORMATS[format](report(image(), brokenImage())).trimEnd();
    for (let length = 0; length < text.length; length += 13) {
      const { code } = failureOf(() => open(text.slice(0, length)));
      expect({ length, code }).toEqual({ length, code: "REPORT_CUT" });
    }
  });

  test("gives a typed error or a report, whatever byte of it is changed", () => {
    const bytes = new TextEncoder().encode(FORMATS[format](report(image(), brokenImage())));
    const valid = new Ajv2020().compile(schemaOf());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(3), (at, value, removed) => {
        const changed = Uint8Array.of(...bytes.subarray(0, at), value, ...bytes.subarray(at + removed));
        try {
          const { report } = open(changed);
          expect(valid({ ...report, images: [...report.images] })).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(VmguestError);
          expect((error as VmguestError).code).toMatch(/^REPORT_/);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe("other tools may lay a report out anew", () => {
  const text = FORMATS.json(REAL);

  test.each([
    { layout: "without spaces", write: () => JSON.stringify(REAL) },
    { layout: "with tabs", write: () => JSON.stringify(REAL, null, "\t") },
    { layout: "with the newlines of Windows", write: () => text.replaceAll("\n", "\r\n") },
    { layout: "with a byte order mark", write: () => `\ufeff${text}` },
  ])("$layout: it is written as before", ({ write }) => {
    expect(again(write())).toBe(text);
  });

  test("as objects that follow each other without newlines, or on many: it is still a stream", () => {
    const lines = FORMATS.ndjson(REAL).trimEnd().split("\n");
    expect(again(lines.join(""))).toBe(text);
    expect(again(lines.map((line) => JSON.stringify(JSON.parse(line), null, 2)).join("\n"))).toBe(text);
  });

  test.each(NAMES)("with sorted keys: %s says the same", (format) => {
    const values = format === "json" ? [text] : FORMATS.ndjson(REAL).trimEnd().split("\n");
    const { report } = open(
      values.map((value) => JSON.stringify(sorted(JSON.parse(value)), null, 4)).join(""),
    );
    expect({ ...report, images: [...report.images] }).toEqual(REAL);
  });
});

/** The same with the keys of every object in the order of their letters. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}

function schemaOf() {
  return JSON.parse(readFileSync(join(ROOT, "docs/schema/audit-1.schema.json"), "utf8"));
}

describe("what is accepted is what the schema says", () => {
  const valid = new Ajv2020().compile(schemaOf());

  test("of a report as it is", () => {
    expect(valid(REAL)).toBe(true);
  });

  /** Every place of a value: the object or list that holds it, and its name there. */
  function placesOf(value: unknown): [holder: Record<string, unknown>, name: string][] {
    if (typeof value !== "object" || value === null) return [];
    const holder = value as Record<string, unknown>;
    return Object.keys(holder).flatMap((name) => [
      [holder, name] as [typeof holder, string],
      ...placesOf(holder[name]),
    ]);
  }

  const offered = {
    place: ["a.iso", "b.cab"],
    name: "b.cab",
    kind: "cab",
    version: "6.3",
    digestAlgorithms: ["sha1"],
  } as const;
  const full = report(
    image({
      guests: [
        guest({
          verdict: { offered, passedOver: [{ place: ["c"], because: "rank", reason: "older" }] },
          staging: {
            job: {
              id: "0f8b5c1e-2a55-4c5e-9a3a-1c2d3e4f5061",
              version: "6.3.9600.19456",
              packageName: "a.cab",
              sha256: "0".repeat(64),
              trigger: "setup-mode",
              attempts: 1,
              maxAttempts: 3,
            },
          },
        }),
      ],
      findings: [{ code: "NTFS_DIRTY", severity: "warning", message: "dirty", where: "a" }],
    }),
    ...REAL.images.slice(0, 1),
    brokenImage(),
  );

  const words = [...JSON.stringify(schemaOf()).matchAll(/"([a-z0-9.-]{1,30})"/g)].map(([, word]) => word);
  const value = fc.oneof(
    fc.constantFrom(
      ...words,
      null,
      true,
      "",
      [],
      {},
      0,
      -1,
      1.5,
      512,
      4096,
      2 ** 31,
      ["a"],
      "6.3",
      "6.3.9600.1",
    ),
    fc.nat(),
  );

  test("of one that was changed at any place", () => {
    const places = placesOf(full).length;
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(places - 1), value, fc.constantFrom("set", "delete", "add"), (index, value, how) => {
        const changed = structuredClone(full);
        const [holder, name] = placesOf(changed)[index] as [Record<string, unknown>, string];
        if (how === "set") holder[name] = value;
        else if (how === "delete") {
          if (Array.isArray(holder)) holder.splice(Number(name), 1);
          else delete holder[name];
        } else holder[Array.isArray(holder) ? holder.length : "more"] = value;
        const { code, message } = failureOf(() => open(JSON.stringify(changed)));
        const isAccepted = code === undefined || code === "REPORT_SUMMARY";
        if (isAccepted) accepted++;
        expect({ changed: name, value, how, message, isAccepted }).toMatchObject({
          isAccepted: valid(changed),
        });
      }),
      { numRuns: 600 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

describe("a file that is no report", () => {
  const text = FORMATS.json(report(image()));
  const lines = FORMATS.ndjson(report(image())).split("\n");
  const [header = "", line = "", summary = ""] = lines;
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  test.each([
    { what: "is empty", text: "", code: "REPORT_CUT", says: "empty" },
    { what: "is a list", text: "[]", code: "REPORT_INVALID", says: '"{" was expected' },
    { what: "is no JSON", text: "<html>", code: "REPORT_INVALID", says: '"{" was expected' },
    { what: "is another object", text: '{"a":1}', code: "REPORT_INVALID", says: "schemas" },
    {
      what: "is another report of vmguest",
      text: '{"schema":"vmguest.check/1"}',
      code: "REPORT_VERSION",
      says: "vmguest.check/1",
    },
    {
      what: "is newer",
      text: text.replace("vmguest.audit/1", "vmguest.audit/2"),
      code: "REPORT_VERSION",
      says: "vmguest.audit/2",
    },
    {
      what: "is a newer stream",
      text: lines.join("\n").replace("stream/1", "stream/9"),
      code: "REPORT_VERSION",
      says: "stream/9",
    },
    {
      what: "has a member more",
      text: text.replace('"tool"', '"extra": 1, "tool"'),
      code: "REPORT_INVALID",
      says: 'without the member "extra"',
    },
    {
      what: "has a member of the prototype",
      text: text.replace('"tool"', '"__proto__": {}, "tool"'),
      code: "REPORT_INVALID",
      says: "__proto__",
    },
    {
      what: "has such a member in an image",
      text: text.replace('"role"', '"__proto__": {}, "role"'),
      code: "REPORT_INVALID",
      says: "__proto__",
    },
    {
      what: "says a thing twice",
      text: text.replace('"tool"', '"schema": "vmguest.audit/1", "tool"'),
      code: "REPORT_INVALID",
      says: "twice",
    },
    {
      what: "has no images",
      text: text.replace('"images"', '"pictures"'),
      code: "REPORT_INVALID",
      says: "pictures",
    },
    {
      what: "has an unknown status",
      text: text.replace('"status": "outdated"', '"status": "good"'),
      code: "REPORT_INVALID",
      says: 'images[0].guests[0].verdict.status is "good", not one of current',
    },
    {
      what: "has a huge number",
      text: text.replace('"build": 7601', '"build": 1e300'),
      code: "REPORT_INVALID",
      says: "os.build",
    },
    {
      what: "has a number of a thousand digits",
      text: `{"schema":${"1".repeat(1000)}}`,
      code: "REPORT_INVALID",
      says: "digits",
    },
    {
      what: "has a fraction for a count",
      text: text.replace('"index": 1', '"index": 1.5'),
      code: "REPORT_INVALID",
      says: "volume.index",
    },
    { what: "goes on behind its end", text: `${text}{}`, code: "REPORT_INVALID", says: "behind the end" },
    {
      what: "is nested without an end",
      text: `{"schema":${"[".repeat(100_000)}`,
      code: "REPORT_INVALID",
      says: "levels deep",
    },
    {
      what: "is nested deeply in an image",
      text: text.replace('"role": "leaf"', `"role": ${deep(5000)}`),
      code: "REPORT_INVALID",
      says: "levels deep",
    },
    {
      what: "is nested with the wrong brackets",
      text: '{"schema":[}}',
      code: "REPORT_INVALID",
      says: "no JSON",
    },
    {
      what: "is UTF-16",
      text: Uint8Array.of(0xff, 0xfe, 0x7b, 0),
      code: "REPORT_INVALID",
      says: "PowerShell",
    },
    {
      what: "is no UTF-8",
      text: Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d),
      code: "REPORT_INVALID",
      says: "UTF-8",
    },
    {
      what: "ends before its summary",
      text: `${header}\n${line}\n`,
      code: "REPORT_CUT",
      says: "without its summary",
    },
    {
      what: "has lines behind its summary",
      text: `${header}\n${summary}\n${line}\n`,
      code: "REPORT_INVALID",
      says: "behind the summary",
    },
    { what: "has two headers", text: `${header}\n${header}\n`, code: "REPORT_INVALID", says: "type" },
    {
      what: "has a position but is no shard",
      text: `${header}\n${line.replace('"path"', '"position":0,"path"')}\n${summary}`,
      code: "REPORT_INVALID",
      says: '"position"',
    },
    {
      what: "has another summary than images",
      text: text.replace('"outdated": 1', '"outdated": 2'),
      code: "REPORT_SUMMARY",
      says: "byStatus.outdated 2, but the images come to 1",
    },
    {
      what: "counts what every object has",
      text: text.replace('"outdated": 1', '"outdated": 1, "constructor": 1'),
      code: "REPORT_SUMMARY",
      says: "byStatus.constructor 1",
    },
    {
      what: "lost an image",
      text: `${header}\n${summary}`,
      code: "REPORT_SUMMARY",
      says: "images 1, but the images come to 0",
    },
    {
      what: "says no time",
      text: text.replace('"host"', '"timestamp": "yesterday", "host"'),
      code: "REPORT_INVALID",
      says: "timestamp",
    },
  ])("because it $what, says so", ({ text, code, says }) => {
    const failure = failureOf(() => open(text, "old.json"));
    expect(failure).toMatchObject({ code, where: { image: "old.json" } });
    expect(failure.message).toContain(says);
  });

  test("says on which line", () => {
    const broken = text.replace('"status": "outdated"', '"status": "good"');
    const imageLine = text.split("\n").indexOf('  "images": [') + 2;
    expect(failureOf(() => open(broken))).toMatchObject({ where: { structure: `line ${imageLine}` } });
    expect(failureOf(() => open(`${header}\n${line}\n{"type":"end"}`))).toMatchObject({
      where: { structure: "line 3" },
    });
  });

  test.each([
    { what: "a line", before: `${header}\n{"type":"image","path":"` },
    { what: "an image", before: '{"schema":"vmguest.audit/1","images":[{"path":"' },
  ])("whose $what has no end is not read to its end", ({ before }) => {
    const start = new TextEncoder().encode(before);
    let reads = 0;
    const endless = {
      sizeBytes: 2 ** 40,
      read: (offset: number, length: number) => {
        reads++;
        const bytes = new Uint8Array(length).fill(0x61);
        if (offset < start.length) bytes.set(start.subarray(offset, offset + length));
        return new DataView(bytes.buffer);
      },
    };
    expect(failureOf(() => openStoredReport(endless, "a"))).toMatchObject({ code: "REPORT_TOO_LARGE" });
    expect(reads).toBeLessThan(300);
  });

  test.each(["tool", "host", "summary", "timestamp"])(
    "whose %s is as long as a book is not taken in",
    (name) => {
      const book = JSON.stringify({ schema: "vmguest.audit/1", [name]: "a".repeat(2 ** 17) });
      expect(failureOf(() => open(book))).toMatchObject({ code: "REPORT_TOO_LARGE" });
    },
  );

  test("with an image of a million objects is not taken in", () => {
    const flood = `{"schema":"vmguest.audit/1","images":[[${"{},".repeat(1_000_000)}{}]]}`;
    expect(failureOf(() => open(flood))).toMatchObject({ code: "REPORT_TOO_LARGE" });
  });

  test("whose strings hold half a character is written as it was", () => {
    const strange = report(image({ path: "a\ud800\u202eb\u2028", container: { chain: ["\udc00"] } }));
    for (const format of NAMES)
      expect(again(FORMATS[format](strange), format)).toBe(FORMATS[format](strange));
  });

  test.each([
    { place: { index: 3, count: 3, total: 2, positions: [1] }, says: "index 3" },
    { place: { index: 0, count: 3, total: 1, positions: [1] }, says: "below 1" },
    { place: { index: 0, count: 3, total: 9, positions: [1, 0] }, says: "order" },
    { place: { index: 0, count: 3, total: 9, positions: [1, 1] }, says: "order" },
  ])("as a shard: $says", ({ place, says }) => {
    for (const format of NAMES) {
      const failure = failureOf(() => store(shard(report(image(), brokenImage()), place), "s", format));
      expect(failure).toMatchObject({ code: "REPORT_INVALID", message: expect.stringContaining(says) });
    }
  });

  test("as a shard with fewer positions than images", () => {
    const part = shard(report(image()), { index: 0, count: 1, total: 1, positions: [0] });
    const text = FORMATS.json({
      ...part,
      shard: { index: 0, count: 1, total: 1, batch: BATCH, positions: [] },
    });
    expect(failureOf(() => open(text))).toMatchObject({ code: "REPORT_INVALID" });
  });
});

test("an image that changes under its reader is found out", () => {
  const bytes = new TextEncoder().encode(FORMATS.json(report(image())));
  const stored = openStoredReport(new MemorySource(bytes), "old.json");
  bytes.fill(0x20);
  expect(failureOf(() => stored.imageAt(0))).toMatchObject({
    code: "REPORT_INVALID",
    where: { image: "old.json" },
  });
});
