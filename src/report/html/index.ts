// SPDX-License-Identifier: MIT
export { formatHtml, type HtmlOptions } from "./page.ts";
