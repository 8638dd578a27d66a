// SPDX-License-Identifier: MIT
export { INPUT_SIZE_MAX, LzxInput } from "./bit-input.ts";
export { LzxCodes } from "./codes.ts";
export { LzxOutput } from "./output.ts";
export { copyRaw, startRawBlock } from "./raw-block.ts";
export { expandTokens } from "./tokens.ts";
export { undoX86Filter } from "./x86-filter.ts";
