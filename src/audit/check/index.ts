// SPDX-License-Identifier: MIT
export { type CheckedRegion, type CheckOptions, checkImage, checkOpenedImage } from "./check-image.ts";
export type * from "./check-report.ts";
