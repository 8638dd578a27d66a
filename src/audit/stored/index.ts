// SPDX-License-Identifier: MIT
export { mergeReports } from "./merge-reports.ts";
export { openStoredReport, type StoredReport } from "./stored-report.ts";
