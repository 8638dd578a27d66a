// SPDX-License-Identifier: MIT
import type { CheckReport } from "../../audit/check/index.ts";
import { findInterruptedChange, requireFile } from "../../batch/index.ts";
import { formatCheck, formatJson } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { describeErrorReport } from "../error-text.ts";
import { EXIT, exitCodeOfImage, gravestOf } from "../exit-codes.ts";
import { PARENT_ROOT, readParentRoots } from "../parent-roots.ts";
import { Progress } from "../progress.ts";
import { READ_LIMITS, startBudget } from "../read-limits.ts";
import { IMAGE, STATS, TEXT_OR_JSON } from "./common-options.ts";

const FAIL_ON = ["error", "warning", "never"] as const;
type FailOn = (typeof FAIL_ON)[number];

/** A check reads all there is to check, on somebody's behalf who waits for it: only what would never end is given up. */
const LIMITS = {
  "limit-seconds": { ...READ_LIMITS["limit-seconds"], default: "3600" },
  "limit-bytes": { ...READ_LIMITS["limit-bytes"], default: "0" },
  "limit-memory": READ_LIMITS["limit-memory"],
} as const;

export const check = defineCommand({
  name: "check",
  describe: "Check the structures of an image: container, partition table, NTFS and registry hives",
  details:
    "Reads every structure of the image once, also those that an audit has no need of: second copies, reserved fields, " +
    "whole allocation tables, every file record, every cell of every hive. Nothing is repaired, and the image is opened " +
    "for reading only. The exit code is 1 where a finding is an error (see --fail-on), and 3 where the check could not " +
    "be made to its end.",
  positionals: { image: IMAGE },
  options: {
    format: TEXT_OR_JSON,
    "fail-on": {
      kind: "text",
      describe: "End with exit code 1 where a finding is an error, or a warning or an error, or never",
      choices: FAIL_ON,
      default: "error",
    },
    "parent-root": PARENT_ROOT,
    ...LIMITS,
    stats: STATS,
  },
  examples: [
    ["vmguest check golden.vhdx", "See whether anything in the image is damaged"],
    ["vmguest check golden.vhdx --fail-on warning --format json", "Gate an image in CI"],
  ],
  async run(args, context) {
    requireFile(args.image);
    const { checkImage } = await import("../../audit/check/index.ts");
    context.imageCount++;
    const progress = Progress.open(context);
    const knownFindings = await findInterruptedChange(args.image);
    const report = checkImage(args.image, {
      knownFindings,
      stats: context.stats,
      budget: startBudget(args),
      ...readParentRoots(args["parent-root"]),
      onPart: (name) => progress.show(name),
    });
    progress.clear();
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    const text = args.format === "json" ? formatJson(report) : formatCheck(report, options);
    await context.stdout.write(text);
    if (report.error !== null) await context.stderr.write(describeErrorReport(report.error));
    return gravestOf([
      ...(report.error === null ? [] : [exitCodeOfImage(report.error)]),
      isForbidden(report, args["fail-on"]) ? EXIT.policyFailed : EXIT.fine,
    ]);
  },
});

function isForbidden({ summary }: CheckReport, failOn: FailOn): boolean {
  return failOn !== "never" && (summary.error > 0 || (failOn === "warning" && summary.warning > 0));
}
