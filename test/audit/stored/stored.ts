import type { AuditReport, ImageReport, ShardReport, StreamedReport } from "../../../src/audit/index.ts";
import { openStoredReport, type StoredReport } from "../../../src/audit/stored/index.ts";
import { MemorySource } from "../../../src/io/index.ts";
import { formatAuditJson, formatNdjson } from "../../../src/report/index.ts";
import { report } from "../../report/reports.ts";

export const FORMATS = {
  json: (audit: StreamedReport) => [...formatAuditJson(audit)].join(""),
  ndjson: (audit: StreamedReport) => [...formatNdjson(audit)].join(""),
} as const;

export type Format = keyof typeof FORMATS;

/** A report's text, opened as a file of that name. */
export function open(text: string | Uint8Array, name = "report.json"): StoredReport {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return openStoredReport(new MemorySource(bytes), name);
}

/** The same from a report. */
export function store(audit: StreamedReport, name = "report.json", format: Format = "json"): StoredReport {
  return open(FORMATS[format](audit), name);
}

/** What the shards of one batch have in common. */
export const BATCH = "5e".repeat(32);

/** A report whose keys stand in the order in which an audit writes them. */
export function shard(of: AuditReport, given: Omit<ShardReport, "batch"> & { batch?: string }): AuditReport {
  const { index, count, total, batch = BATCH, positions } = given;
  const place = { index, count, total, batch, positions };
  const { schema, tool, host, timestamp } = of;
  const images = place.positions.map((position) => of.images[position] as ImageReport);
  const { summary } = report(...images);
  return {
    schema,
    tool,
    ...(timestamp === undefined ? {} : { timestamp }),
    host,
    shard: place,
    images,
    summary,
  };
}

/** The code and message of what `work` throws. */
export function failureOf(work: () => unknown): { code?: string; message: string; where?: object } {
  try {
    work();
  } catch (error) {
    return error as { code?: string; message: string };
  }
  return { message: "nothing was thrown" };
}
