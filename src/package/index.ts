// SPDX-License-Identifier: MIT
export * from "./cab/index.ts";
export * from "./mum/index.ts";
export * from "./pe/index.ts";
