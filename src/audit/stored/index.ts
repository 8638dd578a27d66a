// SPDX-License-Identifier: MIT
export type * from "./diff-report.ts";
export { type DiffOptions, diffReports } from "./diff-reports.ts";
export { mergeReports } from "./merge-reports.ts";
export { openStoredReport, type StoredReport } from "./stored-report.ts";
