// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt } from "./entry.ts";

const DOWNLOAD_AGAIN = "Take the package from Microsoft's media or download again.";

/** Signatures, certificates and catalogs. */
export const SIGNATURE_CODES = {
  SIGNATURE_MALFORMED: corrupt(
    "a signature, certificate or catalog is not as its format says",
    DOWNLOAD_AGAIN,
  ),
  CATALOG_NOT: corrupt("the file is no catalog of Windows", DOWNLOAD_AGAIN),
} as const satisfies Record<string, CodeEntry>;
