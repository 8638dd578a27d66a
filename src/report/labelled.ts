// SPDX-License-Identifier: MIT
import { indentText } from "./columns.ts";
import { shownSentence } from "./visible-text.ts";

const INDENT = 2;

/** A line for each label that has a value, the values under each other. What is null or empty is left out. */
export function labelled(
  lines: readonly (readonly [label: string, value: string | readonly string[] | null])[],
  width: number,
): string[] {
  const stated = lines
    .map(([label, value]) => [label, typeof value === "string" ? [value] : (value ?? [])] as const)
    .filter(([, values]) => values.length > 0);
  const labelWidth = Math.max(0, ...stated.map(([label]) => label.length)) + 2;
  return stated.flatMap(([label, values]) =>
    values
      .flatMap((value) => indentText(shownSentence(value), INDENT + labelWidth, width))
      .map((line, index) => (index === 0 ? placeLabel(label, line) : line)),
  );
}

function placeLabel(label: string, line: string): string {
  return " ".repeat(INDENT) + label + line.slice(INDENT + label.length);
}
