// SPDX-License-Identifier: MIT
export {
  type AuditOptions,
  type AuditReport,
  assembleReport,
  auditImage,
  type GuestReport,
  type ImageReport,
  OpenedImage,
  openImage,
} from "./audit/index.ts";
export {
  type AuditManyOptions,
  auditMany,
  type BatchEvent,
  type DiscoverImagesOptions,
  type Discovery,
  discoverImages,
} from "./batch/index.ts";
export { CODES, type Code, type Finding, formatError, VmguestError, type Where } from "./errors.ts";
export { DEFAULT_HOST, HOST_IDS, type HostId, type Rule, type Verdict } from "./policy/index.ts";
