// SPDX-License-Identifier: MIT
export { AuditCache, type AuditCacheOptions, type CachedImage, type ImageIdentity } from "./audit-cache.ts";
