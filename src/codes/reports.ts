// SPDX-License-Identifier: MIT
import { type CodeEntry, corrupt, unsupported, usage } from "./entry.ts";

/** Reports that were stored and are read again. */
export const REPORT_CODES = {
  REPORT_INVALID: corrupt(
    "a file is no audit report as this version of vmguest writes them",
    "Name a report that audit wrote with --format json or ndjson; a newer vmguest may read what this one does not know.",
  ),
  REPORT_VERSION: unsupported(
    "a report of vmguest is of another sort, or of a version that this one does not know",
    "Name a report that audit wrote with --format json or ndjson, or use the vmguest that wrote it.",
  ),
  REPORT_CUT: corrupt(
    "a report ends before its end: the audit that wrote it, or the copy of it, did not finish",
    "Run the audit again, or copy the report again.",
  ),
  REPORT_TOO_LARGE: unsupported(
    "one piece of a report, such as all that is said of one image, is larger than vmguest reads",
  ),
  REPORT_SUMMARY: corrupt(
    "the summary of a report is not what its images come to: it was changed after it was written",
    "Run the audit again.",
  ),
  REPORT_SHARD_MISSING: usage("one of the shards that make up a whole is not among the reports"),
  REPORT_SHARD_TWICE: usage("the same shard is among the reports twice"),
  REPORT_SHARD_POSITION: corrupt(
    "the images of the shards do not make a whole: a place in the list is held twice, or by none",
    "The shards came from different lists of images; audit all of them again over the same library.",
  ),
  REPORTS_DIFFER: usage("reports that do not belong together cannot be joined into one"),
  REPORT_IMAGE_TWICE: usage("the same image is in two of the reports that are to be joined"),
} as const satisfies Record<string, CodeEntry>;
