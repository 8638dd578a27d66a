// SPDX-License-Identifier: MIT
import { compareVersions, parseVersion } from "../version.ts";
import type { ComponentStore } from "./component-store.ts";
import type { VersionFound } from "./ic-evidence.ts";

/** Packages that Microsoft offers apart from Windows: `...-Package` for NT 6.0 and 6.1, `...-Package-2` after. */
const OFFERED = "Microsoft-Hyper-V-Integration-Services-Package";

/** The part of Windows itself that holds the drivers; its version is that of the release or service pack. */
const IN_BOX = "Microsoft-Hyper-V-Guest-Integration-Drivers-Package";

/** The newest installed package of either sort. */
export interface IntegrationPackages {
  readonly offered: VersionFound | undefined;
  /** A lower bound only: updates replace its files without a new version of it. */
  readonly inBox: VersionFound | undefined;
}

/** What the component store has installed; superseded, staged and pending packages say nothing of the present. */
export function readPackages(store: ComponentStore): IntegrationPackages {
  return { offered: newestInstalled(store, OFFERED), inBox: newestInstalled(store, IN_BOX) };
}

function newestInstalled(store: ComponentStore, prefix: string): VersionFound | undefined {
  const found: VersionFound[] = [];
  for (const { language, isInstalled, version: text, where, place } of store.packages(prefix)) {
    const version = parseVersion(text);
    if (isInstalled && language === "" && version !== undefined) found.push({ where, place, version });
  }
  return found.toSorted((a, b) => compareVersions(b.version, a.version))[0];
}
