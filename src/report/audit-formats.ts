// SPDX-License-Identifier: MIT
// The face for programs that write reports of audits. index.ts is the command line's: it has what only that prints, and
// leaves out what most of its runs do without.
export { type AuditTableOptions, formatAuditTable } from "./audit-table.ts";
export { formatDiff } from "./diff.ts";
export { type DiffMarkdownOptions, formatDiffMarkdown } from "./diff-markdown.ts";
export {
  CSV_COLUMNS,
  formatCsv,
  formatJunit,
  formatMarkdown,
  type JunitOptions,
  type MarkdownOptions,
} from "./formats/index.ts";
export { formatHtml, type HtmlOptions } from "./html/index.ts";
export { formatAuditJson } from "./json.ts";
export { formatNdjson, ndjsonHeader, ndjsonImage, ndjsonSummary } from "./ndjson.ts";
export type { TableOptions } from "./table-options.ts";
export { makeJsonVisible, makeVisible } from "./visible-text.ts";
