import type { GuestFacts, OsFacts, OsId } from "../../src/guest/index.ts";
import { choosePackageFor, type PackageOffer } from "../../src/policy/index.ts";
import { os } from "../policy/facts.ts";
import { BEFORE, NEWEST, offer } from "../policy/offers.ts";

/** Guests of the table, x64 but for the oldest. */
const GUESTS: readonly [name: string, id: OsId, facts: Partial<OsFacts>][] = [
  ["Windows XP, Server 2003 (x86)", "xp", { build: 2600, architecture: "x86" }],
  ["Windows Vista Ultimate, Business, Enterprise", "vista", { build: 6002, edition: "Business" }],
  ["Windows Vista Home, Starter", "vista", { build: 6002, edition: "HomePremium" }],
  ["Windows Server 2008", "ws2008", { build: 6002 }],
  ["Windows 7, every edition", "win7", { build: 7601, edition: "HomePremium" }],
  ["Windows Server 2008 R2", "ws2008r2", { build: 7601 }],
  ["Home Server 2011, Small Business Server 2011", "whs2011", { build: 7601 }],
  ["Windows 8, Server 2012", "ws2012", { build: 9200 }],
  ["Windows 8.1, Server 2012 R2", "ws2012r2", { build: 9600 }],
  ["Windows 10, Server 2016 and later", "ws2019", { build: 17763 }],
  ["any Windows on ARM64 or Itanium", "ws2008r2", { build: 7601, architecture: "ia64" }],
  ["Linux, FreeBSD", "linux", {}],
];

const packagesOf = (version: string) => [offer("6.x", "x64", version), offer("6.2", "x64", version)];
const ALL = [offer("5.x", "x86", "6.3.9600.16384"), ...packagesOf(BEFORE), ...packagesOf(NEWEST)];

/** Columns: what is offered, and what is known of the guest's support for SHA-2 signatures. */
const COLUMNS: readonly [
  head: string,
  offered: readonly PackageOffer[],
  sha2: readonly GuestFacts["sha2"][],
][] = [
  ["both, SHA-2 supported", ALL, ["supported"]],
  ["both, SHA-2 missing or unknown", ALL, ["missing", "unknown"]],
  [`${NEWEST} alone, SHA-2 unknown`, packagesOf(NEWEST), ["unknown"]],
  [`${NEWEST} alone, SHA-2 missing`, packagesOf(NEWEST), ["missing"]],
];

/** What each sort of guest is given, of packages of both generations or of the newer one alone. */
export function renderPackageChoices(): string {
  const rows = GUESTS.map(([name, id, facts]) => [
    name,
    ...COLUMNS.map(([, offered, known]) => {
      const cells = known.map((sha2) => renderChoice(os(id, facts), offered, sha2));
      return [...new Set(cells)].join(" or ");
    }),
  ]);
  const lines = [["Guest", ...COLUMNS.map(([head]) => head)], ["---", ...COLUMNS.map(() => "---")], ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function renderChoice(guest: OsFacts, offered: readonly PackageOffer[], sha2: GuestFacts["sha2"]): string {
  const choice = choosePackageFor({ os: guest, integrationServices: null, sha2 }, offered);
  if (choice.package === null) return choice.standard === null ? "none" : "none before it takes SHA-2";
  return `${choice.package.name.replace(/-HyperV.*/, "")}, ${choice.package.version}`;
}
