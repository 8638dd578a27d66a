// SPDX-License-Identifier: MIT
import { HOST_IDS, type HostId, type Mechanism } from "../../policy/index.ts";
import type {
  ContainerReport,
  ErrorReport,
  FindingReport,
  GuestReport,
  ImageReport,
  StagingReport,
  VolumeReport,
} from "../report.ts";
import {
  count,
  flag,
  listOf,
  matching,
  nullOr,
  objectOf,
  type Shape,
  text,
  whole,
  wordOf,
} from "./shapes.ts";

// What docs/schema/audit-1.schema.json says of an image, in the order in which an audit writes it; a test holds the two
// against each other.

const severity = wordOf<FindingReport["severity"]>({ info: true, warning: true, error: true });

/** A host, by the id that reports have of it. */
export const hostId = wordOf<HostId>(
  Object.fromEntries(HOST_IDS.map((id) => [id, true])) as Record<HostId, true>,
);

const mechanism = wordOf<Mechanism>({
  "windows-update": true,
  "integration-services-disk": true,
  "package-manager": true,
  none: true,
});

const container = objectOf<ContainerReport>({
  format: wordOf<ContainerReport["format"]>({ vhdx: true, vhd: true, raw: true }),
  kind: wordOf<ContainerReport["kind"]>({ fixed: true, dynamic: true, differencing: true }),
  virtualSize: count,
  logicalSectorSize: (value) => (value === 4096 ? 4096 : whole(512, 512)(value)),
  logState: wordOf<ContainerReport["logState"]>({ clean: true, replayed: true }),
  chain: listOf(text, 1),
  dataWriteGuid: nullOr(text),
});

const volume = objectOf<VolumeReport>({
  index: count,
  offset: count,
  size: count,
  fileSystem: wordOf<VolumeReport["fileSystem"]>({
    ntfs: true,
    fat: true,
    exfat: true,
    bitlocker: true,
    refs: true,
    ldm: true,
    "storage-spaces": true,
    ext: true,
    xfs: true,
    btrfs: true,
    lvm: true,
    luks: true,
    swap: true,
    ufs: true,
    reserved: true,
    unknown: true,
  }),
  role: wordOf<VolumeReport["role"]>({ esp: true, msr: true, recovery: true, data: true, unknown: true }),
  state: listOf(
    wordOf<VolumeReport["state"][number]>({
      dirty: true,
      chkdsk: true,
      flags: true,
      "log-unclean": true,
      "log-v2": true,
      "log-unreadable": true,
      hibernated: true,
      "hiberfile-unknown": true,
      unreadable: true,
    }),
  ),
});

type Os = GuestReport["os"];

const os = objectOf<Os>({
  id: wordOf<Os["id"]>({
    xp: true,
    vista: true,
    win7: true,
    win8: true,
    "win8.1": true,
    win10: true,
    win11: true,
    ws2003: true,
    ws2003r2: true,
    ws2008: true,
    ws2008r2: true,
    ws2012: true,
    ws2012r2: true,
    ws2016: true,
    ws2019: true,
    ws2022: true,
    ws2025: true,
    "ws-sac": true,
    whs2011: true,
    sbs2011: true,
    linux: true,
    freebsd: true,
    unknown: true,
  }),
  family: wordOf<Os["family"]>({ windows: true, linux: true, freebsd: true }),
  name: nullOr(text),
  version: nullOr(text),
  build: nullOr(count),
  revision: nullOr(count),
  edition: nullOr(text),
  installationType: nullOr(text),
  servicePack: nullOr(count),
  architecture: wordOf<Os["architecture"]>({ x86: true, x64: true, arm64: true, ia64: true, unknown: true }),
  hostname: nullOr(text),
});

type Services = GuestReport["integrationServices"];
type Service = Services["services"][number];
type Evidence = Services["evidence"][number];

const service = objectOf<Service>({
  name: text,
  displayName: text,
  present: flag,
  start: nullOr(
    wordOf<NonNullable<Service["start"]>>({
      boot: true,
      system: true,
      automatic: true,
      demand: true,
      disabled: true,
      unknown: true,
    }),
  ),
});

const EVIDENCE_SOURCES: Readonly<Record<Evidence["source"], true>> = {
  recorded: true,
  computed: true,
  "driver-file": true,
  package: true,
};

const evidence = objectOf<Evidence>({
  source: wordOf<Evidence["source"]>(EVIDENCE_SOURCES),
  where: text,
  value: text,
  place: objectOf<Evidence["place"]>({
    volume: count,
    path: text,
    key: nullOr(text),
    value: nullOr(text),
    fileOffset: nullOr(count),
    image: nullOr(text),
    imageOffset: nullOr(count),
  }),
});

const integrationServices = objectOf<Services>({
  version: nullOr(matching(/^[0-9]+(\.[0-9]+)*$/, "a version")),
  source: wordOf<Services["source"]>({ ...EVIDENCE_SOURCES, none: true }),
  consistent: flag,
  evidence: listOf(evidence),
  services: listOf(service),
  drivers: listOf(service),
  dataExchange: wordOf<Services["dataExchange"]>({
    enabled: true,
    disabled: true,
    absent: true,
    unknown: true,
  }),
});

const rule = objectOf<GuestReport["rule"]>({
  host: hostId,
  guest: text,
  mechanism,
  alternative: nullOr(mechanism),
  requiresDataExchange: flag,
  note: text,
  source: text,
  extrapolated: flag,
});

type Verdict = GuestReport["verdict"];
type Chosen = NonNullable<Verdict["offered"]>;
type PassedOver = Verdict["passedOver"][number];

const verdict = objectOf<Verdict>({
  status: wordOf<Verdict["status"]>({
    current: true,
    outdated: true,
    missing: true,
    unknown: true,
    "not-applicable": true,
  }),
  action: wordOf<Verdict["action"]>({
    none: true,
    "windows-update": true,
    "stage-cab": true,
    "install-msi": true,
    "package-manager": true,
    refuse: true,
  }),
  package: nullOr(text),
  offered: nullOr(
    objectOf<Chosen>({
      place: listOf(text, 1),
      name: text,
      kind: wordOf<Chosen["kind"]>({ cab: true, msi: true }),
      version: text,
      digestAlgorithms: listOf(text),
    }),
  ),
  passedOver: listOf(
    objectOf<PassedOver>({
      place: listOf(text, 1),
      because: wordOf<PassedOver["because"]>({
        sort: true,
        guest: true,
        system: true,
        architecture: true,
        parent: true,
        version: true,
        signature: true,
        sha2: true,
        "not-newer": true,
        rank: true,
      }),
      reason: text,
    }),
  ),
  reasons: listOf(text, 1),
});

type Job = NonNullable<StagingReport["job"]>;

const staging = objectOf<StagingReport>({
  state: wordOf<StagingReport["state"]>({
    none: true,
    staged: true,
    "staged-broken": true,
    interrupted: true,
    deferred: true,
    "pending-reboot": true,
    installed: true,
    failed: true,
    "not-applicable": true,
  }),
  detail: text,
  job: nullOr(
    objectOf<Job>({
      id: matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "a GUID"),
      version: matching(/^[0-9]+(\.[0-9]+){3}$/, "a version of four numbers"),
      packageName: text,
      sha256: matching(/^[0-9a-f]{64}$/, "64 hexadecimal digits"),
      trigger: wordOf<Job["trigger"]>({
        "setup-mode": true,
        "setup-complete": true,
        "group-policy": true,
        "run-once": true,
        "stage-only": true,
      }),
      attempts: count,
      maxAttempts: whole(1),
    }),
  ),
  exitCode: nullOr(whole(-(2 ** 31), 2 ** 31 - 1)),
  evidence: listOf(text),
});

type WindowsUpdate = GuestReport["windowsUpdate"];

const guest = objectOf<GuestReport>({
  volume,
  systemRoot: nullOr(text),
  os,
  setupState: wordOf<GuestReport["setupState"]>({
    specialized: true,
    generalized: true,
    audit: true,
    undeployable: true,
    unknown: true,
  }),
  integrationServices,
  windowsUpdate: objectOf<WindowsUpdate>({
    verdict: wordOf<WindowsUpdate["verdict"]>({
      "windows-update": true,
      wsus: true,
      disabled: true,
      unknown: true,
    }),
    reasons: listOf(text),
  }),
  pendingServicing: listOf(text),
  sha2: wordOf<GuestReport["sha2"]>({ supported: true, missing: true, unknown: true, "not-needed": true }),
  rule,
  verdict,
  staging,
});

/** One image of a report, whole. */
export const imageShape: Shape<ImageReport> = objectOf<ImageReport>({
  path: text,
  role: wordOf<ImageReport["role"]>({ leaf: true, parent: true }),
  container: nullOr(container),
  partitionTable: nullOr(
    wordOf<NonNullable<ImageReport["partitionTable"]>>({ gpt: true, mbr: true, none: true }),
  ),
  volumes: listOf(volume),
  guests: listOf(guest),
  findings: listOf(objectOf<FindingReport>({ code: text, severity, message: text, where: text })),
  error: nullOr(
    objectOf<ErrorReport>({
      code: text,
      kind: wordOf<ErrorReport["kind"]>({
        usage: true,
        io: true,
        corrupt: true,
        unsupported: true,
        unsafe: true,
      }),
      message: text,
      where: text,
      hint: nullOr(text),
    }),
  ),
});
