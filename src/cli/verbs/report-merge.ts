// SPDX-License-Identifier: MIT
import { GATE_CONDITIONS, outcomeOf } from "../../audit/index.ts";
import { mergeReports } from "../../audit/stored/index.ts";
import { formatNdjson } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { AuditTally } from "./audit/audit-tally.ts";
import { chooseFormat, FORMATS, formatReport } from "./audit/report-format.ts";
import { openTarget } from "./audit/report-target.ts";
import { STORED_REPORT, StoredReports } from "./stored-reports.ts";

export const reportMerge = defineCommand({
  name: "report merge",
  describe: "Join the shards of an audit, or reports of several libraries, into one report",
  details:
    "Shards (audit --shard) may be named in any order: the result is, byte for byte, the report that one audit of all " +
    "the images gives, and a shard that is missing or there twice is refused. Other reports follow each other as they are " +
    "named; they must be for the same host and of the same version, and no image may be in two of them. One report alone " +
    "is written in another format. The exit code is what an audit of all the images gives.",
  positionals: { reports: { describe: `Reports ${STORED_REPORT}`, isMany: true } },
  options: {
    format: {
      kind: "text",
      describe:
        "How the report is written; where not given, the ending of --output says it (.json, .ndjson, .csv, .xml: junit, .md, .html), else it is a table",
      choices: FORMATS,
    },
    output: { kind: "text", describe: "Write the report to this file instead of stdout" },
    explain: { kind: "flag", describe: "List in the table what was found of each guest, and where" },
    "fail-on": {
      kind: "list",
      describe: `End with exit code 1 where audit would: ${GATE_CONDITIONS.join(", ")}`,
      choices: GATE_CONDITIONS,
    },
  },
  examples: [
    ["vmguest report merge shard-*.json --output report.json", "Join the shards of an audit"],
    ["vmguest report merge shard-*.ndjson --fail-on outdated --output junit.xml", "Gate the whole of it"],
    ["vmguest report merge report.json --output report.html", "Make a page of a report"],
    ["vmguest report merge berlin.json oslo.json --format csv", "List the guests of two libraries"],
  ],
  async run(args, context) {
    const forbidden = args["fail-on"].length === 0 ? undefined : new Set(args["fail-on"]);
    const tally = new AuditTally(forbidden ?? new Set());
    using files = new StoredReports();
    const parts = args.reports.map((path) =>
      files.open(path, (image) => tally.add({ outcome: outcomeOf(image) })),
    );
    const report = mergeReports(parts);
    const format = chooseFormat(args.format, args.output);
    using target = openTarget(args.output, args.reports, context);
    const formatting = {
      colour: !target.isFile && wantsColour(context, context.stdout),
      width: tableWidth(context),
      explains: args.explain,
      forbidden,
    };
    await target.writeAll(
      format === "ndjson" ? formatNdjson(report) : await formatReport(format, report, formatting),
    );
    const { violated } = tally;
    if (violated.length > 0) {
      await context.stderr.write(`vmguest: found what --fail-on forbids: ${violated.join(", ")}\n`);
    }
    return tally.exitCode;
  },
});
