import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { ImageReport, StreamedReport } from "../../src/audit/index.ts";
import { formatCsv, formatJunit, formatMarkdown } from "../../src/report/formats/index.ts";
import {
  formatAuditJson,
  formatAuditTable,
  formatJson,
  formatNdjson,
  formatTable,
  ndjsonHeader,
  ndjsonImage,
  ndjsonSummary,
} from "../../src/report/index.ts";
import { FULL_IMAGE } from "./hostile-fields.ts";
import { brokenImage, image, report } from "./reports.ts";

const textOf = (pieces: Iterable<string>) => [...pieces].join("");

const SHARD = { index: 1, count: 3, total: 9, batch: "5e".repeat(32), positions: [1, 4] };

const REPORTS: readonly { what: string; any: StreamedReport }[] = [
  { what: "no image", any: report() },
  { what: "one image", any: report(image()) },
  { what: "several", any: report(FULL_IMAGE, brokenImage(), image({ guests: [] })) },
  { what: "a time", any: { ...report(image()), timestamp: "2026-01-31T12:00:00.000Z" } },
  { what: "a shard", any: { ...report(image(), brokenImage()), shard: SHARD } },
  { what: "an empty shard", any: { ...report(), shard: { ...SHARD, positions: [] } } },
];

describe("the JSON of an audit, piece by piece", () => {
  test.each(REPORTS)("is the JSON of the whole: $what", ({ any }) => {
    expect(textOf(formatAuditJson(any))).toBe(formatJson(any));
  });
});

type Schema = { readonly [key: string]: unknown };

const readSchema = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../docs/schema/${name}.schema.json`), "utf8"));

describe("the stream of an audit", () => {
  const isLine = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(readSchema("audit-stream-1"));
  const isReport = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(readSchema("audit-1"));

  test.each(REPORTS)("has lines that fit their schema, as the whole fits its own: $what", ({ any }) => {
    expect(isReport(JSON.parse(textOf(formatAuditJson(any)))), JSON.stringify(isReport.errors)).toBe(true);
    for (const line of textOf(formatNdjson(any)).trimEnd().split("\n")) {
      expect(isLine(JSON.parse(line)), `${line}: ${JSON.stringify(isLine.errors)}`).toBe(true);
    }
  });

  test("is a header, a line for each image, and a summary", () => {
    const lines = textOf(formatNdjson(report(image(), brokenImage())))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type }) => type)).toEqual(["header", "image", "image", "summary"]);
    expect(lines[0]).toEqual({
      type: "header",
      schema: "vmguest.audit-stream/1",
      tool: { name: "vmguest", version: "0.0.0" },
      host: { id: "ws2012r2", generation: "2012r2", extrapolated: false },
    });
    expect(lines[2]).toEqual({ type: "image", ...brokenImage() });
    expect(lines[3]).toMatchObject({ type: "summary", images: 2, guests: 1, errors: 1 });
  });

  test("says of a shard's images where they stand in the whole", () => {
    const [header, ...lines] = textOf(
      formatNdjson({ ...report(image(), brokenImage()), shard: SHARD }),
    ).split("\n");
    expect(JSON.parse(header ?? "").shard).toEqual({ index: 1, count: 3, total: 9, batch: SHARD.batch });
    expect(lines.slice(0, 2).map((line) => JSON.parse(line).position)).toEqual([1, 4]);
  });

  test("can be written as the images come, of text that is not parsed", () => {
    const any = report(image({ path: "\u202egpj.vhdx" }), brokenImage());
    const live = [
      ndjsonHeader(any),
      ...any.images.map((one) => ndjsonImage(JSON.stringify(one))),
      ndjsonSummary(any.summary),
    ];
    expect(live.join("")).toBe(textOf(formatNdjson(any)));
    expect(live.every((line) => line.indexOf("\n") === line.length - 1)).toBe(true);
    expect(live[1]).toContain('{"type":"image","path":"\\u202egpj.vhdx"');
  });

  test("has in its schema what the schema of the report has", () => {
    const { properties, $defs } = readSchema("audit-1") as {
      properties: Record<string, Schema & { properties: Schema; required: string[] }>;
      $defs: Record<string, Schema & { properties: Schema; required: string[] }>;
    };
    const stream = readSchema("audit-stream-1").$defs;
    const { image: wholeImage, ...shared } = $defs;
    const { header, image: line, summary, ...others } = stream;
    expect(others).toEqual(shared);
    const { type: _line, position: _position, ...ofImage } = line.properties;
    expect(ofImage).toEqual(wholeImage?.properties);
    expect(line.required).toEqual(["type", ...(wholeImage?.required ?? [])]);
    const { type: _summary, ...ofSummary } = summary.properties;
    expect(ofSummary).toEqual(properties["summary"]?.properties);
    for (const name of ["tool", "timestamp", "host"]) {
      expect(header.properties[name]).toEqual(properties[name]);
    }
    const { positions: _positions, ...ofShard } = properties["shard"]?.properties ?? {};
    expect(header.properties.shard.properties).toEqual(ofShard);
  });
});

describe.each(["audit-1", "audit-stream-1"])("the schema %s", (name) => {
  test("describes every field", () => {
    const properties = propertiesOf(readSchema(name));
    expect(properties.length).toBeGreaterThan(100);
    const bare = properties.filter(([, { description }]) => typeof description !== "string");
    expect(bare.map(([way]) => way)).toEqual([]);
  });
});

/** Every property of every object, by its way there. */
function propertiesOf(schema: Schema, way = ""): [way: string, property: Schema][] {
  return Object.entries(schema).flatMap(([key, value]): [string, Schema][] => {
    if (typeof value !== "object" || value === null) return [];
    const own = key === "properties" ? Object.entries(value as Record<string, Schema>) : [];
    return [
      ...own.map(([name, property]): [string, Schema] => [`${way}/${name}`, property]),
      ...propertiesOf(value as Schema, `${way}/${key}`),
    ];
  });
}

/** Images that are made when they are reached, of which no more than a few can be kept. */
class Library implements Iterable<ImageReport> {
  readonly #count: number;
  passes = 0;
  reached = 0;

  constructor(count: number) {
    this.#count = count;
  }

  *[Symbol.iterator](): Generator<ImageReport> {
    this.passes++;
    for (let index = 0; index < this.#count; index++) {
      this.reached++;
      yield image({ path: `fleet/${index}.vhdx` });
    }
  }
}

describe("a library of images", () => {
  test.each([
    { format: formatAuditJson, passes: 1 },
    { format: formatNdjson, passes: 1 },
    { format: formatCsv, passes: 1 },
    { format: formatMarkdown, passes: 1 },
    { format: formatJunit, passes: 2 },
    {
      format: (any: StreamedReport) => formatAuditTable(any, { colour: false, width: 100 }),
      passes: 2,
    },
  ])("is gone through $passes times: $format.name", ({ format, passes }) => {
    const images = new Library(500);
    expect(textOf(format({ ...report(), images })).length).toBeGreaterThan(5000);
    expect(images.passes).toBe(passes);
  });

  test.each([{ format: formatAuditJson }, { format: formatNdjson }, { format: formatCsv }])(
    "is not read ahead: $format.name",
    ({ format }) => {
      const images = new Library(10_000);
      const pieces = format({ ...report(), images })[Symbol.iterator]();
      for (let taken = 0; taken < 3; taken++) pieces.next();
      expect(images.reached).toBeLessThan(300);
    },
  );

  test("has the same table piece by piece", () => {
    const any = report(FULL_IMAGE, brokenImage(), image(), image());
    const options = { colour: true, width: 100, explains: true };
    expect(textOf(formatAuditTable(any, options))).toBe(formatTable(any, options));
  });
});
