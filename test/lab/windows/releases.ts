/** What a release of Windows says of itself in its registry. */
export interface Release {
  readonly product: string;
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
  readonly servicePack?: string;
  readonly edition?: string;
  readonly installationType?: string;
  readonly productType: "WinNT" | "ServerNT" | "LanmanNT";
  readonly branch: string;
  readonly architecture: "x86" | "AMD64" | "ARM64";
  /** Version of the integration services that it brings along. */
  readonly drivers: string | null;
  /** File name of the network driver. */
  readonly network: string;
  /** Integration services that it brings along. */
  readonly services: readonly string[];
}

const FIVE = ["vmicheartbeat", "vmickvpexchange", "vmicshutdown", "vmictimesync", "vmicvss"];
const EIGHT = [...FIVE, "vmicrdv", "vmicguestinterface", "vmicvmsession"];

const nt5 = {
  architecture: "x86",
  drivers: null,
  network: "netvsc50.sys",
  services: [],
} as const;

const nt60 = {
  major: 6,
  minor: 0,
  build: 6002,
  revision: 18005,
  servicePack: "Service Pack 2",
  branch: "vistasp2_gdr.130707-1535",
  architecture: "AMD64",
  network: "netvsc60.sys",
} as const;

const nt61 = {
  major: 6,
  minor: 1,
  build: 7601,
  revision: 17514,
  servicePack: "Service Pack 1",
  branch: "win7sp1_rtm.101119-1850",
  architecture: "AMD64",
  drivers: "6.1.7601.17514",
  network: "netvsc60.sys",
  services: FIVE,
} as const;

const nt62 = {
  major: 6,
  minor: 2,
  build: 9200,
  revision: 16384,
  branch: "win8_rtm.120725-1247",
  architecture: "AMD64",
  drivers: "6.2.9200.16384",
  network: "netvsc63.sys",
  services: EIGHT.slice(0, 6),
} as const;

const nt63 = {
  major: 6,
  minor: 3,
  build: 9600,
  revision: 16384,
  branch: "winblue_rtm.130821-1623",
  architecture: "AMD64",
  drivers: "6.3.9600.16384",
  network: "netvsc63.sys",
  services: EIGHT.slice(0, 7),
} as const;

const nt10 = (build: number, revision: number, branch: string) =>
  ({
    major: 10,
    minor: 0,
    build,
    revision,
    branch,
    architecture: "AMD64",
    drivers: `10.0.${build}.${revision}`,
    network: "netvsc.sys",
    services: EIGHT,
  }) as const;

const client = { edition: "Enterprise", installationType: "Client", productType: "WinNT" } as const;
const server = { edition: "ServerStandard", installationType: "Server", productType: "ServerNT" } as const;

/** Releases by the name that reports give them, as they come from their media. */
export const RELEASES = {
  xp: {
    ...nt5,
    product: "Microsoft Windows XP",
    major: 5,
    minor: 1,
    build: 2600,
    revision: 0,
    servicePack: "Service Pack 3",
    productType: "WinNT",
    branch: "xpsp_sp3_qfe.130704-0421",
  },
  ws2003: {
    ...nt5,
    product: "Microsoft Windows Server 2003",
    major: 5,
    minor: 2,
    build: 3790,
    revision: 0,
    servicePack: "Service Pack 2",
    productType: "ServerNT",
    branch: "srv03_sp2_qfe.130703-1535",
  },
  vista: { ...nt60, ...client, product: "Windows Vista (TM) Enterprise", drivers: null, services: [] },
  ws2008: {
    ...nt60,
    ...server,
    product: "Windows Server (R) 2008 Standard",
    drivers: "6.0.6002.18005",
    services: FIVE,
  },
  win7: { ...nt61, ...client, product: "Windows 7 Enterprise" },
  ws2008r2: { ...nt61, ...server, product: "Windows Server 2008 R2 Standard" },
  whs2011: { ...nt61, ...server, product: "Windows Home Server 2011", edition: "ServerHomePremium" },
  sbs2011: {
    ...nt61,
    ...server,
    product: "Windows Small Business Server 2011 Standard",
    edition: "ServerSBSStandard",
    productType: "LanmanNT",
  },
  win8: { ...nt62, ...client, product: "Windows 8 Enterprise" },
  ws2012: { ...nt62, ...server, product: "Windows Server 2012 Standard" },
  "win8.1": { ...nt63, ...client, product: "Windows 8.1 Enterprise" },
  ws2012r2: { ...nt63, ...server, product: "Windows Server 2012 R2 Standard" },
  win10: { ...nt10(19045, 3803, "vb_release.191206-1406"), ...client, product: "Windows 10 Enterprise" },
  win11: { ...nt10(22631, 2861, "ni_release.220506-1250"), ...client, product: "Windows 10 Enterprise" },
  ws2016: {
    ...nt10(14393, 6529, "rs1_release.231128-1827"),
    ...server,
    product: "Windows Server 2016 Standard",
  },
  ws2019: {
    ...nt10(17763, 5206, "rs5_release.180914-1434"),
    ...server,
    product: "Windows Server 2019 Standard",
  },
  ws2022: {
    ...nt10(20348, 2159, "fe_release.210507-1500"),
    ...server,
    product: "Windows Server 2022 Standard",
  },
  ws2025: {
    ...nt10(26100, 1742, "ge_release.240331-1435"),
    ...server,
    product: "Windows Server 2025 Standard",
  },
  "ws-sac": { ...nt10(25398, 531, "zn_release.231004-1430"), ...server, product: "Windows Server Standard" },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof RELEASES;
