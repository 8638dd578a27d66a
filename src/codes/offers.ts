// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, notice, unsupported } from "./entry.ts";

/** Packages that are offered to guests. */
export const OFFER_CODES = {
  PACKAGE_UNKNOWN: unsupported(
    "a file is none of the packages that vmguest reads: cabinet, MSU, MSI, disc image",
    "Name a CAB, MSU, MSI or ISO, a self-extractor with cabinets in it, or a folder with them.",
  ),
  OFFER_NONE: damaged(
    "nothing of what a file holds is a package",
    "Offer Microsoft's CAB, MSU or MSI, vmguest.iso, or a folder with them.",
  ),
  OFFER_LIMIT: unsupported(
    "packages in a file are too large, too many or nested too deep to be looked at",
    "Unpack the file, and offer the package itself.",
  ),
  PACKAGE_MEMBER_CHANGED: corrupt(
    "a file of a package is not the one that its catalog or manifest lists",
    "Get the package again from Microsoft's media or download.",
  ),
  PACKAGE_DELTAS: notice(
    "a package stores files as differences from each other, so that only what is listed as it is stored was verified",
  ),
  PACKAGE_FILE_MISSING: corrupt("a file that a manifest of a package names is not in the package"),
  PACKAGE_FILE_UNNAMED: notice("a file of a package is named by no manifest, so that nothing installs it"),
} as const satisfies Record<string, CodeEntry>;
