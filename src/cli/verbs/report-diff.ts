// SPDX-License-Identifier: MIT
import { type DiffReport, diffReports } from "../../audit/stored/index.ts";
import { formatAuditJson, formatDiff, formatDiffMarkdown } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { readVersion } from "../version.ts";
import { openTarget } from "./audit/report-target.ts";
import { STORED_REPORT, StoredReports } from "./stored-reports.ts";

const FAIL_ON = ["changed", "worse"] as const;

export const reportDiff = defineCommand({
  name: "report diff",
  describe: "Tell what changed between two audits, the worst first",
  details:
    "Compares images by their paths and guests by their volumes: what came and went, statuses, versions, actions, start " +
    "types of services, Windows Update, staged updates and findings, each with whether it is for the better or the worse " +
    "(docs/report-files.md). The exit code is 0 whatever changed, unless --fail-on says otherwise.",
  positionals: {
    old: { describe: `Report ${STORED_REPORT}` },
    new: { describe: "Report of a later audit" },
  },
  options: {
    format: {
      kind: "text",
      describe: "Text for people, JSON for programs, or Markdown as for the summary of a pipeline's step",
      choices: ["text", "json", "markdown"],
      default: "text",
    },
    output: { kind: "text", describe: "Write it to this file instead of stdout" },
    "strip-prefix": {
      kind: "list",
      describe:
        "Leave the first of these folders that a path begins with out of it, in both reports: for a library that lies elsewhere now",
    },
    "fail-on": {
      kind: "list",
      describe:
        "End with exit code 1 where anything changed, images that came and went included; or where something is worse",
      choices: FAIL_ON,
    },
  },
  examples: [
    ["vmguest report diff monday.json friday.json", "See what a week has brought"],
    ["vmguest report diff old.json new.json --fail-on worse", "Stop a pipeline where something got worse"],
    ["vmguest report diff old.json new.json --strip-prefix /mnt/a,/mnt/b", "Compare two copies of a library"],
    ["vmguest report diff old.ndjson new.ndjson --format json", "Have the same for a script"],
  ],
  async run(args, context) {
    using files = new StoredReports();
    const report = diffReports(files.open(args.old), files.open(args.new), {
      toolVersion: readVersion(),
      prefixes: args["strip-prefix"],
    });
    using target = openTarget(args.output, [args.old, args.new], context);
    const colour = !target.isFile && wantsColour(context, context.stdout);
    await target.writeAll(format(args.format, report, { colour, width: tableWidth(context) }));
    const violated = args["fail-on"].filter((condition) => isMet(condition, report));
    if (violated.length === 0) return EXIT.fine;
    await context.stderr.write(`vmguest: found what --fail-on forbids: ${violated.join(", ")}\n`);
    return EXIT.policyFailed;
  },
});

function format(
  name: "text" | "json" | "markdown",
  report: DiffReport,
  options: Parameters<typeof formatDiff>[1],
): Iterable<string> {
  if (name === "json") return formatAuditJson(report);
  return name === "text" ? formatDiff(report, options) : formatDiffMarkdown(report);
}

function isMet(condition: (typeof FAIL_ON)[number], { summary }: DiffReport): boolean {
  const { added, removed, changed, worse } = summary;
  return condition === "worse" ? worse > 0 : added + removed + changed > 0;
}
