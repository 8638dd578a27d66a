// SPDX-License-Identifier: MIT
import { shownSentence } from "../visible-text.ts";

/**
 * Foreign text as a code span, in a table too: there, nothing is Markdown or HTML, and GitHub makes no links, mentions,
 * issue references or emoji of it. A backtick would end the span and a `|` the cell (and a backslash before it undoes
 * what would escape it), so they are written as other characters that must not be obeyed are.
 */
export function code(text: string): string {
  const visible = shownSentence(text).replaceAll("`", "\\x60").replaceAll("|", "\\x7c");
  return visible.trim() === "" ? "(empty)" : `\`${visible}\``;
}

/** A word of ours as it is; what is none of that shape is foreign, as in a report that somebody else wrote. */
export function word(text: string): string {
  return /^[a-z][a-z0-9-]{0,40}$/.test(text) ? text : code(text);
}

/** A line of a table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |\n`;
}
