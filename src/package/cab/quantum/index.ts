// SPDX-License-Identifier: MIT
export { createQuantumDecoder } from "./decoder.ts";
