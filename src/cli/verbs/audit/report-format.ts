// SPDX-License-Identifier: MIT
import type { GateCondition, StreamedReport } from "../../../audit/index.ts";
import { formatAuditJson, formatAuditTable } from "../../../report/index.ts";

/** What a report may be written as. */
export const FORMATS = ["table", "json", "ndjson", "csv", "junit", "markdown", "html"] as const;
export type Format = (typeof FORMATS)[number];

/** What the name of a file says of what should be in it. */
const FORMAT_OF_ENDING: Readonly<Record<string, Format>> = {
  json: "json",
  ndjson: "ndjson",
  jsonl: "ndjson",
  csv: "csv",
  xml: "junit",
  md: "markdown",
  html: "html",
  htm: "html",
};

/** The format that was asked for; failing that, the one that the name of the file says; failing that, a table. */
export function chooseFormat(stated: Format | undefined, output: string | undefined): Format {
  const [, ending = ""] = /\.([a-z]+)$/i.exec(output ?? "") ?? [];
  return stated ?? FORMAT_OF_ENDING[ending.toLowerCase()] ?? "table";
}

export interface FormatOptions {
  readonly colour: boolean;
  readonly width: number;
  readonly explains: boolean;
  /** What the user forbids; undefined where nothing was said of it, which is not the same as nothing being forbidden. */
  readonly forbidden: ReadonlySet<GateCondition> | undefined;
}

/** A report as text, piece by piece. What only some formats need is loaded with them. */
export async function formatReport(
  format: Exclude<Format, "ndjson">,
  report: StreamedReport,
  options: FormatOptions,
): Promise<Iterable<string>> {
  if (format === "table") return formatAuditTable(report, options);
  if (format === "json") return formatAuditJson(report);
  const forbidden = options.forbidden === undefined ? {} : { forbidden: options.forbidden };
  if (format === "html") {
    const { formatHtml } = await import("../../../report/html/index.ts");
    return formatHtml(report, forbidden);
  }
  const { formatCsv, formatJunit, formatMarkdown } = await import("../../../report/formats/index.ts");
  if (format === "csv") return formatCsv(report);
  return format === "junit" ? formatJunit(report, forbidden) : formatMarkdown(report, forbidden);
}
