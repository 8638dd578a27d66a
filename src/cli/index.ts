// SPDX-License-Identifier: MIT
export { commandList } from "./commands.ts";
export type { Dependencies, Process } from "./context.ts";
export { main } from "./main.ts";
export type { OutputStream } from "./output.ts";
