// SPDX-License-Identifier: MIT
export { renderExitActions, renderExitCodes } from "./exit-codes.ts";
export { RESTARTS_MAX } from "./limits.ts";
export { firstBootScript } from "./run-cmd.ts";
