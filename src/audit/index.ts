// SPDX-License-Identifier: MIT
export { type AssembleOptions, assembleReport } from "./assemble-report.ts";
export { type AuditOptions, auditImage, auditOpened } from "./audit-image.ts";
export {
  type ChainFileReport,
  type ChainReport,
  type ParentReport,
  reportChain,
} from "./chain-report.ts";
export { OpenedImage, type OpenedWindows, type OpenImageOptions, openImage } from "./open-image.ts";
export type * from "./report.ts";
export { reportError, reportFinding } from "./report-parts.ts";
