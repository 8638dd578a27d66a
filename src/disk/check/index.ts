// SPDX-License-Identifier: MIT
export { checkContainer } from "./check-container.ts";
