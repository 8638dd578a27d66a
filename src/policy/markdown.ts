// SPDX-License-Identifier: MIT
import type { OsId } from "../guest/index.ts";
import { ACTIONS, type ActionRow, type DataExchangeCondition, type WindowsUpdateVerdict } from "./actions.ts";
import type { HostGeneration, Mechanism, Status } from "./decision.ts";
import { GUESTS, OS_IDS } from "./guests.ts";
import { GENERATIONS, hostsOf, nameHost, summariseHost } from "./hosts.ts";
import { inBoxServices, SERVICE_NAMES } from "./services.ts";
import { findTable, type UpdateTableRow, updateTableRows } from "./update-table.ts";
import { DOCUMENTS, type DocumentId, UPDATE_TABLES } from "./update-table-data.ts";

/** The part of `docs/update-table.md` that is printed from the data: sources, tables, and what is extrapolated. */
export function renderUpdateTables(): string {
  return [
    "## Sources",
    "",
    renderTable(
      ["Document", "Title", "State of", "Found at"],
      DOCUMENTS.map(({ id, title, date, revision }) => [id, title, date, revision]),
    ),
    "",
    renderTable(
      ["Document", "Its table", "Rows"],
      UPDATE_TABLES.map(({ document, hosts, rows }) => [document, `${hosts} hosts`, String(rows.length)]),
    ),
    ...GENERATIONS.toReversed().flatMap(renderGeneration),
    "",
    "## Guests newer than the documents",
    "",
    renderTable(
      ["Guest", "Judged as"],
      OS_IDS.filter((id) => GUESTS[id].extrapolated).map((id) => [GUESTS[id].name, nameRowOf(id)]),
    ),
  ].join("\n");
}

/** The table of actions as `docs/verdicts.md` prints it: a row for each situation, a column for each status. */
export function renderActionTable(): string {
  const rows = (Object.keys(ACTIONS) as Mechanism[]).flatMap(renderActions);
  return renderTable(["Mechanism", "Windows Update", "Data Exchange", ...STATUSES], rows);
}

/** Which guest has which service, as `docs/verdicts.md` prints it. */
export function renderServiceTable(): string {
  const guests = OS_IDS.filter((id) => GUESTS[id].nt !== null);
  const rows = guests.map((id) => [
    GUESTS[id].name,
    ...inBoxServices({ id, family: "windows", version: null }).map(({ presence }) => presence),
  ]);
  return renderTable(["Guest", ...SERVICE_NAMES], rows);
}

function renderGeneration(generation: HostGeneration): string[] {
  const rows = updateTableRows().filter((row) => row.generation === generation);
  const hosts = hostsOf(generation).map(
    (id) => nameHost(id) + (summariseHost(id).extrapolated ? " (extrapolated)" : ""),
  );
  return [
    "",
    `## Hosts: ${findTable("MS2020", generation)?.hosts}`,
    "",
    `Applies to ${hosts.join(", ")}.`,
    "",
    renderTable(["Guest", "2020", "2015", "Data Exchange", "Differs", "Note"], rows.map(renderUpdateRow)),
  ];
}

function renderUpdateRow(row: UpdateTableRow): string[] {
  const { label, mechanisms, requiresDataExchange, note } = row;
  const required = DOCUMENTS.filter(({ id }) => requiresDataExchange[id]).map(({ id }) => id.slice(2));
  return [
    label,
    mechanisms.MS2020 ?? "no row",
    mechanisms.MS2015 ?? "no row",
    required.join(", "),
    findDifferences(row).join(", "),
    note,
  ];
}

function findDifferences({ mechanisms, labels, requiresDataExchange }: UpdateTableRow): string[] {
  if (mechanisms.MS2020 === null || mechanisms.MS2015 === null) return ["row"];
  const differs = (name: string, values: Readonly<Record<DocumentId, unknown>>) =>
    values.MS2020 === values.MS2015 ? [] : [name];
  return [
    ...differs("mechanism", mechanisms),
    ...differs("label", labels),
    ...differs("Data Exchange", requiresDataExchange),
  ];
}

function nameRowOf(id: OsId): string {
  const row = GUESTS[id].row;
  const named = OS_IDS.find((other) => GUESTS[other].row === row && !GUESTS[other].extrapolated);
  return named === undefined ? "" : GUESTS[named].name;
}

const STATUSES: readonly Status[] = ["current", "outdated", "missing", "unknown", "not-applicable"];

/** The rows of one mechanism; verdicts and conditions that change nothing are drawn together as "any". */
function renderActions(mechanism: Mechanism): string[][] {
  const verdicts = Object.entries(ACTIONS[mechanism]) as [
    WindowsUpdateVerdict,
    Record<DataExchangeCondition, ActionRow>,
  ][];
  const all = verdicts.flatMap(([, conditions]) => Object.values(conditions));
  if (isUniform(all)) return [[`\`${mechanism}\``, "any", "any", ...renderCells(all[0])]];
  return verdicts.flatMap(([verdict, conditions]) => {
    const head = [`\`${mechanism}\``, verdict];
    const rows = Object.entries(conditions);
    if (isUniform(Object.values(conditions))) return [[...head, "any", ...renderCells(rows[0]?.[1])]];
    return rows.map(([condition, row]) => [...head, condition, ...renderCells(row)]);
  });
}

function isUniform(rows: readonly ActionRow[]): boolean {
  return rows.every((row) => STATUSES.every((status) => row[status] === rows[0]?.[status]));
}

function renderCells(row: ActionRow | undefined): string[] {
  return STATUSES.map((status) => row?.[status] ?? "");
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
