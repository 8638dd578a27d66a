// SPDX-License-Identifier: MIT
export type {
  SignatureReport,
  SignatureVerdict,
  SignerReport,
  TimestampReport,
  TrustOptions,
} from "./report.ts";
export { verifyCabinet } from "./verify-cabinet.ts";
