/** Which guests a package is for: `6.x` Vista to 7, `6.2` Windows 8 and 8.1, with their servers. */
export type PackageTarget = "6.x" | "6.2";

/** A component of a package: a driver with its INF, or files that go to System32. */
export interface LabComponent {
  /** As in the component's identity: `wvmbus.inf`. */
  readonly name: string;
  /** Name of the update that installs it, where it is not installed by another component. */
  readonly update?: string;
  readonly title: string;
  /** Names as the manifest has them; members of the cabinet are in lower case. An INF is text, anything else an image. */
  readonly files: readonly string[];
  /** Installed even where the guest has a better ranked driver. */
  readonly isForced?: boolean;
  /** Whether its device is installed before the guest starts again. */
  readonly requiresDevice?: boolean;
  /** Components that this one brings along. */
  readonly dependencies?: readonly string[];
}

/** A component, and which of Microsoft's packages have it. */
interface Row extends LabComponent {
  readonly only?: PackageTarget;
  readonly onlyOn?: "amd64";
  readonly forcedIn?: readonly PackageTarget[];
}

const SERVICE_FILES = [
  "icsvc.dll",
  "vmicres.dll",
  "VmApplicationHealthMonitorProxy.dll",
  "vmictimeprovider.dll",
];
const SERVICES = "Microsoft-Hyper-V-Integration-Services";
const REMOTE_DESKTOP = "Microsoft-Hyper-V-Integration-RDV-Core";

const driver = (
  inf: string,
  update: string,
  title: string,
  files: readonly string[],
  rest: Partial<Row> = {},
): Row => ({ name: inf.toLowerCase(), update, title, files: [inf, ...files], ...rest });

/** In the order of the updates. */
const COMPONENTS: readonly Row[] = [
  driver("wvmbus.inf", "Hyper-V-vmbus", "VMBus", [
    "vmbus.sys",
    "winhv.sys",
    "vmbkmcl.sys",
    "vmbuspipe.dll",
    "vmbusres.dll",
    "VmbusCoinstaller.dll",
  ]),
  driver(
    "wvmbusr.inf",
    "Hyper-V-vmbusr",
    "VMBus root",
    ["vmbusr.sys", "winhvr.sys", "vmbkmclr.sys", "vmbuspiper.dll", "vmbusres.dll"],
    { only: "6.2", onlyOn: "amd64" },
  ),
  driver("wstorvsc.inf", "Hyper-V-storvsc", "storage client", ["storvsc.sys"]),
  driver("wGenCounter.inf", "Hyper-V-gencounter", "generation counter", ["vmgencounter.sys"]),
  driver("wvpcinull.inf", "Hyper-V-vpcinull", "null PCI device", []),
  driver("wfcvsc.inf", "Hyper-V-fcvsc", "fibre channel client", ["fcvsc.sys"]),
  driver(
    "wnetvsc.inf",
    "Hyper-V-netvsc",
    "network client",
    ["netvsc50.sys", "netvscres.dll", "netvsc60.sys", "netvsc63.sys", "NetVscCoinstall.dll"],
    { forcedIn: ["6.2"] },
  ),
  driver("wnetvsc_vfpp.inf", "Hyper-V-netvsc_vfpp", "network failover protocol", [], { forcedIn: ["6.2"] }),
  driver("wstorflt.inf", "Hyper-V-storflt", "storage filter", [
    "vmstorfl.sys",
    "vmstorfltres.dll",
    "VmdCoinstall.dll",
  ]),
  driver("ws3cap.inf", "Hyper-V-s3cap", "emulated video cap", ["vms3cap.sys"]),
  driver("wvmbushid.inf", "Hyper-V-vmbushid", "input device", ["VMBusHID.sys"]),
  driver("wvmbusvideo.inf", "Hyper-V-vmbusvideo", "video", [
    "VMBusVideoM.sys",
    "VMBusVideoD.dll",
    "HyperVideo.sys",
  ]),
  driver("wvmic.inf", "Hyper-V-vmic", "services", [...SERVICE_FILES, "IcCoinstall2.dll", "vmrdvcore.dll"], {
    only: "6.x",
    forcedIn: ["6.x"],
  }),
  driver("wvmic2.inf", "Hyper-V-vmic", "services", [], { only: "6.2", forcedIn: ["6.2"] }),
  driver("wdmvsc.inf", "Hyper-V-dmvsc", "dynamic memory client", ["dmvsc.sys", "dmvscres.dll"]),
  driver("whyperkbd.inf", "Hyper-V-SynthKeyboard", "keyboard", ["hyperkbd.sys"]),
  {
    name: `${SERVICES}-Deployment`,
    update: "Hyper-V-Integration-Services",
    title: "services",
    files: [],
    dependencies: [SERVICES, REMOTE_DESKTOP],
    only: "6.2",
  },
  { name: SERVICES, title: "services", files: SERVICE_FILES, only: "6.2" },
  { name: REMOTE_DESKTOP, title: "remote desktop", files: ["vmrdvcore.dll"], only: "6.2" },
  driver("synth3dvsc.inf", "synth3dvsc", "3D video client", ["Synth3dVsc.sys"], { forcedIn: ["6.x", "6.2"] }),
];

/** The components that Microsoft's package for the target has. */
export function componentsOf(target: PackageTarget, architecture: string): readonly LabComponent[] {
  return COMPONENTS.filter(
    ({ only = target, onlyOn = architecture }) => only === target && onlyOn === architecture,
  ).map((row) => ({
    ...row,
    isForced: row.forcedIn?.includes(target) ?? false,
    requiresDevice: target === "6.x" && row.files.length > 1,
  }));
}

/** A few components of the 6.x package, where a test does not need them all. */
export const FEW_COMPONENTS: readonly LabComponent[] = componentsOf("6.x", "amd64").filter(({ name }) =>
  ["wvmbus.inf", "wstorvsc.inf", "wvmic.inf"].includes(name),
);
