// SPDX-License-Identifier: MIT
export type * from "./facts.ts";
