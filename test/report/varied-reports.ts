import type { FindingReport, GuestReport, ImageReport, StreamedReport } from "../../src/audit/index.ts";
import { brokenImage, guest, image, report } from "./reports.ts";

/** Reports of libraries as they are: many systems, versions, states, damaged images, images without guests. */

interface Kind {
  readonly os: Partial<GuestReport["os"]>;
  readonly versions: readonly (string | null)[];
  readonly status: GuestReport["verdict"]["status"];
  readonly action: GuestReport["verdict"]["action"];
  readonly mechanism: GuestReport["rule"]["mechanism"];
  readonly reason: string;
}

const NEWEST = "6.3.9600.19456";

const server = (id: GuestReport["os"]["id"], name: string, version: string, build: number) => ({
  id,
  name,
  version,
  build,
  revision: 16_384 + build,
  servicePack: 0,
});

const KINDS: readonly Kind[] = [
  {
    os: { ...server("ws2008r2", "Windows Server 2008 R2 Standard", "6.1", 7601), servicePack: 1 },
    versions: ["6.3.9600.16384", "6.3.9600.18692", "6.1.7601.17514"],
    status: "outdated",
    action: "stage-cab",
    mechanism: "integration-services-disk",
    reason: `the version is older than ${NEWEST}, the newest known (KB4072650)`,
  },
  {
    os: server("ws2012r2", "Windows Server 2012 R2 Datacenter", "6.3", 9600),
    versions: [NEWEST],
    status: "current",
    action: "none",
    mechanism: "windows-update",
    reason: `the version is not older than ${NEWEST}, the newest known (KB4072650)`,
  },
  {
    os: server("ws2019", "Windows Server 2019 Standard", "10.0", 17_763),
    versions: ["10.0.17763.1", "10.0.17763.2686"],
    status: "current",
    action: "none",
    mechanism: "windows-update",
    reason: "integration services are part of the operating system's updates, and as new as its build",
  },
  {
    os: server("ws2012r2", "Windows Server 2012 R2 Standard", "6.3", 9600),
    versions: ["6.3.9600.18692", "6.3.9600.17415"],
    status: "outdated",
    action: "windows-update",
    mechanism: "windows-update",
    reason: `the version is older than ${NEWEST}, the newest known (KB4072650)`,
  },
  {
    os: server("ws2012", "Windows Server 2012 Standard", "6.2", 9200),
    versions: ["6.2.9200.16384", "6.3.9600.17415"],
    status: "outdated",
    action: "windows-update",
    mechanism: "windows-update",
    reason: `the version is older than ${NEWEST}, the newest known (KB4072650)`,
  },
  {
    os: server("ws2003r2", "Windows Server 2003 R2", "5.2", 3790),
    versions: [null],
    status: "missing",
    action: "install-msi",
    mechanism: "integration-services-disk",
    reason: "Windows Server 2003 R2 brings no integration services along, and no version of any was found",
  },
  {
    os: { ...server("linux", "Debian GNU/Linux 12 (bookworm)", "12", 0), family: "linux", servicePack: null },
    versions: [null],
    status: "not-applicable",
    action: "package-manager",
    mechanism: "package-manager",
    reason: "the integration services of Linux are part of its kernel",
  },
  {
    os: server("win10", "Windows 10 Enterprise", "10.0", 19_045),
    versions: ["10.0.19041.1", "10.0.19041.2673"],
    status: "current",
    action: "none",
    mechanism: "windows-update",
    reason: "integration services are part of the operating system's updates, and as new as its build",
  },
  {
    os: { ...server("ws2008", "Windows Server 2008 Enterprise", "6.0", 6002), servicePack: 2 },
    versions: ["6.0.6002.18005"],
    status: "unknown",
    action: "refuse",
    mechanism: "integration-services-disk",
    reason: "the version is 6.0.6002.18005 or newer, from its servicing packages: no driver says which",
  },
];

const ROLES = ["web", "app", "db", "dc", "file", "print", "mail", "build"];
const FOLDERS = ["production/frankfurt", "production/dublin", "staging", "golden"];

const HIVE = "Windows/System32/config/SYSTEM";
const CLASS_KEY = "ControlSet001\\Control\\Class\\{4d36e97d-e325-11ce-bfc1-08002be10318}\\0003";
const DRIVERS = ["drivers/vmbus.sys", "drivers/storvsc.sys", "drivers/netvsc63.sys", "icsvc.dll"];

const DIRTY: FindingReport = {
  code: "NTFS_DIRTY",
  severity: "warning",
  message: "the volume is marked dirty",
  where: "volume 1: $Volume",
};

/** The image at a place of a library; every place has its own, always the same. */
export function libraryImage(index: number): ImageReport {
  const number = String(index + 1).padStart(4, "0");
  const path = `${at(FOLDERS, Math.floor(index / 5))}/${at(ROLES, index)}${number}.vhdx`;
  if (index % 17 === 16) return brokenImage(path);
  if (index % 23 === 22) return image({ path, guests: [] });
  const isDirty = index % 7 === 3;
  return image({
    path,
    role: index % 13 === 12 ? "parent" : "leaf",
    guests: [libraryGuest(index, path)],
    findings: isDirty ? [{ ...DIRTY, where: `${path}: ${DIRTY.where}` }] : [],
  });
}

function libraryGuest(index: number, path: string): GuestReport {
  const kind = at(KINDS, (index * 5 + Math.floor(index / 8)) % 13);
  const version = at(kind.versions, index >> 2);
  const isConsistent = index % 19 !== 5;
  return guest({
    os: { ...kind.os, hostname: `${at(ROLES, index).toUpperCase()}${index + 1}` },
    integrationServices: {
      version,
      source: version === null ? "none" : index % 6 === 0 ? "driver-file" : "computed",
      consistent: isConsistent,
      evidence: version === null ? [] : evidenceOf(version, path),
      services: kind.os.family === "linux" ? [] : SERVICES,
      drivers: kind.os.family === "linux" ? [] : STARTED_DRIVERS,
    },
    windowsUpdate: {
      verdict: "wsus",
      reasons: [
        `the Windows Update service has the start type automatic (${HIVE}: ControlSet001\\Services\\wuauserv\\Start = 2)`,
        "policy names an update server (Windows/System32/config/SOFTWARE: Policies\\Microsoft\\Windows\\WindowsUpdate\\WUServer = http://wsus.contoso.test:8530)",
      ],
    },
    rule: { mechanism: kind.mechanism, source: "MS2020, Windows Server 2012 R2 hosts" },
    verdict: { status: kind.status, action: kind.action, reasons: [kind.reason] },
  });
}

type IntegrationServices = GuestReport["integrationServices"];

function evidenceOf(version: string, image: string): IntegrationServices["evidence"] {
  const base = { volume: 1, fileOffset: 11_104, image, imageOffset: 21_244_812 };
  const computed = {
    source: "computed" as const,
    value: version,
    where: `volume 1: ${HIVE}: ${CLASS_KEY}\\DriverVersion: cell at 0x2b60: image offset 0x1442b8c`,
    place: { ...base, path: HIVE, key: CLASS_KEY, value: "DriverVersion" },
  };
  const files = DRIVERS.map((driver) => ({
    source: "driver-file" as const,
    value: version,
    where: `volume 1: Windows/System32/${driver}: VS_FIXEDFILEINFO at 0x17080: image offset 0x1403080`,
    place: { ...base, path: `Windows/System32/${driver}`, key: null, value: null },
  }));
  return [computed, ...files];
}

const service = (
  name: string,
  displayName: string,
  start: IntegrationServices["services"][number]["start"],
) => ({
  name,
  displayName,
  present: start !== null,
  start,
});

const SERVICES: IntegrationServices["services"] = [
  service("vmicheartbeat", "Hyper-V Heartbeat Service", "demand"),
  service("vmickvpexchange", "Hyper-V Data Exchange Service", "automatic"),
  service("vmicshutdown", "Hyper-V Guest Shutdown Service", "demand"),
  service("vmictimesync", "Hyper-V Time Synchronization Service", "demand"),
  service("vmicvss", "Hyper-V Volume Shadow Copy Requestor", "demand"),
  service("vmicrdv", "Hyper-V Remote Desktop Virtualization Service", "disabled"),
  service("vmicguestinterface", "Hyper-V Guest Service Interface", "demand"),
  service("vmicvmsession", "Hyper-V PowerShell Direct Service", null),
];

const STARTED_DRIVERS: IntegrationServices["drivers"] = [
  service("vmbus", "Virtual Machine Bus", "boot"),
  service("storvsc", "Microsoft Hyper-V Storage Controller", "boot"),
  service("netvsc63", "Microsoft Hyper-V Network Adapter", "demand"),
  service("VMBusHID", "Microsoft Hyper-V Input", "demand"),
  service("HyperVideo", "Microsoft Hyper-V Video", "demand"),
  service("dmvsc", "Microsoft Hyper-V Dynamic Memory", "demand"),
];

/** A report of a whole library; its images are made anew each time it is gone through. */
export function libraryReport(imageCount: number): StreamedReport {
  const { summary, ...head } = report(
    ...Array.from({ length: imageCount }, (_, index) => libraryImage(index)),
  );
  return {
    ...head,
    timestamp: "2026-03-01T08:30:00.000Z",
    images: {
      *[Symbol.iterator]() {
        for (let index = 0; index < imageCount; index++) yield libraryImage(index);
      },
    },
    summary,
  };
}

function at<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}
