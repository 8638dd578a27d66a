// SPDX-License-Identifier: MIT
import { DEFAULT_HOST } from "../../../policy/index.ts";
import type { ArgumentsOf } from "../../command.ts";
import { HOST } from "../../host-option.ts";
import { PARENT_ROOT } from "../../parent-roots.ts";
import { READ_LIMITS } from "../../read-limits.ts";
import { STATS, TRUST_ROOT } from "../common-options.ts";
import { FAIL_ON } from "./audit-policy.ts";
import { FORMATS } from "./report-format.ts";

export const AUDIT_POSITIONALS = {
  paths: {
    describe: "Disk images, folders of them, patterns such as 'fleet/*.vhdx', or https:// URLs of images",
    isMany: true,
    isOptional: true,
  },
} as const;

/** Which images are meant. */
const IMAGE_OPTIONS = {
  "files-from": {
    kind: "text",
    describe: "Audit what is listed in this file too, a path or URL a line; - is stdin",
  },
  null: {
    kind: "flag",
    describe: "The list of --files-from has a NUL behind each path, as find -print0 writes it",
  },
  include: {
    kind: "list",
    describe:
      "Audit only what one of these patterns matches: 'web*' by its name, '**/golden/*.vhdx' by its way there",
  },
  exclude: {
    kind: "list",
    describe: "Leave out what one of these patterns matches",
  },
  shard: {
    kind: "text",
    describe:
      "Audit one part of all images: 2/5 is the second of five; auto is what the environment of Kubernetes or a CI says, auto/5 that part of five",
  },
  "header-file": {
    kind: "text",
    describe: "Send the headers in this file ('Name: value' lines) with requests for images at URLs",
  },
  "parent-root": PARENT_ROOT,
} as const;

/** What guests are judged by. */
const JUDGING_OPTIONS = {
  host: {
    kind: HOST.kind,
    describe: `${HOST.describe} (${DEFAULT_HOST}, unless the policy file names another)`,
  },
  policy: {
    kind: "text",
    describe:
      "Judge by this policy file: host, least versions, conditions of --fail-on (docs/policy-file.md)",
  },
  "fail-on": {
    kind: "list",
    describe:
      "End with exit code 1 where a guest has one of these statuses: outdated, missing, unknown; is inconsistent: its sources of the version disagree; or has had a staging that failed or was cut; no-guest: an image has no guest that could be judged; error: an image could not be read or a finding is an error; warning: a finding is one; none: whatever the policy file says",
    choices: FAIL_ON,
  },
  "min-version": {
    kind: "text",
    describe: "The least version that counts as current, such as 6.3.9600.18692",
  },
  package: {
    kind: "list",
    describe:
      "Judge by the packages in these files, discs (vmguest.iso) or folders: the newest genuine one that serves a guest is what it should have. A file that offers none ends the command; one of others that cannot be read makes the exit code 3",
  },
  "trust-root": TRUST_ROOT,
} as const;

/** How the report is written. */
const REPORT_OPTIONS = {
  format: {
    kind: "text",
    describe:
      "How the report is written; where not given, the ending of --output says it (.json, .ndjson, .csv, .xml: junit, .md, .html), else it is a table. ndjson is written while images are audited",
    choices: FORMATS,
  },
  output: { kind: "text", describe: "Write the report to this file instead of stdout" },
  explain: {
    kind: "flag",
    describe:
      "List in the table what was found of each guest, and where, down to the byte (JSON always has it)",
  },
  timestamp: { kind: "flag", describe: "Say in the report when it was made" },
} as const;

/** How the work is done, and what is told of it. */
const RUN_OPTIONS = {
  jobs: {
    kind: "number",
    describe:
      "Audit so many images at a time; where not given, as many as there are processors, fewer for few images",
  },
  cache: {
    kind: "text",
    describe: "Keep what was found in this file, and take from it what images are that have not changed",
  },
  ...READ_LIMITS,
  events: {
    kind: "flag",
    describe:
      "Tell on stderr what happens as lines of JSON, instead of progress and messages (docs/events.md)",
  },
  stats: STATS,
  quiet: { kind: "flag", describe: "Print nothing but the report and what keeps it from being made" },
} as const;

export const AUDIT_OPTIONS = {
  ...JUDGING_OPTIONS,
  ...REPORT_OPTIONS,
  ...IMAGE_OPTIONS,
  ...RUN_OPTIONS,
} as const;

export type AuditArguments = ArgumentsOf<typeof AUDIT_POSITIONALS, typeof AUDIT_OPTIONS>;
