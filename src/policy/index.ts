// SPDX-License-Identifier: MIT
export type * from "./decision.ts";
