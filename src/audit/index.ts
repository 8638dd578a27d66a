// SPDX-License-Identifier: MIT
export { type AssembleOptions, assembleReport, type ReportHead, reportHead } from "./assemble-report.ts";
export { type AuditOptions, auditImage, auditOpened } from "./audit-image.ts";
export {
  type ChainFileReport,
  type ChainReport,
  type ParentReport,
  reportChain,
} from "./chain-report.ts";
export {
  GATE_CONDITIONS,
  type GateCondition,
  violationsOf,
  violationsOfGuest,
  violationsOfImage,
} from "./gate.ts";
export { type GuestOutcome, type ImageOutcome, outcomeOf } from "./image-outcome.ts";
export {
  OpenedImage,
  type OpenedWindows,
  type OpenImageFile,
  type OpenImageOptions,
  openImage,
} from "./open-image.ts";
export type * from "./report.ts";
export { reportError, reportFinding } from "./report-parts.ts";
export { SummaryBuilder } from "./summary.ts";
