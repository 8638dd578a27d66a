// SPDX-License-Identifier: MIT
export * from "./mum/index.ts";
export * from "./pe/index.ts";
