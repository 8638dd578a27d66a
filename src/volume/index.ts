// SPDX-License-Identifier: MIT
export type * from "./volume.ts";
