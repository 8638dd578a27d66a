// SPDX-License-Identifier: MIT
export type * from "./report.ts";
