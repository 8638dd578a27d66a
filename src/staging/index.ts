// SPDX-License-Identifier: MIT
export type * from "./options.ts";
export type * from "./plan.ts";
export type * from "./report.ts";
export type { StagingTarget } from "./target.ts";
