// SPDX-License-Identifier: MIT
import { defineCommand } from "../command.ts";
import { AUDIT_OPTIONS, AUDIT_POSITIONALS } from "./audit/audit-options.ts";
import { runAudit } from "./audit/run-audit.ts";

export const audit = defineCommand({
  name: "audit",
  describe: "State which integration services the guests of images have, and what is to be done",
  details:
    "Finds every guest in the images, reads the version of its integration services with the evidence for it, and " +
    "judges it by Microsoft's update table for the Hyper-V host. Images are opened for reading only; folders are " +
    "searched for .vhdx, .avhdx, .vhd, .avhd, .img and .raw files. A junit report has as failures what --fail-on or " +
    "the policy forbids, and where neither says anything, outdated and missing. A run that a signal stops, or that a reader of " +
    "ndjson leaves before its end, ends with 128 and the number of the signal.",
  positionals: AUDIT_POSITIONALS,
  options: AUDIT_OPTIONS,
  examples: [
    ["vmguest audit golden.vhdx --host ws2012r2 --fail-on outdated,missing", "Gate a golden image in CI"],
    [
      "vmguest audit /images --policy policy.json --output report.html",
      "Judge a folder by a policy, as a page",
    ],
    ["vmguest audit /images --format json --output report.json", "Report on a whole folder"],
    ["vmguest audit web01.vhdx --explain", "Show what the verdict rests on"],
    ["vmguest audit web01.vhdx --package vmguest.iso", "Name the very file that would update the guest"],
    ["vmguest audit 'fleet/*.vhdx' --min-version 6.3.9600.18692", "Accept nothing older than this"],
    [
      "vmguest audit /images --include '*.vhdx' --exclude '**/old' --jobs 8",
      "Choose among what folders hold",
    ],
    [
      "find /images -newer last -print0 | vmguest audit --files-from - --null",
      "Audit what another tool finds",
    ],
    [
      "vmguest audit /images --cache audit.cache --format ndjson",
      "Audit only what has changed, line by line",
    ],
    ["vmguest audit /images --shard auto/4 --output shard.json", "Be one of four jobs that share the work"],
    ["vmguest audit https://images.example/web01.vhdx --header-file headers", "Audit an image where it is"],
    ["vmguest audit /images --output junit.xml --events 2> events.ndjson", "Let programs watch"],
  ],
  run: runAudit,
});
