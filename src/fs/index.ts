// SPDX-License-Identifier: MIT
export type * from "./file-system.ts";
export * from "./ntfs/index.ts";
