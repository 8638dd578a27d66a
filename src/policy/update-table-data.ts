// SPDX-License-Identifier: MIT
import type { HostGeneration, Mechanism } from "./decision.ts";

/** The two states of Microsoft's page "Manage Hyper-V integration services" that have tables and differ. */
export type DocumentId = "MS2020" | "MS2015";

/** A document of Microsoft's that the update table is taken from. */
export interface SourceDocument {
  readonly id: DocumentId;
  readonly title: string;
  /** When the page read like this. */
  readonly date: string;
  /** Where that state can be found again: public repository and commit. */
  readonly revision: string;
}

/**
 * The documents, the ruling one first. Later states of the page (from 2025-02-18) have no tables any more: Windows
 * guests are said to update through Windows Update, Linux guests with their kernel.
 */
export const DOCUMENTS: readonly SourceDocument[] = [
  {
    id: "MS2020",
    title: "Manage Hyper-V integration services (Microsoft, 2020)",
    date: "2020-04-08",
    revision: "MicrosoftDocs/windowsserverdocs@047dddc",
  },
  {
    id: "MS2015",
    title: "Managing Hyper-V integration services (Microsoft, 2015)",
    date: "2015-10-16",
    revision: "MicrosoftDocs/Virtualization-Documentation@718ef7ea",
  },
];

/** What a row's note says, in our words. */
export const NOTES = {
  "data-exchange":
    "needs the Data Exchange integration service; where it cannot be enabled, the CAB packages of KB3071740 are the way",
  "manual-steps": "installed by hand",
  "extended-support": "in extended support, and only on Windows Server 2016",
  "not-supported-on-2016": "not going to be supported on Windows Server 2016",
  "not-in-mainstream-support": "not in mainstream support",
  "in-distribution": "part of the distribution, which may have optional updates",
} as const;
export type NoteId = keyof typeof NOTES;

interface RowLabel {
  readonly label: string;
  /** The lowest service pack that the label asks for; null where it asks for none. */
  readonly servicePack: number | null;
}

const label = (text: string, servicePack: number | null = null): RowLabel => ({ label: text, servicePack });

/** The rows as their labels read; one table has another label for one row, see {@link UpdateRow.label}. */
const ROWS = {
  win10: label("Windows 10"),
  "win8.1": label("Windows 8.1"),
  win8: label("Windows 8"),
  win7: label("Windows 7"),
  "vista-sp2": label("Windows Vista (SP 2)", 2),
  "xp-sp2-sp3": label("Windows XP (SP 2, SP 3)", 2),
  ws2016: label("Windows Server 2016"),
  "ws-sac": label("Windows Server, semi-annual channel"),
  ws2012r2: label("Windows Server 2012 R2"),
  ws2012: label("Windows Server 2012"),
  ws2008r2: label("Windows Server 2008 R2"),
  "ws2008-sp2": label("Windows Server 2008 (SP 2)", 2),
  whs2011: label("Windows Home Server 2011"),
  sbs2011: label("Windows Small Business Server 2011"),
  "ws2003r2-sp2": label("Windows Server 2003 R2 (SP 2)", 2),
  "ws2003-sp2": label("Windows Server 2003 (SP 2)", 2),
  linux: label("Linux guests"),
} as const satisfies Record<string, RowLabel>;
/** Guests as the update table divides them. */
export type GuestRowId = keyof typeof ROWS;

/** Every guest that some table has a row for, in the documents' order. */
export const GUEST_ROW_IDS = Object.keys(ROWS) as readonly GuestRowId[];

/** One row of one table of one document. */
export interface UpdateRow extends RowLabel {
  readonly guest: GuestRowId;
  readonly mechanism: Mechanism;
  readonly note: NoteId | null;
}

/** One table of one document: what it says for the guests of one generation of hosts. */
export interface UpdateTable {
  readonly document: DocumentId;
  readonly generation: HostGeneration;
  /** The hosts that the table's heading names. */
  readonly hosts: string;
  readonly rows: readonly UpdateRow[];
}

const update = (guest: GuestRowId, note: NoteId | null = null, named: RowLabel = ROWS[guest]): UpdateRow => ({
  guest,
  mechanism: "windows-update",
  note,
  ...named,
});
const disk = (guest: GuestRowId, note: NoteId | null): UpdateRow => ({
  guest,
  mechanism: "integration-services-disk",
  note,
  ...ROWS[guest],
});
const LINUX: UpdateRow = {
  guest: "linux",
  mechanism: "package-manager",
  note: "in-distribution",
  ...ROWS.linux,
};

const disks = (note: NoteId | null, ...guests: GuestRowId[]): UpdateRow[] =>
  guests.map((guest) => disk(guest, note));

/** All tables of both documents, row by row in their order. */
export const UPDATE_TABLES: readonly UpdateTable[] = [
  {
    document: "MS2020",
    generation: "2016",
    hosts: "Windows 10/Windows Server 2016/2019",
    rows: [
      update("win10"),
      update("win8.1"),
      update("win8", "data-exchange"),
      update("win7", "data-exchange"),
      update("vista-sp2", "data-exchange"),
      update("ws2016"),
      update("ws-sac"),
      update("ws2012r2"),
      update("ws2012", "data-exchange"),
      update("ws2008r2", "data-exchange", label("Windows Server 2008 R2 (SP 1)", 1)),
      update("ws2008-sp2", "extended-support"),
      update("whs2011", "not-supported-on-2016"),
      update("sbs2011", "not-in-mainstream-support"),
      LINUX,
    ],
  },
  {
    document: "MS2020",
    generation: "2012r2",
    hosts: "Windows 8.1/Windows Server 2012 R2",
    rows: [
      update("win10"),
      ...disks("manual-steps", "win8.1", "win8", "win7", "vista-sp2", "xp-sp2-sp3"),
      update("ws2016"),
      update("ws-sac"),
      ...disks("manual-steps", "ws2012r2", "ws2012", "ws2008r2", "ws2008-sp2"),
      ...disks("manual-steps", "whs2011", "sbs2011", "ws2003r2-sp2", "ws2003-sp2"),
      LINUX,
    ],
  },
  {
    document: "MS2020",
    generation: "2012",
    hosts: "Windows 8/Windows Server 2012",
    rows: [
      ...disks("manual-steps", "win8.1", "win8", "win7", "vista-sp2", "xp-sp2-sp3"),
      ...disks("manual-steps", "ws2012r2", "ws2012", "ws2008r2", "ws2008-sp2"),
      ...disks("manual-steps", "whs2011", "sbs2011", "ws2003r2-sp2", "ws2003-sp2"),
      LINUX,
    ],
  },
  {
    document: "MS2015",
    generation: "2016",
    hosts: "Windows 10",
    rows: [
      update("win10"),
      update("win8.1"),
      update("win8", "data-exchange"),
      update("win7", "data-exchange"),
      update("vista-sp2", "data-exchange"),
      update("ws2012r2"),
      update("ws2012", "data-exchange"),
      update("ws2008r2", "data-exchange"),
      update("ws2008-sp2", "data-exchange"),
      update("whs2011", "data-exchange"),
      update("sbs2011", "data-exchange"),
    ],
  },
  {
    document: "MS2015",
    generation: "2012r2",
    hosts: "Windows 8.1",
    rows: [
      update("win10"),
      update("win8.1"),
      ...disks(null, "win8", "win7", "vista-sp2", "xp-sp2-sp3"),
      update("ws2012r2"),
      ...disks(null, "ws2012", "ws2008r2", "ws2008-sp2", "whs2011", "sbs2011", "ws2003r2-sp2", "ws2003-sp2"),
    ],
  },
  {
    document: "MS2015",
    generation: "2012",
    hosts: "Windows 8",
    rows: [
      update("win8.1"),
      ...disks(null, "win8", "win7", "vista-sp2", "xp-sp2-sp3"),
      update("ws2012r2"),
      ...disks(null, "ws2012", "ws2008r2", "ws2008-sp2", "whs2011", "sbs2011", "ws2003r2-sp2", "ws2003-sp2"),
    ],
  },
];
