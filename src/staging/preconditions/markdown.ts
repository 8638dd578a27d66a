// SPDX-License-Identifier: MIT
import { CODES, type Code } from "../../errors.ts";
import { type Family, PRECONDITIONS } from "./rows.ts";

const TITLES: Readonly<Record<Family, string>> = {
  image: "The image file and what belongs to it",
  volume: "Volumes",
  hives: "The registry",
  guest: "The guest",
  package: "The package",
};

/** The tables of docs/refusals.md: what refuses and what warns, by what it is about. */
export function renderPreconditions(): string {
  return (Object.keys(TITLES) as Family[]).flatMap(renderFamily).join("\n").trimEnd();
}

function renderFamily(family: Family): string[] {
  const rows = (Object.keys(PRECONDITIONS) as Code[]).flatMap((code) => {
    const row = PRECONDITIONS[code];
    if (row?.family !== family) return [];
    const entry: { readonly meaning: string; readonly hint?: string } = CODES[code];
    const allow = row.outcome === "warns" ? "" : row.canBeAllowed === true ? "yes" : "no";
    return [`| \`${code}\` | ${row.outcome} | ${allow} | ${entry.meaning} | ${entry.hint ?? ""} |`];
  });
  const head = [
    `## ${TITLES[family]}`,
    "",
    "| Code | It | `--allow` | Means | Cure |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...rows, ""];
}
