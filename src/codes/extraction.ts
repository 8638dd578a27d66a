// SPDX-License-Identifier: MIT
import { type CodeEntry, unsafe } from "./entry.ts";

const SKIP_UNSAFE = "Extract the others with --skip-unsafe.";

/** Packages that are opened by name, and what is written of them to the host. */
export const EXTRACTION_CODES = {
  EXTRACT_NAME: unsafe("a name in a package must not become a path of the host", SKIP_UNSAFE),
  EXTRACT_COLLISION: unsafe("two names in a package would become one file of the host", SKIP_UNSAFE),
  EXTRACT_LINK: unsafe(
    "something else than a folder or file stands where one would be written, such as a symbolic link",
    "Extract into an empty folder.",
  ),
  EXTRACT_LIMIT: unsafe(
    "what a package says it holds is more than the limit allows",
    "--limit-total-bytes allows more.",
  ),
} as const satisfies Record<string, CodeEntry>;
