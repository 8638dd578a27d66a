// SPDX-License-Identifier: MIT
import type { Evidence } from "../facts.ts";
import { compareVersions, parseVersion } from "../version.ts";
import type { ComponentStore, ServicingPackage } from "../windows/component-store.ts";
import type { StagingJob } from "./job.ts";

/** What the component store says of the package of a job. */
export interface PackageSign {
  readonly state: "installed" | "pending" | "absent" | "unreadable";
  /** The same for people, with its place. */
  readonly text: string;
}

/** Looks the package of a job up in the component store: itself, or a newer one of its name, which took its place. */
export function readPackageSign(store: ComponentStore, { identity }: StagingJob): PackageSign {
  const family = identity.slice(0, identity.lastIndexOf("~") + 1);
  const packages = store.packages(family);
  const own = packages.find(({ fullName }) => fullName.toLowerCase() === identity.toLowerCase());
  if (own?.isInstalled === true) return signOf("installed", "the package is installed", own);
  if (own?.isSuperseded === true) return signOf("installed", "the package is installed and superseded", own);
  const wanted = identity.slice(family.length);
  const newer = packages.find((one) => one.isInstalled && isNewer(one.version, wanted));
  if (newer !== undefined) return signOf("installed", "a newer package is installed", newer);
  if (own?.isPending === true) return signOf("pending", "the package is installed at the next restart", own);
  if (store.isDamaged || !store.isReadable) {
    return { state: "unreadable", text: `the list of packages cannot be read (${store.where})` };
  }
  if (own !== undefined) return signOf("absent", "the package is not installed", own);
  return { state: "absent", text: `the package ${identity} is not known (${store.where})` };
}

function signOf(state: PackageSign["state"], sentence: string, found: ServicingPackage): PackageSign {
  const number = found.state === undefined ? "no state" : `state 0x${found.state.toString(16)}`;
  return { state, text: `${sentence}: ${number} (${found.where})` };
}

function isNewer(text: string, than: string): boolean {
  const [version, base] = [parseVersion(text), parseVersion(than)];
  return version !== undefined && base !== undefined && compareVersions(version, base) > 0;
}

/** How the driver files stand to the version that a job brings; `unknown` where none has a version. */
export type DriverSign = "current" | "older" | "unknown";

/** Compares the oldest of the driver files, since a set is as new as its oldest part. */
export function readDriverSign(evidence: readonly Evidence[], version: string): DriverSign {
  const wanted = parseVersion(version);
  const found = evidence
    .filter(({ source }) => source === "driver-file")
    .map(({ value }) => parseVersion(value))
    .filter((one) => one !== undefined);
  if (wanted === undefined || found.length === 0) return "unknown";
  return found.every((one) => compareVersions(one, wanted) >= 0) ? "current" : "older";
}
