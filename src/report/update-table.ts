// SPDX-License-Identifier: MIT
import { DOCUMENTS, type HostId, nameHost, type UpdateTableRow } from "../policy/index.ts";
import { type Column, cell, formatColumns, indentText, type Row } from "./columns.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";

const COLUMNS: readonly Column[] = [
  { header: "GUEST", isFlexible: true },
  { header: "ID" },
  { header: "UPDATED THROUGH" },
  { header: "NOTE", isFlexible: true },
];

/** Rows of Microsoft's update table for a person: a block for each generation of hosts, then the documents. */
export function formatUpdateTable(rows: readonly UpdateTableRow[], { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const generations = [...new Set(rows.map(({ generation }) => generation))];
  const blocks = generations.map((generation) => {
    const ofGeneration = rows.filter((row) => row.generation === generation);
    const hosts = ofGeneration[0]?.hosts ?? [];
    const title = indentText(`Hosts: ${hosts.map(describeHost).join(", ")}`, 0, width).join("\n");
    return `${title}\n\n${formatColumns(COLUMNS, ofGeneration.map(toRow), { paint, width })}`;
  });
  const remark = rows.some(({ extrapolated }) => extrapolated)
    ? ["Newer than the documents: these are the nearest rows that they have.\n"]
    : [];
  return [...blocks, ...remark, describeDocuments(width)].join("\n");
}

/** The same for programs. */
export function describeUpdateTable(rows: readonly UpdateTableRow[]): object {
  return { schema: "vmguest.table/1", documents: DOCUMENTS, rows };
}

function describeHost(id: HostId): string {
  return `${nameHost(id)} (${id})`;
}

function toRow({ label, guest, mechanisms, note }: UpdateTableRow): Row {
  const ruling = mechanisms.MS2020 ?? "no row";
  const older = mechanisms.MS2015 ?? "no row";
  const mechanism = ruling === older ? [ruling] : [ruling, `(MS2015: ${older})`];
  return { cells: [cell(label), cell(guest), cell(...mechanism), cell(note)] };
}

function describeDocuments(width: number): string {
  const lines = DOCUMENTS.flatMap(({ id, title, date, revision }) =>
    indentText(`${id}: ${title}, as of ${date}, ${revision}`, 2, width),
  );
  return `Sources; where they differ, the first one rules:\n${lines.join("\n")}\n`;
}
