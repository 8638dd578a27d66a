// SPDX-License-Identifier: MIT

// Formats that most audits do without: what they stand on is loaded with them.
export { formatCsv, formatJunit, formatMarkdown } from "../../../report/index.ts";
