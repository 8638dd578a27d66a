// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import { formatImageFindings } from "./findings.ts";
import { withoutNames } from "./package-list.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible } from "./visible-text.ts";

/** What was taken out of a package, `package extract --format json`. */
export interface PackageExtraction {
  readonly schema: "vmguest.package-extraction/1";
  /** A file of the host, or the way on into it, with `/`. */
  readonly package: string;
  /** Folder of the host. */
  readonly folder: string;
  /** Every file that was written, to its end; paths below the folder. */
  readonly files: readonly ExtractedFile[];
  /** What could not be unpacked, and was left out. */
  readonly lost: readonly ErrorReport[];
  /** What was left out for safety. */
  readonly refused: readonly ErrorReport[];
  readonly findings: readonly FindingReport[];
  /** What ended it before all was written; null where nothing did. */
  readonly error: ErrorReport | null;
}

export interface ExtractedFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The same for a person: how much was written, and what reading went around. */
export function formatPackageExtraction(report: PackageExtraction, { colour, width }: TableOptions): string {
  const { files, lost, refused, error } = report;
  const paint = paintWith(colour);
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const parts = [
    `${files.length} file${files.length === 1 ? "" : "s"}, ${total} bytes extracted to ${makeVisible(report.folder)}`,
    ...(lost.length === 0 ? [] : [`${lost.length} could not be unpacked`]),
    ...(refused.length === 0 ? [] : [`${refused.length} left out for safety`]),
    ...(error === null ? [] : [`it did not come to its end [${error.code}]`]),
  ];
  const summary = parts.join("; ");
  const news = { path: report.package, findings: withoutNames(report.findings) };
  const findings = formatImageFindings(news, width, paint);
  return [...findings, parts.length === 1 ? summary : paint("red", summary)]
    .map((line) => `${line}\n`)
    .join("");
}
