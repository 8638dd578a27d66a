// SPDX-License-Identifier: MIT
export { sha256Of } from "./sha256.ts";
