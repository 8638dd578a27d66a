// SPDX-License-Identifier: MIT
import type { OsFacts } from "../guest/index.ts";
import type { HostId, HostSummary, Mechanism, Rule } from "./decision.ts";
import { findGuest, type GuestEntry } from "./guests.ts";
import { nameHost, summariseHost } from "./hosts.ts";
import { citeRow, findRow, findTable } from "./update-table.ts";
import { type GuestRowId, NOTES, type UpdateRow } from "./update-table-data.ts";

/** What a rule depends on. A null service pack is one that could not be determined, not "none". */
export type RuleGuest = Pick<OsFacts, "id" | "family" | "servicePack">;

/**
 * The rule of Microsoft's tables for a guest on a host; there is an answer for every pair.
 *
 * The 2020 document rules, and the 2015 one's mechanism is the alternative where it differs. Hosts and guests newer
 * than the documents are judged as the newest that the documents have. Pairs and service packs that the ruling table
 * does not have give `none`, with the reason in the note.
 */
export function decide(hostId: HostId, os: RuleGuest): Rule {
  const host = summariseHost(hostId);
  const guest = findGuest(os);
  if (guest.row === null) return refuseUnlisted(host, os, guest);
  const row = findRow("MS2020", host.generation, guest.row);
  const other = findRow("MS2015", host.generation, guest.row);
  if (row === undefined) return refusePair(host, guest, guest.row, other);
  const ruled = covers(row, os)
    ? ruleOfRow(host, guest, os, row, other)
    : ruleBeforeServicePack(os, row, other);
  return {
    host: host.id,
    guest: row.guest,
    ...ruled,
    source: citeBoth(host, row, other),
    extrapolated: host.extrapolated || guest.extrapolated,
  };
}

/** What a row says of a guest; spread where it stands, so that the keys of every rule are written in one order. */
type Ruled = Pick<Rule, "mechanism" | "alternative" | "requiresDataExchange" | "note">;

function ruleOfRow(
  host: HostSummary,
  guest: GuestEntry,
  os: RuleGuest,
  row: UpdateRow,
  other: UpdateRow | undefined,
): Ruled {
  return {
    mechanism: row.mechanism,
    alternative: other !== undefined && other.mechanism !== row.mechanism ? other.mechanism : null,
    requiresDataExchange: row.note === "data-exchange",
    note: writeNote(host, guest, os, row, other),
  };
}

/** The row is for a later service pack than the guest has. */
function ruleBeforeServicePack(os: RuleGuest, row: UpdateRow, other: UpdateRow | undefined): Ruled {
  return {
    mechanism: "none",
    alternative: other !== undefined && covers(other, os) ? other.mechanism : null,
    requiresDataExchange: false,
    note: `the row is for "${row.label}", but the guest has ${nameServicePack(os)}: install Service Pack ${row.servicePack} first`,
  };
}

/** Whether the guest has the service pack that the row asks for; one that is not known is given the benefit of the doubt. */
function covers(row: UpdateRow, os: RuleGuest): boolean {
  return row.servicePack === null || os.servicePack === null || os.servicePack >= row.servicePack;
}

function nameServicePack(os: RuleGuest): string {
  return os.servicePack === 0 ? "no service pack" : `Service Pack ${os.servicePack}`;
}

function citeBoth(host: HostSummary, row: UpdateRow, other: UpdateRow | undefined): string {
  const ruling = citeRow("MS2020", host.generation, row);
  if (other === undefined) return `${ruling}; MS2015 has no such row`;
  return other.mechanism === row.mechanism
    ? `${ruling}; MS2015 agrees`
    : `${ruling}; MS2015 says ${other.mechanism}`;
}

function refuseUnlisted(host: HostSummary, os: RuleGuest, guest: GuestEntry): Rule {
  const note =
    os.family === "freebsd"
      ? "the tables have no row for FreeBSD, whose drivers are part of its kernel: update them with the system"
      : "the operating system is not known, so that no row of the tables can be chosen";
  return withoutRow(host, os.family === "freebsd" ? "freebsd" : "unknown", note, guest.extrapolated, null);
}

function refusePair(
  host: HostSummary,
  guest: GuestEntry,
  row: GuestRowId,
  other: UpdateRow | undefined,
): Rule {
  const note = `the tables have no row for ${guest.name} on ${nameHost(host.id)} hosts`;
  return withoutRow(host, row, note, guest.extrapolated, other?.mechanism ?? null);
}

function withoutRow(
  host: HostSummary,
  guest: string,
  note: string,
  guestExtrapolated: boolean,
  alternative: Mechanism | null,
): Rule {
  return {
    host: host.id,
    guest,
    mechanism: "none",
    alternative,
    requiresDataExchange: false,
    note,
    source: `MS2020, ${findTable("MS2020", host.generation)?.hosts} hosts, no row`,
    extrapolated: host.extrapolated || guestExtrapolated,
  };
}

/** Rows that say Windows Update although it is known not to offer integration services to these guests. */
const NOT_OFFERED: readonly GuestRowId[] = ["vista-sp2", "ws2008-sp2"];

/** What a person should know beside the mechanism, most of it conditions under which it works. */
function writeNote(
  host: HostSummary,
  guest: GuestEntry,
  os: RuleGuest,
  row: UpdateRow,
  other: UpdateRow | undefined,
): string {
  const notes: string[] = [];
  if (row.note !== null) notes.push(NOTES[row.note]);
  if (other?.note === "data-exchange" && row.note !== "data-exchange") {
    notes.push("MS2015 asked for the Data Exchange integration service here");
  }
  if (row.mechanism === "windows-update" && NOT_OFFERED.includes(row.guest)) {
    notes.push(
      "Windows Update is reported not to offer it to Windows Vista and Server 2008 (MicrosoftDocs/Virtualization-Documentation#249)",
    );
  }
  if (row.servicePack !== null && os.servicePack === null) {
    notes.push(`the guest's service pack could not be determined, and the row asks for ${row.servicePack}`);
  }
  if (guest.extrapolated) notes.push(`${guest.name} is newer than the documents: judged as ${row.label}`);
  if (host.extrapolated)
    notes.push(`${nameHost(host.id)} is newer than the documents: judged as Windows Server 2019`);
  return notes.join("; ");
}
