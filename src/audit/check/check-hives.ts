// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { FileSystem } from "../../fs/index.ts";
import { findSystemRoots, openHiveLogs } from "../../guest/index.ts";
import type { ByteSource } from "../../io/index.ts";

/** A registry hive on a volume, not opened yet. */
export interface HiveFile {
  /** As the volume spells it. */
  readonly path: string;
  /** Opens the hive and the transaction logs beside it, but those that cannot be; throws what the file system throws. */
  readonly open: () => { readonly source: ByteSource; readonly logs: readonly ByteSource[] };
}

/** Hives in `System32/config` of any Windows. */
const CONFIG_HIVES = [
  "SYSTEM",
  "SOFTWARE",
  "SAM",
  "SECURITY",
  "DEFAULT",
  "COMPONENTS",
  "DRIVERS",
  "BBI",
  "ELAM",
];

/** Folders whose folders are profiles of users, and hives in each of those. */
const PROFILE_FOLDERS = ["Users", "Documents and Settings"];
const PROFILE_HIVES = [
  "NTUSER.DAT",
  "AppData/Local/Microsoft/Windows/UsrClass.dat",
  "Local Settings/Application Data/Microsoft/Windows/UsrClass.dat",
];

/** The store of the boot manager, on the volume that a BIOS starts from. */
const BOOT_HIVES = ["Boot/BCD"];

/** Profiles that are looked into; a terminal server has hundreds. */
const PROFILE_COUNT_MAX = 1000;

/**
 * The registry hives of a volume: those of every Windows on it, of its users, and of the boot manager. What cannot be
 * looked into because the file system is damaged is passed over; the check of the file system says so.
 */
export function* findHives(fs: FileSystem): Generator<HiveFile> {
  const roots = orNothing(() => findSystemRoots(fs).roots) ?? [];
  for (const root of roots) {
    for (const name of CONFIG_HIVES) yield* hiveAt(fs, `${root}/System32/config/${name}`);
  }
  for (const folder of PROFILE_FOLDERS) {
    for (const profile of profilesIn(fs, folder)) {
      for (const name of PROFILE_HIVES) yield* hiveAt(fs, `${profile}/${name}`);
    }
  }
  for (const path of BOOT_HIVES) yield* hiveAt(fs, path);
}

function profilesIn(fs: FileSystem, folder: string): string[] {
  const profiles: string[] = [];
  orNothing(() => {
    const node = fs.find(folder);
    // A junction, as `Documents and Settings` has been since Vista, leads to what is looked into anyway.
    if (node?.isDirectory !== true || (node.attributes & REPARSE_POINT) !== 0) return;
    for (const entry of node.list()) {
      if (profiles.length === PROFILE_COUNT_MAX) return;
      if (entry.isDirectory) profiles.push(`${folder}/${entry.name}`);
    }
  });
  return profiles;
}

/** FILE_ATTRIBUTE_REPARSE_POINT. */
const REPARSE_POINT = 0x400;

function* hiveAt(fs: FileSystem, path: string): Generator<HiveFile> {
  const file = orNothing(() => fs.find(path));
  if (file === undefined || file.isDirectory) return;
  yield { path: file.path, open: () => ({ source: file.open(), logs: openHiveLogs(fs, file.path, []) }) };
}

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof VmguestError && error.kind !== "io") return undefined;
    throw error;
  }
}
