// SPDX-License-Identifier: MIT
export { type Catalog, type CatalogMember, readCatalog } from "./catalog.ts";
export type { DigestAlgorithm } from "./identifiers.ts";
export { peDigests } from "./pe-digests.ts";
export {
  type SignatureReport,
  type SignatureVerdict,
  type SignerReport,
  type TimestampReport,
  type TrustOptions,
  unsignedReport,
} from "./report.ts";
export { verifyCabinet } from "./verify-cabinet.ts";
export { verifyCatalog } from "./verify-catalog.ts";
export { verifyMsi } from "./verify-msi.ts";
