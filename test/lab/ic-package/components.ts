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
  /** Components that this one brings along. */
  readonly dependencies?: readonly string[];
}

const driver = (name: string, update: string, title: string, ...files: string[]): LabComponent => ({
  name: `${name}.inf`,
  update: `Hyper-V-${update}`,
  title,
  files: [`${name}.inf`, ...files],
});

const BOTH: readonly LabComponent[] = [
  driver(
    "wvmbus",
    "vmbus",
    "VMBus",
    "vmbus.sys",
    "winhv.sys",
    "vmbkmcl.sys",
    "vmbuspipe.dll",
    "vmbusres.dll",
    "VmbusCoinstaller.dll",
  ),
  driver("wstorvsc", "storvsc", "storage client", "storvsc.sys"),
  driver("wGenCounter", "gencounter", "generation counter", "vmgencounter.sys"),
  driver("wvpcinull", "vpcinull", "null PCI device"),
  driver("wfcvsc", "fcvsc", "fibre channel client", "fcvsc.sys"),
  driver(
    "wnetvsc",
    "netvsc",
    "network client",
    "netvsc50.sys",
    "netvscres.dll",
    "netvsc60.sys",
    "netvsc63.sys",
    "NetVscCoinstall.dll",
  ),
  driver("wnetvsc_vfpp", "netvsc_vfpp", "network failover protocol"),
  driver("wstorflt", "storflt", "storage filter", "vmstorfl.sys", "vmstorfltres.dll", "VmdCoinstall.dll"),
  driver("ws3cap", "s3cap", "emulated video cap", "vms3cap.sys"),
  driver("wvmbushid", "vmbushid", "input device", "VMBusHID.sys"),
  driver("wvmbusvideo", "vmbusvideo", "video", "VMBusVideoM.sys", "VMBusVideoD.dll", "HyperVideo.sys"),
  driver("wdmvsc", "dmvsc", "dynamic memory client", "dmvsc.sys", "dmvscres.dll"),
  driver("whyperkbd", "SynthKeyboard", "keyboard", "hyperkbd.sys"),
  {
    name: "synth3dvsc.inf",
    update: "synth3dvsc",
    title: "3D video client",
    files: ["synth3dvsc.inf", "Synth3dVsc.sys"],
    isForced: true,
  },
];

const SERVICE_FILES = [
  "icsvc.dll",
  "vmicres.dll",
  "VmApplicationHealthMonitorProxy.dll",
  "vmictimeprovider.dll",
];

const SERVICES = "Microsoft-Hyper-V-Integration-Services";
const REMOTE_DESKTOP = "Microsoft-Hyper-V-Integration-RDV-Core";

/** Which guests a package is for: `6.x` Vista to 7, `6.2` Windows 8 and 8.1, with their servers. */
export type PackageTarget = "6.x" | "6.2";

const COMPONENTS: Readonly<Record<PackageTarget, readonly LabComponent[]>> = {
  "6.x": [
    ...BOTH,
    {
      ...driver("wvmic", "vmic", "services", ...SERVICE_FILES, "IcCoinstall2.dll", "vmrdvcore.dll"),
      isForced: true,
    },
  ],
  "6.2": [
    ...BOTH,
    driver("wvmbusr", "vmbusr", "VMBus root", "vmbusr.sys", "winhvr.sys", "vmbkmclr.sys", "vmbuspiper.dll"),
    driver("wvmic2", "vmic", "services"),
    {
      name: `${SERVICES}-Deployment`,
      update: "Hyper-V-Integration-Services",
      title: "services",
      files: [],
      dependencies: [SERVICES, REMOTE_DESKTOP],
    },
    { name: SERVICES, title: "services", files: SERVICE_FILES },
    { name: REMOTE_DESKTOP, title: "remote desktop", files: ["vmrdvcore.dll"] },
  ],
};

/** The components that Microsoft's package for the target has; the root's VMBus only on x64. */
export function componentsOf(target: PackageTarget, architecture: string): readonly LabComponent[] {
  return COMPONENTS[target].filter(({ name }) => name !== "wvmbusr.inf" || architecture === "amd64");
}

/** A few components of the 6.x package, where a test does not need them all. */
export const FEW_COMPONENTS: readonly LabComponent[] = COMPONENTS["6.x"].filter(({ name }) =>
  ["wvmbus.inf", "wstorvsc.inf", "wvmic.inf"].includes(name),
);
