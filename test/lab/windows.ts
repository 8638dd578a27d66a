import { type FakeContent, FakeFileSystem } from "./fake-file-system.ts";
import { buildHive, type HiveTree, type HiveValue } from "./hive.ts";
import { buildPe } from "./pe.ts";
import { RELEASES, type Release, type ReleaseName } from "./windows/releases.ts";
import { softwareTree, systemTree } from "./windows/trees.ts";

export { RELEASES, type Release, type ReleaseName } from "./windows/releases.ts";

/** Changes to a tree: keys and values to add or replace; null removes. */
export interface TreeChange {
  readonly [name: string]: TreeChange | HiveValue | null;
}

export interface WindowsOptions {
  readonly release: ReleaseName;
  /** Version of the driver files; null for none. That of the release unless told. */
  readonly drivers?: string | null;
  /** Files below the folder of Windows to add, replace or (null) leave out: `System32/drivers/vmbus.sys`. */
  readonly files?: Readonly<Record<string, FakeContent | null>>;
  /** Driver version of each device by hardware id; the same as the files unless told, none where it is empty. */
  readonly devices?: Readonly<Record<string, string>>;
  readonly software?: TreeChange;
  readonly system?: TreeChange;
  /** What to put below the current control set. */
  readonly control?: TreeChange;
  /** Folder of Windows; `Windows` unless told. */
  readonly root?: string;
}

/** Devices that a guest has on its VMBus, by hardware id. */
export const DEVICES = {
  bus: "ACPI\\VMBus",
  storage: "VMBUS\\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}",
  network: "VMBUS\\{f8615163-df3e-46c5-913f-f2d2f965ed0e}",
  heartbeat: "VMBUS\\{57164f39-9115-4e78-ab55-382f3bd5422d}",
} as const;

/** The files of one Windows, to be put into a file system. */
export function windowsFiles(options: WindowsOptions): Record<string, FakeContent> {
  const release: Release = RELEASES[options.release];
  const drivers = options.drivers === undefined ? release.drivers : options.drivers;
  const devices = options.devices ?? devicesOf(drivers);
  const root = options.root ?? "Windows";
  const system = mergeTrees(systemTree(release, devices), {
    ...options.system,
    ...(options.control && { ControlSet001: options.control }),
  });
  const files: Record<string, FakeContent | null> = {
    "System32/config/SYSTEM": buildHive(system),
    "System32/config/SOFTWARE": buildHive(mergeTrees(softwareTree(release), options.software ?? {})),
    ...(drivers === null ? {} : driverFiles(release, drivers)),
    ...options.files,
  };
  const there = Object.entries(files).filter((entry): entry is [string, FakeContent] => entry[1] !== null);
  return Object.fromEntries(there.map(([path, content]) => [`${root}/${path}`, content]));
}

/** A volume with one Windows on it. */
export function buildWindows(
  options: WindowsOptions,
  more: Record<string, FakeContent> = {},
): FakeFileSystem {
  return new FakeFileSystem({ ...windowsFiles(options), ...more });
}

/** A driver or library with a version. */
export const driverFile = (version: string): Uint8Array => buildPe({ fileVersion: version });

function devicesOf(version: string | null): Record<string, string> {
  if (version === null) return {};
  return Object.fromEntries(Object.values(DEVICES).map((hardwareId) => [hardwareId, version]));
}

function driverFiles(release: Release, version: string): Record<string, Uint8Array> {
  const service = version.startsWith("6.0.") || version.startsWith("6.1.") ? "vmicsvc.exe" : "icsvc.dll";
  const names = ["drivers/vmbus.sys", "drivers/storvsc.sys", `drivers/${release.network}`, service];
  return Object.fromEntries(names.map((name) => [`System32/${name}`, driverFile(version)]));
}

/** `base` with `change` put over it, key by key. */
export function mergeTrees(base: HiveTree, change: TreeChange): HiveTree {
  const merged: Record<string, HiveTree | HiveValue> = { ...base };
  for (const [name, content] of Object.entries(change)) {
    const known = Object.keys(merged).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
    const old = merged[known];
    if (content === null) delete merged[known];
    else if (isTree(content)) merged[known] = mergeTrees(isTree(old) ? (old as HiveTree) : {}, content);
    else merged[known] = content;
  }
  return merged;
}

function isTree(content: TreeChange | HiveTree | HiveValue | undefined): content is TreeChange {
  return typeof content === "object" && Object.getPrototypeOf(content) === Object.prototype;
}
