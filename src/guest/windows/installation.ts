// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, locate, VmguestError } from "../../errors.ts";
import type { FileNode, FileSystem } from "../../fs/index.ts";
import type { ByteSource } from "../../io/index.ts";
import { type ControlSet, currentControlSet, Hive } from "../../registry/index.ts";

/** A Windows on a volume, its hives opened: what facts are read from, and edits planned on. */
export interface WindowsInstallation {
  readonly fs: FileSystem;
  /** Folder of Windows as the volume spells it: `Windows`, `WINNT`. */
  readonly systemRoot: string;
  readonly software: Hive;
  /** File of the hive on the volume: `Windows/System32/config/SOFTWARE`. */
  readonly softwarePath: string;
  readonly system: Hive;
  readonly systemPath: string;
  /** The control set that Windows would start with: `ControlSet001`. */
  readonly controlSet: string;
  /** What opening it could go around, with the path of the hive. */
  readonly findings: readonly Finding[];
}

/** Where Windows may be on a volume, before any hive is opened. */
export interface SystemRoots {
  readonly roots: readonly string[];
  /** What was left behind by an upgrade, or could not be looked into. */
  readonly findings: readonly Finding[];
}

/** Folders that setup makes for Windows; in one of these, a missing hive is damage and not just another folder. */
const USUAL_ROOTS = ["Windows", "WINNT"];

/** Folders in the root of every Windows volume, which never hold a Windows themselves. */
const OTHER_FOLDERS: ReadonlySet<string> = new Set([
  "$extend",
  "$recycle.bin",
  "boot",
  "config.msi",
  "documents and settings",
  "msocache",
  "perflogs",
  "program files",
  "program files (x86)",
  "programdata",
  "recovery",
  "recycler",
  "system volume information",
  "users",
]);

/** Folders of the root that are looked into; a system volume has a few, a data volume may have thousands. */
const FOLDER_COUNT_MAX = 32;

/** Entries of the root that are listed at all: about 25 index blocks. */
const ENTRY_COUNT_MAX = 1024;

const CONFIG = "System32/config";

/**
 * Every folder of the root directory that holds a Windows: the usual names first, then the others.
 *
 * `Windows.old`, which an upgrade leaves, is a finding and no root: it holds a Windows that is not started any more.
 * Throws what the file system throws where a usual folder or the root directory cannot be read.
 */
export function findSystemRoots(fs: FileSystem): SystemRoots {
  const roots: string[] = [];
  const findings: Finding[] = [];
  for (const name of USUAL_ROOTS) {
    const root = fs.find(name);
    if (root !== undefined && fs.find(`${name}/${CONFIG}`)?.isDirectory === true) roots.push(root.path);
  }
  for (const name of otherFolders(fs)) {
    if (/^windows\.old/i.test(name)) {
      reportPreviousWindows(fs, name, findings);
    } else if (HIVES.every((hive) => exists(fs, `${name}/${CONFIG}/${hive}`, findings))) {
      roots.push(name);
    }
  }
  return { roots, findings };
}

/** Every Windows in the root directory of a volume, opened; throws at the first one that cannot be. */
export function findWindows(fs: FileSystem): WindowsInstallation[] {
  const { roots, findings } = findSystemRoots(fs);
  return roots.map((root, index) => {
    const windows = openWindows(fs, root);
    return index === 0 ? { ...windows, findings: [...windows.findings, ...findings] } : windows;
  });
}

/**
 * Opens the Windows in the folder `systemRoot`.
 *
 * Throws HIVE_MISSING where it lacks SYSTEM or SOFTWARE, and what file system and registry throw where one cannot be
 * opened.
 */
export function openWindows(fs: FileSystem, systemRoot: string): WindowsInstallation {
  const system = openHive(fs, systemRoot, "SYSTEM");
  const software = openHive(fs, systemRoot, "SOFTWARE");
  const { name, isGuessed } = findControlSet(system);
  const findings = [...system.findings, ...software.findings];
  if (isGuessed) {
    const message = `the control set that Windows starts with is not named; ${name} was read`;
    findings.push(finding("CONTROL_SET_GUESSED", message, { path: `${system.path}: Select\\Current` }));
  }
  return {
    fs,
    systemRoot: fs.require(systemRoot).path,
    software: software.hive,
    softwarePath: software.path,
    system: system.hive,
    systemPath: system.path,
    controlSet: name,
    findings,
  };
}

/** The hives that facts are read from. */
const HIVES = ["SYSTEM", "SOFTWARE"] as const;

/** A hive of a guest with its transaction logs applied. */
export interface OpenedHive {
  readonly hive: Hive;
  /** Its file on the volume. */
  readonly path: string;
  readonly findings: readonly Finding[];
}

/** Opens a hive in `System32/config` by the name of its file: `SAM`. Throws HIVE_MISSING where there is none. */
export function openHive(fs: FileSystem, systemRoot: string, name: string): OpenedHive {
  const wanted = `${systemRoot}/${CONFIG}/${name}`;
  const file = fs.find(wanted);
  if (file === undefined) {
    throw new VmguestError("HIVE_MISSING", `Windows in ${systemRoot} has no registry hive ${name}`, {
      path: wanted,
    });
  }
  return locate({ path: file.path }, () => {
    const findings: Finding[] = [];
    const hive = openClean(file) ?? Hive.open(file.open(), { logs: openHiveLogs(fs, file.path, findings) });
    findings.push(
      ...hive.findings.map((found) => ({ ...found, where: { path: file.path, ...found.where } })),
    );
    return { hive, path: file.path, findings };
  });
}

/** A hive that was written completely needs no logs, and they are not even looked for. */
function openClean(file: FileNode): Hive | undefined {
  try {
    const hive = Hive.open(file.open());
    return hive.recovery === "clean" ? hive : undefined;
  } catch (error) {
    // A log may hold the part that is damaged; opening the hive with its logs says what is wrong.
    if (error instanceof VmguestError) return undefined;
    throw error;
  }
}

function findControlSet({ hive, path }: OpenedHive): ControlSet {
  try {
    return currentControlSet(hive);
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    const { code, message, where } = error;
    const full = `Windows has no control set to start with: ${message} [${code}]`;
    throw new VmguestError("GUEST_UNREADABLE", full, { path, ...where }, { cause: error });
  }
}

/**
 * The transaction logs beside a hive: LOG1 and LOG2 since Windows Vista, which leaves an unused LOG there as well, and
 * LOG before. A log that the volume does not give is a finding; that the host cannot read the image is thrown.
 */
export function openHiveLogs(fs: FileSystem, hivePath: string, findings: Finding[]): ByteSource[] {
  const logs: ByteSource[] = [];
  for (const ending of ["LOG1", "LOG2", "LOG"]) {
    if (ending === "LOG" && logs.length > 0) break;
    const path = `${hivePath}.${ending}`;
    try {
      const log = fs.find(path)?.open();
      if (log !== undefined) logs.push(log);
    } catch (error) {
      if (!(error instanceof VmguestError) || error.kind === "io") throw error;
      const message = `the transaction log could not be read (${error.code}: ${error.message})`;
      findings.push(finding("REGF_LOG", message, { path }));
    }
  }
  return logs;
}

function otherFolders(fs: FileSystem): string[] {
  const skipped = new Set([...OTHER_FOLDERS, ...USUAL_ROOTS.map((name) => name.toLowerCase())]);
  const folders: string[] = [];
  let entryCount = 0;
  for (const { name, isDirectory } of fs.root.list()) {
    if (++entryCount > ENTRY_COUNT_MAX || folders.length === FOLDER_COUNT_MAX) break;
    if (isDirectory && !skipped.has(name.toLowerCase())) folders.push(name);
  }
  return folders;
}

function reportPreviousWindows(fs: FileSystem, name: string, findings: Finding[]): void {
  if (!exists(fs, `${name}/Windows/${CONFIG}/SYSTEM`, findings)) return;
  const message = `${name} keeps the Windows from before an upgrade; it is not started any more and was not audited`;
  findings.push(finding("WINDOWS_PREVIOUS", message, { path: name }));
}

/**
 * True where `path` is known to exist. A folder that is damaged is a finding; one that leads elsewhere (a mount point,
 * a file in the way) is simply no Windows.
 */
function exists(fs: FileSystem, path: string, findings: Finding[]): boolean {
  try {
    return fs.find(path) !== undefined;
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    if (error.kind === "corrupt") findings.push(findingOf(error, { path }));
    return false;
  }
}
