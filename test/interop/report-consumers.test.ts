import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type AuditReport, assembleReport, type GateCondition } from "../../src/audit/index.ts";
import { CSV_COLUMNS } from "../../src/report/formats/csv-columns.ts";
import { formatCsv, formatJunit, formatMarkdown } from "../../src/report/formats/index.ts";
import { HOSTILE, hostileReport, longReport } from "../report/hostile-fields.ts";
import { brokenImage, guest, image, report } from "../report/reports.ts";

const root = mkdtempSync(join(tmpdir(), "vmguest-reports-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Debian's own, which has Debian's packages. */
const PYTHON = "/usr/bin/python3";

function run(tool: string, args: readonly string[], input = ""): string {
  return execFileSync(tool, args, {
    input,
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8", PYTHONIOENCODING: "utf-8" },
    maxBuffer: 2 ** 28,
  });
}

function fileOf(name: string, pieces: Iterable<string>): string {
  const path = join(root, name);
  writeFileSync(path, [...pieces].join(""));
  return path;
}

const FLEET = report(
  image({ path: "fleet/büro, 日本 & <co>.vhdx" }),
  image({
    path: "fleet/base.vhdx",
    role: "parent",
    guests: [
      guest({ verdict: { status: "current", action: "none" } }),
      guest({ volume: { index: 2 }, verdict: { status: "unknown", reasons: ['no "version" was found'] } }),
    ],
  }),
  brokenImage(),
  image({ path: "fleet/data.vhdx", guests: [] }),
);

/** One report that has every hostile text in every field. */
const HOSTILE_REPORT: AuditReport = assembleReport(
  HOSTILE.flatMap(([, text]) => hostileReport(text).images),
  { host: "ws2012r2", toolVersion: "1.2.3" },
);

const REPORTS = { fleet: FLEET, hostile: HOSTILE_REPORT, long: longReport() };
const EACH = Object.entries(REPORTS).map(([name, any]) => ({ name, any }));

const rowCountOf = ({ images }: AuditReport) =>
  images.reduce((count, { guests }) => count + Math.max(1, guests.length), 0);

describe("Python's csv", () => {
  const READ = `
import csv, json, sys
with open(sys.argv[1], encoding="utf-8-sig", newline="") as file:
    json.dump(list(csv.reader(file, strict=True)), sys.stdout)
`;

  test.each(EACH)("reads as many rows, all as wide as the header: $name", ({ name, any }) => {
    const rows: string[][] = JSON.parse(run(PYTHON, ["-c", READ, fileOf(`${name}.csv`, formatCsv(any))]));
    expect(rows[0]).toEqual(CSV_COLUMNS.map(({ name }) => name));
    expect(rows).toHaveLength(rowCountOf(any) + 1);
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([CSV_COLUMNS.length]));
  });

  test("reads text as it was", () => {
    const rows: string[][] = JSON.parse(run(PYTHON, ["-c", READ, fileOf("text.csv", formatCsv(FLEET))]));
    expect(rows[1]?.[0]).toBe("fleet/büro, 日本 & <co>.vhdx");
    expect(rows[3]?.join()).toContain('no "version" was found');
  });
});

describe("SQLite", () => {
  test.each(EACH)("imports every row, and counts by status: $name", ({ name, any }) => {
    const path = fileOf(`${name}-sqlite.csv`, formatCsv(any));
    const script = `.import --csv ${path} audit\nSELECT count(*) FROM audit;\nSELECT count(*) FROM audit WHERE status = 'outdated';\n`;
    const outdated = any.images.flatMap(({ guests }) =>
      guests.filter(({ verdict }) => verdict.status === "outdated"),
    );
    expect(run("sqlite3", ["-bail", ":memory:"], script).trim().split("\n")).toEqual([
      String(rowCountOf(any)),
      String(outdated.length),
    ]);
  });
});

interface Counts {
  readonly stated: [tests: number, failures: number, errors: number];
  readonly found: [tests: number, failures: number, errors: number, skipped: number];
  readonly suites: number;
  readonly names: readonly string[];
  readonly results: readonly string[];
}

describe("junitparser", () => {
  const READ = `
import json, sys
from junitparser import JUnitXml, Failure, Error, Skipped
xml = JUnitXml.fromfile(sys.argv[1])
stated = [xml.tests, xml.failures, xml.errors]
cases = [case for suite in xml for case in suite]
for suite in xml:
    before = [suite.tests, suite.failures, suite.errors, suite.skipped]
    suite.update_statistics()
    assert before == [suite.tests, suite.failures, suite.errors, suite.skipped], suite.name
kind = lambda wanted: sum(isinstance(result, wanted) for case in cases for result in case.result)
json.dump({
    "stated": stated,
    "found": [len(cases), kind(Failure), kind(Error), kind(Skipped)],
    "suites": len(list(xml)),
    "names": [case.classname + " " + case.name for case in cases],
    "results": [type(r).__name__ + " " + r.type for case in cases for r in case.result],
}, sys.stdout)
`;
  const read = (name: string, any: AuditReport, forbidden?: readonly GateCondition[]): Counts => {
    const options = forbidden === undefined ? {} : { forbidden: new Set(forbidden) };
    return JSON.parse(run(PYTHON, ["-c", READ, fileOf(`${name}.xml`, formatJunit(any, options))]));
  };

  test("counts what the attributes say", () => {
    expect(read("junit", FLEET)).toEqual({
      stated: [7, 1, 1],
      found: [7, 1, 1, 2],
      suites: 4,
      names: [
        "vmguest.audit fleet/büro, 日本 & <co>.vhdx",
        "vmguest.audit fleet/büro, 日本 & <co>.vhdx: volume 1, Windows",
        "vmguest.audit fleet/base.vhdx",
        "vmguest.audit fleet/base.vhdx: volume 1, Windows",
        "vmguest.audit fleet/base.vhdx: volume 2, Windows",
        "vmguest.audit fleet/broken.vhdx",
        "vmguest.audit fleet/data.vhdx",
      ],
      results: ["Failure outdated", "Skipped unknown", "Error VHDX_HEADERS_INVALID", "Skipped no-guest"],
    });
  });

  test.each(EACH)("reads every case of a gate: $name", ({ name, any }) => {
    const { stated, found, suites } = read(name, any, ["outdated", "unknown", "warning", "error"]);
    expect(suites).toBe(any.images.length);
    expect(found[0]).toBe(any.images.reduce((count, { guests }) => count + 1 + guests.length, 0));
    expect(found.slice(0, 3)).toEqual(stated);
    expect(found[1]).toBeGreaterThan(0);
  });
});

describe("GitHub's Markdown", () => {
  const render = (any: AuditReport) =>
    run(
      "cmark-gfm",
      ["--unsafe", ...["table", "autolink", "strikethrough", "tasklist"].flatMap((name) => ["-e", name])],
      [...formatMarkdown(any)].join(""),
    );

  test.each(EACH)("has the tables and lists that are ours, and no other element: $name", ({ any }) => {
    const html = render(any);
    const tags = new Set(Array.from(html.matchAll(/<\/?([a-z0-9]+)/g), ([, tag]) => tag));
    const allowed = ["h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "ul", "li"];
    expect([...tags].filter((tag) => tag === undefined || !allowed.includes(tag))).toEqual(
      html.includes("<strong>There is no room") ? ["strong"] : [],
    );
    // Foreign text stands in code alone: nothing else is left to be taken for a mention, a link or a name.
    const outside = html.replaceAll(/<code>[^<]*<\/code>/g, "");
    expect(/@|https?:|www\.|octocat|evil|x7c|GH-1/.exec(outside)).toBeNull();
  });

  test.each(EACH)("has as many cells in each row as in its header: $name", ({ any }) => {
    for (const [, table = ""] of render(any).matchAll(/<table>([\s\S]*?)<\/table>/g)) {
      const rows = table.split("</tr>").slice(0, -1);
      const cells = rows.map((row) => row.match(/<t[hd][ >]/g)?.length ?? 0);
      expect(new Set(cells).size).toBe(1);
    }
  });

  test("shows a row for each guest and each image without one", () => {
    const [, rows = ""] = /<h3>Guests<\/h3>([\s\S]*?)<\/table>/.exec(render(FLEET)) ?? [];
    expect(rows.match(/<tr>/g)).toHaveLength(rowCountOf(FLEET) + 1);
  });
});
