// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, damaged, unsupported } from "./entry.ts";

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
  CFB_NOT: corrupt("the file is not a compound file, which every MSI is"),
  CFB_VERSION: unsupported("the compound file has a version or sector size that is not known"),
  CFB_DAMAGED: corrupt("a structure of the compound file is damaged or contradicts another", DOWNLOAD_AGAIN),
  CFB_TRUNCATED: corrupt("the compound file refers to sectors beyond its end", DOWNLOAD_AGAIN),
  CFB_LOOP: corrupt(
    "sectors or directory entries of the compound file lead back to themselves, or are used twice",
  ),
  MSI_NOT: corrupt("the compound file holds no installation database"),
  MSI_POOL: corrupt("the strings of the installation database are damaged", DOWNLOAD_AGAIN),
  MSI_TABLE: corrupt("a table of the installation database is damaged", DOWNLOAD_AGAIN),
  MSI_NO_PROPERTY: corrupt("the installation database states no product version"),
  MSI_CODE_PAGE: damaged(
    "the texts of the installation database are in a code page that is not known: letters beyond ASCII are wrong",
  ),
  MSI_SUMMARY: damaged(
    "the summary of the installation database is missing or damaged, and with it the processor it is for",
  ),
} as const satisfies Record<string, CodeEntry>;
