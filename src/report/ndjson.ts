// SPDX-License-Identifier: MIT
import type { AuditSummary, ReportHead, StreamedReport } from "../audit/index.ts";
import { makeJsonVisible } from "./visible-text.ts";

/** What an audit is as a stream, `--format ndjson`; its JSON Schema is docs/schema/audit-stream-1.schema.json. */
const STREAM_SCHEMA = "vmguest.audit-stream/1";

/** The audit as lines of JSON: a header, a line for each image, a summary. Without the summary it was cut. */
export function* formatNdjson(report: StreamedReport): Generator<string> {
  yield ndjsonHeader(report);
  let index = 0;
  for (const image of report.images) {
    yield ndjsonImage(JSON.stringify(image), report.shard?.positions[index]);
    index++;
  }
  yield ndjsonSummary(report.summary);
}

/** The first line. The positions of a shard's images stand in their own lines, since they need not be known yet. */
export function ndjsonHeader({ tool, timestamp, host, shard }: ReportHead): string {
  const { positions: _, ...place } = shard ?? { positions: [] };
  return lineOf({
    type: "header",
    schema: STREAM_SCHEMA,
    tool,
    ...(timestamp === undefined ? {} : { timestamp }),
    host,
    ...(shard === undefined ? {} : { shard: place }),
  });
}

/**
 * The line of an image.
 *
 * @param jsonText its report as `JSON.stringify` writes it, on one line: it is not parsed
 * @param position in a shard, the image's place in the whole, from 0
 */
export function ndjsonImage(jsonText: string, position?: number): string {
  const place = position === undefined ? "" : `"position":${position},`;
  return `{"type":"image",${place}${makeJsonVisible(jsonText.slice(1))}\n`;
}

/** The last line. */
export function ndjsonSummary(summary: AuditSummary): string {
  return lineOf({ type: "summary", ...summary });
}

function lineOf(record: object): string {
  return `${makeJsonVisible(JSON.stringify(record))}\n`;
}
