// SPDX-License-Identifier: MIT
export { createMszipDecoder } from "./decoder.ts";
