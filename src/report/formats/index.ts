// SPDX-License-Identifier: MIT

export { formatCsv } from "./csv.ts";
// A face of its own: most runs do without these formats, and without what they stand on.
export { CSV_COLUMNS } from "./csv-columns.ts";
export { formatJunit, type JunitOptions } from "./junit.ts";
export { formatMarkdown, type MarkdownOptions } from "./markdown.ts";
