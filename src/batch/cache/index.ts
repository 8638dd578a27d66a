// SPDX-License-Identifier: MIT
export {
  AuditCache,
  type AuditCacheOptions,
  type CachedImage,
  type ImageIdentity,
  type UnchangedImage,
} from "./audit-cache.ts";
