// SPDX-License-Identifier: MIT
import type { ChainFileReport, ChainReport, ParentReport } from "../audit/index.ts";
import { type Column, cell, formatColumns, type Row } from "./columns.ts";
import { formatImageFindings } from "./findings.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownSentence } from "./visible-text.ts";

const COLUMNS: readonly Column[] = [
  { header: "FILE", isFlexible: true },
  { header: "KIND" },
  { header: "DISK MIB" },
  { header: "FILE MIB" },
  { header: "IDENTITY" },
];

/** The chain for people: a row for each file, the image first, with what it says of its parent below. */
export function formatChain(report: ChainReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const rows = report.files.map(toRow);
  const table = rows.length === 0 ? "" : formatColumns(COLUMNS, rows, { paint, width });
  const findings = formatImageFindings({ path: report.image, findings: report.findings }, width, paint);
  const style = report.error === null ? "green" : "red";
  const lines = [...findings, paint(style, summaryOf(report))];
  return table + lines.map((line) => `${line}\n`).join("");
}

function toRow(file: ChainFileReport): Row {
  return {
    cells: [
      cell(makeVisible(file.path)),
      cell(`${file.format} ${file.kind}`),
      cell(mebibytes(file.virtualSize)),
      cell(mebibytes(file.fileSize)),
      cell(file.identity ?? "none"),
    ],
    notes: file.parent === null ? [] : describeParent(file.parent),
  };
}

function describeParent({ identities, names }: ParentReport): string[] {
  const places = [...new Set(names)].map((name) => `named ${shownSentence(name)}`);
  return [`parent ${identities.join(" or ")}`, ...places];
}

function summaryOf({ files, error }: ChainReport): string {
  const count = `${files.length} file${files.length === 1 ? "" : "s"}`;
  return error === null ? `${count}, the chain is complete` : `${count}, the chain is broken [${error.code}]`;
}

function mebibytes(sizeBytes: number): string {
  return String(Math.ceil(sizeBytes / 2 ** 20));
}
