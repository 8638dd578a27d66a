// SPDX-License-Identifier: MIT
import type { AuditSummary, GateCondition, StreamedReport } from "../../audit/index.ts";
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

/** Whether there are images that a gate forbids. */
export function gateInMarkdown(violatingCount: number, forbidden: ReadonlySet<GateCondition>): string {
  const conditions = [...forbidden].join(", ");
  return violatingCount === 0
    ? `\n**Gate passed.** No image is what it forbids: ${conditions}.\n`
    : `\n**Gate failed** by ${counted(violatingCount, "image")}. It forbids: ${conditions}.\n`;
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
