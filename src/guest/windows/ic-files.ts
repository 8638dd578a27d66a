// SPDX-License-Identifier: MIT
import { finding, VmguestError } from "../../errors.ts";
import { readPeVersion } from "../../package/pe/index.ts";
import { isZeroVersion, parseVersion } from "../version.ts";
import type { FindingLog } from "./finding-log.ts";
import type { GuestReader } from "./guest-reader.ts";
import type { VersionFound } from "./ic-evidence.ts";

export interface DriverFiles {
  readonly found: readonly VersionFound[];
  /** Files that exist, but whose version cannot be told. */
  readonly unreadableCount: number;
}

/**
 * The versions of the files that make up the integration services: bus, storage, network, services.
 *
 * One file of each: an older one of another name may be left beside the one in use (`vmicsvc.exe` where `icsvc.dll`
 * took its place, `netvsc60.sys` where Windows loads `netvsc63.sys`).
 */
export function readDriverFiles(guest: GuestReader, version: string | null, log: FindingLog): DriverFiles {
  const found: VersionFound[] = [];
  let unreadableCount = 0;
  for (const names of candidates(version)) {
    for (const name of names) {
      const outcome = readFile(guest, name, log);
      if (outcome === "absent") continue;
      if (outcome === "unreadable") unreadableCount++;
      else found.push(outcome);
      break;
    }
  }
  return { found, unreadableCount };
}

/** The network driver's name says which Windows it is for; the newest the guest can load is the one in use. */
function candidates(version: string | null): string[][] {
  const [major = 0, minor = 0] = (version ?? "10.0").split(".").map(Number);
  const network = ["netvsc.sys", "netvsc63.sys", "netvsc60.sys", "netvsc50.sys"];
  const own = major >= 10 ? 0 : major === 5 ? 3 : minor >= 2 ? 1 : 2;
  const services = ["System32/icsvc.dll", "System32/vmicsvc.exe"];
  const drivers = [["vmbus.sys"], ["storvsc.sys"], [...network.slice(own), ...network.slice(0, own)]];
  return [...drivers.map((names) => names.map((name) => `System32/drivers/${name}`)), services];
}

function readFile(guest: GuestReader, name: string, log: FindingLog): VersionFound | "absent" | "unreadable" {
  const path = guest.pathOf(name);
  try {
    const file = guest.findFile(path);
    if (file === undefined) return "absent";
    const source = file.open();
    const { fileVersion, fixedInfo } = readPeVersion(source);
    const version = parseVersion(fileVersion);
    if (version !== undefined && !isZeroVersion(version)) {
      const { offset, sizeBytes } = fixedInfo;
      const origin = source.originOf?.(offset, sizeBytes);
      return {
        where: file.path,
        place: { path: file.path, key: null, value: null, offset, origin },
        version,
      };
    }
    log.add(finding("IC_VERSION_UNREADABLE", `its version is "${fileVersion}"`, { path: file.path }));
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    // What is damaged may have a path of its own, such as $MFT.
    const message = `the version of ${path} could not be read: ${error.message} [${error.code}]`;
    log.add(finding("IC_VERSION_UNREADABLE", message, { path, ...error.where }));
  }
  return "unreadable";
}
