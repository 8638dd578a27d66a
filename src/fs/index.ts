// SPDX-License-Identifier: MIT
export type * from "./file-system.ts";
