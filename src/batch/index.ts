// SPDX-License-Identifier: MIT
export { auditBatch, type BatchOptions, JOBS_MAX } from "./audit-batch.ts";
export { type AuditManyOptions, auditMany } from "./audit-many.ts";
export type * from "./audited-image.ts";
export { digestBatch } from "./batch-digest.ts";
export type { ChainSurvey, ChainSurveyOptions } from "./chain-survey.ts";
export {
  type DiscoverImagesOptions,
  type DiscoverOptions,
  type Discovery,
  discoverImages,
  discoverPackages,
  isImageName,
  type ListFolder,
  type PackageDiscovery,
  type UnreadablePath,
} from "./discover.ts";
export { type ImageListOptions, LIST_BYTES_MAX, readImageList } from "./image-list.ts";
export { findInterruptedChange } from "./interrupted-change.ts";
export type { NamePatterns } from "./name-filter.ts";
export { type PackagePath, requireFile, requirePackage } from "./named-path.ts";
export { isRemote } from "./remote-path.ts";
export { ReportSpool, type ReportSpoolOptions } from "./report-spool.ts";
export { assignRoles, type IdentityOf } from "./roles.ts";
export { parseShard, pickShard, type Shard } from "./shard.ts";
