// SPDX-License-Identifier: MIT
export { formatTable, type TableOptions } from "./audit-table.ts";
export { formatJson } from "./json.ts";
export { makeVisible } from "./visible-text.ts";
