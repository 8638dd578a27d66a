// SPDX-License-Identifier: MIT
export { LzxInput } from "./bit-input.ts";
export { LzxCodes } from "./codes.ts";
export { expandTokens, type LzxOutput } from "./tokens.ts";
