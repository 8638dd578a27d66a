// SPDX-License-Identifier: MIT
import { stringify } from "csv-stringify/sync";
import type { StreamedReport } from "../../audit/index.ts";
import { makeVisible, shownText } from "../visible-text.ts";
import { type AuditRow, CSV_COLUMNS, type CsvValue } from "./csv-columns.ts";

/** Without it Excel takes the file for the code page of the machine; everything else passes over it. */
const BYTE_ORDER_MARK = "\ufeff";

/** Rows that become one piece: the writer sets itself up anew for each piece. */
const ROWS_OF_ONE_PIECE = 64;

/**
 * The audit as a table for spreadsheets and databases (RFC 4180, UTF-8 with a byte order mark): a header, a row for each
 * guest, and a row for an image without guests. Text that a spreadsheet would run as a formula has a `'` before it.
 */
export function* formatCsv(report: StreamedReport): Generator<string> {
  yield BYTE_ORDER_MARK;
  let records: CsvRecord[] = [CSV_COLUMNS.map(({ name }) => name)];
  for (const row of rowsOf(report)) {
    records.push(CSV_COLUMNS.map(({ read }) => toCell(read(row))));
    if (records.length < ROWS_OF_ONE_PIECE) continue;
    yield toText(records);
    records = [];
  }
  yield toText(records);
}

type CsvRecord = (string | number | null)[];

function toText(records: readonly CsvRecord[]): string {
  return stringify([...records], { record_delimiter: "\r\n", quoted_string: true });
}

function* rowsOf({ host, images }: StreamedReport): Generator<AuditRow> {
  for (const image of images) {
    for (const guest of image.guests) yield { host, image, guest };
    if (image.guests.length === 0) yield { host, image, guest: null };
  }
}

/** Excel takes 32,767 characters into a cell and puts the rest into cells of their own. */
const CELL_LENGTH_MAX = 32_000;

function toCell(value: CsvValue): string | number | null {
  if (typeof value === "number" || value === null) return value;
  return neutralise(shownText(makeVisible(String(value)), CELL_LENGTH_MAX));
}

/**
 * What makes a spreadsheet take text for a formula: one of `= + - @`, full-width and small forms too, at the beginning,
 * behind spaces, quotes and joiners at most. A `;` begins a cell where a spreadsheet's own separator is the semicolon,
 * and quotes do not keep it from that. (OWASP, CSV Injection; CWE-1236.)
 */
const FORMULA = /(^|;)(?=["'\s\u200c\u200d]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b])/gu;

function neutralise(text: string): string {
  return text.replaceAll(FORMULA, "$1'");
}
