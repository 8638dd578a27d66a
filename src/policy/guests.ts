// SPDX-License-Identifier: MIT
import type { OsFacts, OsId } from "../guest/index.ts";
import type { GuestRowId } from "./update-table-data.ts";

/** NT versions of the guests that there are, as `major.minor`; 10.0 is every Windows 10, 11, and Server since 2016. */
export type NtVersion = "5.1" | "5.2" | "6.0" | "6.1" | "6.2" | "6.3" | "10.0";

/** What policy knows of an operating system by its id alone. */
export interface GuestEntry {
  readonly name: string;
  /** Null where the system is not Windows, or not known. */
  readonly nt: NtVersion | null;
  /** The row of the update table it is looked up in; null where no row could be meant. */
  readonly row: GuestRowId | null;
  /** The row names an older system, the nearest that the documents have. */
  readonly extrapolated: boolean;
  /** The system brings integration services along, so finding none in it says that we did not see them. */
  readonly inBox: boolean;
  /** Other names of it: those of image builders, which write the service pack into the name. */
  readonly aliases: readonly string[];
}

const inBox = (
  name: string,
  nt: NtVersion,
  row: GuestRowId,
  aliases: readonly string[] = [],
): GuestEntry => ({
  name,
  nt,
  row,
  extrapolated: false,
  inBox: true,
  aliases,
});

const bare = (name: string, nt: NtVersion, row: GuestRowId, aliases: readonly string[] = []): GuestEntry => ({
  ...inBox(name, nt, row, aliases),
  inBox: false,
});

/** A system newer than the documents, looked up in the row of the last one before it. */
const newer = (name: string, row: GuestRowId): GuestEntry => ({
  ...inBox(name, "10.0", row),
  extrapolated: true,
});

const unlisted = (name: string): GuestEntry => ({
  name,
  nt: null,
  row: null,
  extrapolated: false,
  inBox: false,
  aliases: [],
});

/**
 * The one table between the ids of reports (its keys), of the update table (`row`) and of image builders (`aliases`).
 *
 * In-box: Windows Server 2008 has them since its first release (SP2 brings 6.0.6002.18005), Windows 7 and all after
 * it too; XP, 2003 and Vista do not. Home Server and Small Business Server 2011 are Server 2008 R2 underneath.
 */
export const GUESTS: Readonly<Record<OsId, GuestEntry>> = {
  xp: bare("Windows XP", "5.1", "xp-sp2-sp3", ["xpsp3"]),
  vista: bare("Windows Vista", "6.0", "vista-sp2", ["vistasp2"]),
  win7: inBox("Windows 7", "6.1", "win7"),
  win8: inBox("Windows 8", "6.2", "win8"),
  "win8.1": inBox("Windows 8.1", "6.3", "win8.1", ["win81"]),
  win10: inBox("Windows 10", "10.0", "win10"),
  win11: newer("Windows 11", "win10"),
  ws2003: bare("Windows Server 2003", "5.2", "ws2003-sp2"),
  ws2003r2: bare("Windows Server 2003 R2", "5.2", "ws2003r2-sp2"),
  ws2008: inBox("Windows Server 2008", "6.0", "ws2008-sp2", ["ws2008sp2"]),
  ws2008r2: inBox("Windows Server 2008 R2", "6.1", "ws2008r2"),
  ws2012: inBox("Windows Server 2012", "6.2", "ws2012"),
  ws2012r2: inBox("Windows Server 2012 R2", "6.3", "ws2012r2"),
  ws2016: inBox("Windows Server 2016", "10.0", "ws2016"),
  ws2019: newer("Windows Server 2019", "ws2016"),
  ws2022: newer("Windows Server 2022", "ws2016"),
  ws2025: newer("Windows Server 2025", "ws2016"),
  "ws-sac": inBox("Windows Server, semi-annual channel", "10.0", "ws-sac"),
  whs2011: inBox("Windows Home Server 2011", "6.1", "whs2011"),
  sbs2011: inBox("Windows Small Business Server 2011", "6.1", "sbs2011"),
  linux: { ...unlisted("Linux"), row: "linux", inBox: true, aliases: ["debian", "ubuntu", "rhel"] },
  freebsd: { ...unlisted("FreeBSD"), inBox: true },
  unknown: unlisted("an operating system that is not known"),
};

/** Every operating system id of a report. */
export const OS_IDS = Object.keys(GUESTS) as readonly OsId[];

/** What the table above says of a guest; the family decides where the id alone would not. */
export function findGuest(os: Pick<OsFacts, "id" | "family">): GuestEntry {
  return GUESTS[os.family === "windows" ? os.id : os.family];
}

/** The operating system that an id means, be it a report's, the update table's (`vista-sp2`) or a builder's (`xpsp3`). */
export function parseOsId(text: string): OsId | undefined {
  const word = text.trim().toLowerCase();
  return OS_IDS.find((id) => {
    const { row, extrapolated, aliases } = GUESTS[id];
    return id === word || aliases.includes(word) || (row === word && !extrapolated);
  });
}
