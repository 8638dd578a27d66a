import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FIXTURES } from "../../support/fixtures.ts";
import type { Truth } from "./builder.ts";

/** The newest integration services for guests of NT 6.x (KB4072650). */
const NEWEST = "6.3.9600.19456";

const OS_IDS: Record<string, string> = {
  xpsp3: "xp",
  ws2003: "ws2003",
  vistasp2: "vista",
  ws2008sp2: "ws2008",
  win81: "win8.1",
  debian: "linux",
  ubuntu: "linux",
  rhel: "linux",
};

/** Row of update-table.csv for each of the builder's systems; those after the documents take their nearest row. */
const TABLE_ROWS: Record<string, string> = {
  xpsp3: "xp-sp2-sp3",
  ws2003: "ws2003-sp2",
  vistasp2: "vista-sp2",
  ws2008sp2: "ws2008-sp2",
  win81: "win8.1",
  win11: "win10",
  ws2019: "ws2016",
  ws2022: "ws2016",
  ws2025: "ws2016",
  debian: "linux",
  ubuntu: "linux",
  rhel: "linux",
};

const MECHANISMS: Record<string, string> = { "ic-disk": "integration-services-disk" };

const CSV_HOSTS = { ws2019: "h10", ws2012r2: "h81", ws2012: "h8" } as const;

export type TestedHost = keyof typeof CSV_HOSTS;

const CSV = readFileSync(join(FIXTURES, "../reference/update-table.csv"), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(","));

/** Mechanism of the 2020 document, straight from the csv; `none` where it has no such row. */
export function mechanismOf(host: TestedHost, { args }: Truth): string {
  const guest = TABLE_ROWS[args.os] ?? args.os;
  const row = CSV.find(([csvHost, csvGuest]) => csvHost === CSV_HOSTS[host] && csvGuest === guest);
  const mechanism = row?.[2] ?? "none";
  return MECHANISMS[mechanism] ?? mechanism;
}

export function osOf({ args, os, arch, kind }: Truth): object {
  const isXp = os.major === 5;
  if (kind === "linux") return { id: "linux", family: "linux" };
  return {
    id: OS_IDS[args.os] ?? args.os,
    family: "windows",
    name: os.product,
    version: `${os.major}.${os.minor}`,
    build: os.build,
    ...(isXp ? {} : { revision: os.ubr }),
    edition: os.edition ?? null,
    installationType: os.inst ?? null,
    servicePack: os.csd === undefined ? 0 : Number(os.csd.at(-1)),
    architecture: { x86: "x86", amd64: "x64", arm64: "arm64" }[arch],
    hostname: args.hostname.toUpperCase(),
  };
}

/** Version, its source and whether the sources agree, from what the builder wrote. */
export function icOf({ registry, files, os }: Truth): {
  version: string | null;
  source: string;
  consistent: boolean;
  judged: string | null;
} {
  const driverVersions = [...Object.values(files.drivers), ...Object.values(files.icService ?? {})];
  const fileVersion = driverVersions[0] ?? null;
  const derived = registry.computedVersion ?? fileVersion;
  const packageVersion = registry.cbsIcPackages?.[0]?.split("~").at(-1) ?? null;
  const { recordedVersion: recorded } = registry;
  const judged =
    recorded !== null && derived !== null && recorded !== derived ? derived : (recorded ?? derived);
  const others = [registry.computedVersion, fileVersion, packageVersion].filter(
    (version) => version !== null,
  );
  const isNt10 = os.major === 10;
  const consistent = isNt10 || new Set(recorded === null ? others : [...others, recorded]).size <= 1;
  const version = recorded ?? derived ?? packageVersion;
  const source =
    recorded !== null
      ? "recorded"
      : registry.computedVersion !== null
        ? "computed"
        : fileVersion !== null
          ? "driver-file"
          : "none";
  return { version, source, consistent, judged };
}

/** XP and 2003 get what the host's own disk holds: the MSI of Windows Server 2012, or that of 2012 R2. */
const NEWEST_MSI: Record<TestedHost, string> = {
  ws2019: "6.3.9600.16384",
  ws2012r2: "6.3.9600.16384",
  ws2012: "6.2.9200.16384",
};

export function statusOf(host: TestedHost, truth: Truth): string {
  if (truth.kind === "linux") return "not-applicable";
  const { judged } = icOf(truth);
  if (truth.os.major === 10) return "current";
  if (judged === null) return "missing";
  const newest = truth.os.major === 5 ? NEWEST_MSI[host] : NEWEST;
  return compare(judged, newest) < 0 ? "outdated" : "current";
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const index = (left ?? []).findIndex((part, place) => part !== right?.[place]);
  return index < 0 ? 0 : (left?.[index] ?? 0) - (right?.[index] ?? 0);
}

const START_WORDS = ["boot", "system", "automatic", "demand", "disabled"];

const SERVICES = [
  "vmicheartbeat",
  "vmickvpexchange",
  "vmicshutdown",
  "vmictimesync",
  "vmicvss",
  "vmicrdv",
  "vmicguestinterface",
  "vmicvmsession",
];

export function servicesOf({ registry }: Truth): Record<string, string | null> {
  return Object.fromEntries(
    SERVICES.map((name) => {
      const start = registry.services[name];
      return [name, start === undefined ? null : (START_WORDS[start] ?? "unknown")];
    }),
  );
}

export function dataExchangeOf({ registry }: Truth): string {
  const start = registry.services["vmickvpexchange"];
  return start === undefined ? "absent" : start === 4 ? "disabled" : "enabled";
}

export function windowsUpdateOf({ registry }: Truth): string | undefined {
  return {
    on: "windows-update",
    notify: "windows-update",
    off: "disabled",
    policy: "disabled",
    service: "disabled",
    wsus: "wsus",
  }[registry.windowsUpdate];
}

/** Codes of findings that the builder's options must lead to. */
export function findingsOf({ args }: Truth): string[] {
  const expected: [option: string, value: unknown, code: string][] = [
    ["ntfs_dirty", true, "NTFS_DIRTY"],
    ["logfile", "dirty", "NTFS_LOG_UNCLEAN"],
    ["hibernated", true, "GUEST_HIBERNATED"],
    ["hive_dirty", true, "REGF_DIRTY"],
    ["pending", true, "SERVICING_PENDING"],
    ["kvp", "disabled", "IC_SERVICE_DISABLED"],
  ];
  return expected.filter(([option, value]) => args[option] === value).map(([, , code]) => code);
}

/** Words of the volume's state. */
export function stateOf({ args }: Truth): string[] {
  const state: string[] = [];
  if (args["ntfs_dirty"] === true) state.push("dirty");
  if (args["logfile"] === "dirty") state.push("log-unclean");
  if (args["hibernated"] === true) state.push("hibernated");
  return state;
}
