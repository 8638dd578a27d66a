// SPDX-License-Identifier: MIT
export { type AuditTableOptions, formatAuditTable, formatTable } from "./audit-table.ts";
export { formatChain } from "./chain.ts";
export { formatCheck } from "./check.ts";
export { formatDiff } from "./diff.ts";
export { type DiffMarkdownOptions, formatDiffMarkdown } from "./diff-markdown.ts";
export { type FileEntry, type FileListing, formatFileList } from "./file-list.ts";
export { formatAuditJson, formatJson } from "./json.ts";
export { formatNdjson, ndjsonHeader, ndjsonImage, ndjsonSummary } from "./ndjson.ts";
export { type ExtractedFile, formatPackageExtraction, type PackageExtraction } from "./package-extraction.ts";
export {
  formatPackageIntegrity,
  type PackageIntegrity,
  type PackageIntegrityReport,
} from "./package-integrity.ts";
export {
  type DiscDetails,
  formatPackageList,
  type MsiDetails,
  type PackageEntry,
  type PackageKind,
  type PackageListing,
  type PackageListReport,
} from "./package-list.ts";
export { describeParents } from "./package-parents.ts";
export { formatPackages, type PackageReport, type ShownPackage } from "./package-show.ts";
export {
  formatPackageVerification,
  isTrustedThroughout,
  type PackageVerificationReport,
  type VerificationReport,
  type VerifiedPath,
} from "./package-verification.ts";
export { formatPlan, type PlanTextOptions } from "./plan.ts";
export { writeCommand } from "./plan-words.ts";
export {
  formatRegistryJson,
  formatRegistryKey,
  type RegistryKey,
  type RegistryListing,
  type RegistryValue,
} from "./registry-query.ts";
export { formatRollback } from "./rollback.ts";
export { formatServices, type GuestServices, type ServiceReport } from "./service-list.ts";
export { formatStage, type StageTextOptions } from "./stage.ts";
export type { TableOptions } from "./table-options.ts";
export { describeUpdateTable, formatUpdateTable } from "./update-table.ts";
export { makeJsonVisible, makeVisible } from "./visible-text.ts";
