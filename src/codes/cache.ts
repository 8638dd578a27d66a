// SPDX-License-Identifier: MIT
import { type CodeEntry, usage } from "./entry.ts";

/** The file in which audits of unchanged images are kept. */
export const CACHE_CODES = {
  CACHE_FOREIGN: usage(
    "what is named as the cache is no cache that this version of vmguest keeps, and is left as it is",
    "Name another file; one that does not exist yet is made.",
  ),
  CACHE_NOT_WRITTEN: {
    kind: "io",
    severity: "warning",
    meaning: "audits could not be added to the cache, so that the next run makes them again",
    hint: "Check that you may write to the cache and that there is space; the report itself is complete.",
  },
} as const satisfies Record<string, CodeEntry>;
