// SPDX-License-Identifier: MIT
export { type CheckOptions, checkImage, checkOpenedImage } from "./check-image.ts";
export type * from "./check-report.ts";
