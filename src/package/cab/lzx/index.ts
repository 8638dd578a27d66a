// SPDX-License-Identifier: MIT
export { createLzxDecoder } from "./decoder.ts";
