// SPDX-License-Identifier: MIT
import type { OsId } from "../guest/index.ts";
import type { HostGeneration, HostId, Mechanism } from "./decision.ts";
import { GUESTS } from "./guests.ts";
import { GENERATIONS, hostsOf, summariseHost } from "./hosts.ts";
import {
  DOCUMENTS,
  type DocumentId,
  GUEST_ROW_IDS,
  type GuestRowId,
  NOTES,
  UPDATE_TABLES,
  type UpdateRow,
  type UpdateTable,
} from "./update-table-data.ts";

/** The row of one document for a guest on a generation of hosts; undefined where the document has none. */
export function findRow(
  document: DocumentId,
  generation: HostGeneration,
  guest: GuestRowId,
): UpdateRow | undefined {
  return findTable(document, generation)?.rows.find((row) => row.guest === guest);
}

/** The table of one document for a generation of hosts. */
export function findTable(document: DocumentId, generation: HostGeneration): UpdateTable | undefined {
  return UPDATE_TABLES.find((table) => table.document === document && table.generation === generation);
}

/** `MS2020, Windows 8/Windows Server 2012 hosts, row "Windows 8.1"`: document, table and row, so that it can be looked up. */
export function citeRow(document: DocumentId, generation: HostGeneration, row: UpdateRow): string {
  return `${document}, ${findTable(document, generation)?.hosts} hosts, row "${row.label}"`;
}

/** The two documents' rows for one guest on one generation of hosts, side by side. */
export interface UpdateTableRow {
  readonly generation: HostGeneration;
  /** The hosts it answers for: the one asked for, or all of the generation. */
  readonly hosts: readonly HostId[];
  readonly guest: GuestRowId;
  /** The row's label, as the newest document that has the row spells it. */
  readonly label: string;
  /** The label in each document; null where it has no such row. */
  readonly labels: Readonly<Record<DocumentId, string | null>>;
  /** What each document says; null where it has no such row. */
  readonly mechanisms: Readonly<Record<DocumentId, Mechanism | null>>;
  readonly requiresDataExchange: Readonly<Record<DocumentId, boolean>>;
  readonly note: string;
  /** Document, table and row of each document that has the row. */
  readonly source: string;
  /** The host or the guest asked for is newer than the documents. */
  readonly extrapolated: boolean;
}

/**
 * The rows of the update table for one host, one guest, both, or all, oldest hosts first. Empty where neither
 * document has a row for the pair; `decide` says why.
 */
export function updateTableRows(filter: { host?: HostId; guest?: OsId } = {}): UpdateTableRow[] {
  const host = filter.host === undefined ? undefined : summariseHost(filter.host);
  const guest = filter.guest === undefined ? undefined : GUESTS[filter.guest];
  const extrapolated = (host?.extrapolated ?? false) || (guest?.extrapolated ?? false);
  const generations = host === undefined ? GENERATIONS : [host.generation];
  const guests = guest === undefined ? GUEST_ROW_IDS : GUEST_ROW_IDS.filter((id) => id === guest.row);
  return generations.flatMap((generation) => {
    const hosts = host === undefined ? hostsOf(generation) : [host.id];
    return guests.flatMap((id) => {
      const row = joinRows(generation, id);
      return row === undefined ? [] : [{ generation, hosts, ...row, extrapolated }];
    });
  });
}

function joinRows(
  generation: HostGeneration,
  guest: GuestRowId,
): Omit<UpdateTableRow, "generation" | "hosts" | "extrapolated"> | undefined {
  const rows = {
    MS2020: findRow("MS2020", generation, guest),
    MS2015: findRow("MS2015", generation, guest),
  };
  const newest = rows.MS2020 ?? rows.MS2015;
  if (newest === undefined) return undefined;
  const cited = DOCUMENTS.flatMap(({ id }) => {
    const row = rows[id];
    return row === undefined ? [] : [citeRow(id, generation, row)];
  });
  return {
    guest,
    label: newest.label,
    labels: { MS2020: rows.MS2020?.label ?? null, MS2015: rows.MS2015?.label ?? null },
    mechanisms: { MS2020: rows.MS2020?.mechanism ?? null, MS2015: rows.MS2015?.mechanism ?? null },
    requiresDataExchange: {
      MS2020: rows.MS2020?.note === "data-exchange",
      MS2015: rows.MS2015?.note === "data-exchange",
    },
    note: newest.note === null ? "" : NOTES[newest.note],
    source: cited.join("; "),
  };
}
