// SPDX-License-Identifier: MIT
import { makeJsonVisible } from "./visible-text.ts";

/**
 * Any of the reports as JSON for machines: two spaces, the keys in the order of the report's type, a newline at the
 * end. Control characters and the like from images are escaped, so that the output may be shown on a terminal.
 */
export function formatJson(report: object): string {
  return `${makeJsonVisible(JSON.stringify(report, null, 2))}\n`;
}
