// SPDX-License-Identifier: MIT

import type { CheckedPart, CheckLayer, CheckReport, SeverityCounts } from "../audit/check/index.ts";
import { formatImageFindings } from "./findings.ts";
import { type Paint, paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName } from "./visible-text.ts";

const LAYERS: readonly (readonly [layer: CheckLayer, title: string])[] = [
  ["container", "CONTAINER"],
  ["partitions", "PARTITION TABLE"],
  ["file-system", "FILE SYSTEMS"],
  ["registry", "REGISTRY HIVES"],
];

/** The report of a check for people: layer by layer, each part with its findings, and a line that sums it up. */
export function formatCheck(report: CheckReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const sections = LAYERS.flatMap(([layer, title]) => {
    const parts = report.parts.filter((part) => part.layer === layer);
    if (parts.length === 0) return [];
    return [paint("bold", title), ...parts.flatMap((part) => formatPart(part, report.image, width, paint))];
  });
  const lines = [makeVisible(report.image), ...sections, summaryLine(report, paint)];
  return lines.map((line) => `${line}\n`).join("");
}

function formatPart(part: CheckedPart, image: string, width: number, paint: Paint): string[] {
  const head = `  ${shownName(part.name)}: ${describeCounts(part.counts)}`;
  const findings = formatImageFindings(
    { path: image, findings: part.findings },
    width - INDENT.length,
    paint,
  );
  const omitted = part.omitted > 0 ? [`${INDENT}  ${part.omitted} more findings are not listed`] : [];
  return [head, ...findings.map((line) => INDENT + line), ...omitted];
}

const INDENT = "  ";

function summaryLine({ summary, error }: CheckReport, paint: Paint): string {
  const text = `${count(summary.parts, "part")} checked: ${describeCounts(summary)}`;
  const style = summary.error > 0 || error !== null ? "red" : summary.warning > 0 ? "yellow" : "green";
  return paint(style, error === null ? text : `${text}; the check did not come to its end`);
}

function describeCounts({ error, warning, info }: SeverityCounts): string {
  const found = [
    ...(error > 0 ? [count(error, "error")] : []),
    ...(warning > 0 ? [count(warning, "warning")] : []),
    ...(info > 0 ? [`${info} info`] : []),
  ];
  return found.length === 0 ? "no findings" : found.join(", ");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
