// SPDX-License-Identifier: MIT
export * from "./pe/index.ts";
