// SPDX-License-Identifier: MIT
import type { AuditSummary, StreamedReport } from "../../audit/index.ts";
import { nameHost } from "../../policy/index.ts";
import { counted } from "../count-words.ts";
import { code, row, word } from "./markdown-text.ts";

/** What the report is about, in one line that says whether there is something to be done. */
export function headingOf({ summary }: StreamedReport): string {
  const { images, parents, guests, errors } = summary;
  const counts = [
    counted(images, "image"),
    ...(parents === 0 ? [] : [`${counted(parents, "parent")} among them`]),
    counted(guests, "guest"),
    ...(errors === 0 ? [] : [`${errors} could not be read`]),
  ];
  return `## Hyper-V integration services\n\n${counts.join(", ")}.\n`;
}

/** What it was judged by. */
export function introduceInMarkdown({ host, tool, timestamp }: StreamedReport): string {
  const newer = host.extrapolated
    ? `, which is newer than Microsoft's update tables: by those for ${word(host.generation)} and later`
    : "";
  const when = timestamp === undefined ? "" : ` at ${code(timestamp)}`;
  return `\nJudged for a Hyper-V host of ${nameHost(host.id)} (${code(host.id)})${newer}, by vmguest ${code(tool.version)}${when}.\n`;
}

/** How many guests have which status, and what is to be done. */
export function* summaryTable({ byStatus, byAction }: AuditSummary): Generator<string> {
  yield* countsTable("Status", byStatus);
  yield* countsTable("To do", byAction);
}

function* countsTable(title: string, counts: Readonly<Record<string, number>>): Generator<string> {
  const entries = Object.entries(counts);
  if (entries.length === 0) return;
  yield `\n${row([title, "Guests"])}${row(["---", "---:"])}`;
  for (const [name, number] of entries) yield row([word(name), String(number)]);
}
