import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Parser } from "xml2js";
import type { ImageReport, StreamedReport } from "../../src/audit/index.ts";
import { formatCsv, formatJunit, formatMarkdown } from "../../src/report/formats/index.ts";
import { formatAuditJson, formatAuditTable, formatJson, formatNdjson } from "../../src/report/index.ts";
import { FULL_IMAGE, HOSTILE, hostileReport, LONG_TEXT, longReport } from "./hostile-fields.ts";
import { guest, image, report } from "./reports.ts";

const FORMATS: Readonly<Record<string, (report: StreamedReport) => Iterable<string>>> = {
  table: (report) => formatAuditTable(report, { colour: false, width: 100, explains: true }),
  json: formatAuditJson,
  ndjson: formatNdjson,
  csv: formatCsv,
  junit: formatJunit,
  markdown: formatMarkdown,
};

const textOf = (pieces: Iterable<string>) => [...pieces].join("");

/** What no output may contain: it would move the cursor, hide or reorder text, or be no text at all. */
const OBEYED =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufffe\uffff\u{e0000}-\u{e0fff}]/u;

describe.each(HOSTILE)("%s, in any field of a report", (_what, text) => {
  const hostile = hostileReport(text);

  test.each(Object.entries(FORMATS))("is shown and not obeyed: %s", (name, format) => {
    const output = textOf(format(hostile));
    const allowed = name === "csv" ? output.replace(/^\ufeff/, "").replaceAll("\r\n", "") : output;
    expect(OBEYED.exec(allowed.replaceAll("\n", ""))).toBeNull();
  });

  test("is exact in the JSON", () => {
    const whole = textOf(formatAuditJson(hostile));
    expect(whole).toBe(formatJson(hostile));
    expect(JSON.stringify(JSON.parse(whole))).toBe(JSON.stringify(hostile));
    const [header, ...lines] = textOf(formatNdjson(hostile)).trimEnd().split("\n");
    expect(JSON.parse(header ?? "").tool.version).toBe(text);
    expect(lines.pop()).toContain('"type":"summary"');
    const exact = hostile.images.map((image) => JSON.stringify({ type: "image", ...image }));
    expect(lines.map((line) => JSON.stringify(JSON.parse(line)))).toEqual(exact);
  });

  test("is a cell of text in the CSV", () => {
    checkCsv(textOf(formatCsv(hostile)), hostile);
  });

  test("is text in the JUnit report", async () => {
    await checkJunit(textOf(formatJunit(hostile)), hostile);
  });

  test("is a code span in the Markdown", () => {
    checkMarkdown(textOf(formatMarkdown(hostile)));
  });

  test("moves no row of the table", () => {
    // Every line begins with a status, or is indented; or it is one of ours.
    const table = textOf(formatAuditTable(hostile, { colour: false, width: 300 }));
    const lines = table.split("\nFINDINGS\n")[0]?.split("\n").slice(3) ?? [];
    expect(lines.filter((line) => !/^( |outdated|error|-|$)/.test(line))).toEqual([]);
  });
});

/** Cells as a spreadsheet sees them whose separator is the comma, or the semicolon. */
function checkCsv(csv: string, { images }: StreamedReport): void {
  const rows: Record<string, string>[] = parse(csv, { bom: true, columns: true, record_delimiter: "\r\n" });
  expect(rows).toHaveLength([...images].length);
  expect(csv.split("\r\n")).toHaveLength(rows.length + 2);
  const cells = rows.flatMap((row) => Object.values(row)).flatMap((value) => [value, ...value.split(";")]);
  expect(cells.filter((value) => /^["'\s]*$/.test(value) === false && isFormula(value))).toEqual([]);
  expect(cells.filter((value) => /[\r\n\t\0]/.test(value))).toEqual([]);
}

/** A spreadsheet passes over spaces and quotes, but not over a `'` before them, and folds wide forms to the usual ones. */
function isFormula(value: string): boolean {
  const folded = value.normalize("NFKC");
  return /^[\s"]*[=+\-@]/.test(folded);
}

interface Element {
  readonly $: Readonly<Record<string, string>>;
  readonly testsuite?: readonly Element[];
  readonly testcase?: readonly Element[];
  readonly failure?: readonly Element[];
  readonly error?: readonly Element[];
  readonly skipped?: readonly Element[];
}

async function checkJunit(xml: string, { images }: StreamedReport): Promise<void> {
  // XML 1.0, section 2.2: the characters that there are.
  expect(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(xml)).toBeNull();
  const { testsuites } = (await new Parser({ strict: true }).parseStringPromise(xml)) as {
    testsuites: Element;
  };
  const suites = testsuites.testsuite ?? [];
  const cases = suites.flatMap(({ testcase = [] }) => testcase);
  expect(suites).toHaveLength([...images].length);
  expect(cases).toHaveLength([...images].reduce((count, { guests }) => count + 1 + guests.length, 0));
  const count = (name: "failure" | "error", among: readonly Element[]) =>
    String(among.filter((element) => element[name] !== undefined).length);
  for (const element of [testsuites, ...suites]) {
    const own = element === testsuites ? cases : (element.testcase ?? []);
    const { tests, failures, errors } = element.$;
    expect({ tests, failures, errors }).toEqual({
      tests: String(own.length),
      failures: count("failure", own),
      errors: count("error", own),
    });
  }
}

function checkMarkdown(markdown: string): void {
  // Only what stands outside of code spans is Markdown, and all of that is ours.
  const lines = markdown.split("\n");
  const columns = lines.map((line) => (line.startsWith("|") ? line.replaceAll(/[^|]/g, "").length - 1 : 0));
  expect(new Set(columns)).toEqual(new Set([0, 2, 6]));
  const ours = lines.map((line) => line.replaceAll(/`[^`]+`/g, "").replaceAll("<br>", ""));
  const known = ["the state of the volume's $LogFile could not be read"];
  const foreign = known.reduce((left, sentence) => left.replaceAll(sentence, ""), ours.join("\n"));
  expect(/[<>[\]@$`\\&:/][^ \n]|evil|octocat|www/.exec(foreign)).toBeNull();
}

describe("a name of a megabyte", () => {
  test.each(Object.entries(FORMATS))("is cut or kept whole, and breaks nothing: %s", async (name, format) => {
    const long = longReport();
    const output = textOf(format(long));
    expect(/\p{Cs}/u.exec(output)).toBeNull();
    if (name === "csv") {
      checkCsv(output, long);
      const cells: string[][] = parse(output, { bom: true });
      expect(Math.max(...cells.flat().map(({ length }) => length))).toBeLessThan(32_767);
      expect(output).toContain("characters)");
    }
    if (name === "junit") await checkJunit(output, long);
    if (name === "markdown") {
      checkMarkdown(output);
      expect(output.length).toBeLessThan(50_000);
    }
    if (name === "json") expect(JSON.parse(output).images[1].guests[0].os.name).toBe(LONG_TEXT);
  });
});

test("any text is told from formulas, Markdown and XML", async () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 40 }), { minLength: 10, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(texts, async (texts) => {
      const any = report(...texts.map(imageNamed));
      checkCsv(textOf(formatCsv(any)), any);
      checkMarkdown(textOf(formatMarkdown(any)));
      await checkJunit(textOf(formatJunit(any)), any);
    }),
    { numRuns: 5 },
  );
});

function imageNamed(name: string): ImageReport {
  return image({
    path: name,
    guests: [guest({ os: { name, hostname: name }, verdict: { reasons: [name] } })],
  });
}

test("hostile text fits the schemas, since it is text", () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(join(import.meta.dirname, `../../docs/schema/${name}.schema.json`), "utf8"));
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const isReport = ajv.compile(read("audit-1"));
  const isLine = ajv.compile(read("audit-stream-1"));
  for (const [, text] of HOSTILE) {
    const findings = FULL_IMAGE.findings.map((finding) => ({ ...finding, message: text, where: text }));
    const any = report({ ...FULL_IMAGE, path: text, findings });
    expect(isReport(JSON.parse(formatJson(any))), JSON.stringify(isReport.errors)).toBe(true);
    for (const line of textOf(formatNdjson(any)).trimEnd().split("\n")) {
      expect(isLine(JSON.parse(line)), JSON.stringify(isLine.errors)).toBe(true);
    }
  }
});
