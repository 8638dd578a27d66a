// SPDX-License-Identifier: MIT
export * from "./authenticode/index.ts";
export * from "./cab/index.ts";
export * from "./catalogue/index.ts";
export * from "./digest/index.ts";
export * from "./iso/index.ts";
export * from "./msi/index.ts";
export * from "./mum/index.ts";
export * from "./pe/index.ts";
