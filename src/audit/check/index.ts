// SPDX-License-Identifier: MIT
export { type CheckOptions, checkImage } from "./check-image.ts";
export type * from "./check-report.ts";
