// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, unsupported } from "./entry.ts";

const DOWNLOAD_AGAIN = "Get the package again from its source.";

/** Package and component manifests, and MSI databases. */
export const MANIFEST_CODES = {
  XML_ENCODING: unsupported("an XML file is neither UTF-8 nor UTF-16, or says so but is not"),
  XML_MALFORMED: corrupt("an XML file is not well-formed", DOWNLOAD_AGAIN),
  XML_DECLARATIONS: corrupt(
    "an XML file declares a document type, which manifests never do and which could make it expand without end",
  ),
  MANIFEST_COMPRESSED: unsupported(
    "a manifest is stored as a difference from another, as in a WinSxS folder, and only Windows can restore it",
    "Take the package from its download, where manifests are stored as they are.",
  ),
  MANIFEST_NOT: corrupt("an XML file is not a manifest of the kind that was expected"),
  MANIFEST_IDENTITY: corrupt("an assembly identity in a manifest is missing or incomplete", DOWNLOAD_AGAIN),
  MANIFEST_DIGEST: corrupt(
    "a digest in a component manifest is not one of the algorithm it names",
    DOWNLOAD_AGAIN,
  ),
  MSU_PROPERTIES: corrupt("the file of properties inside an MSU has a line that is no property"),
} as const satisfies Record<string, CodeEntry>;
