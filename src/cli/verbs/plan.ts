// SPDX-License-Identifier: MIT
import { isImageName, requireFile } from "../../batch/index.ts";
import { VmguestError } from "../../errors.ts";
import { formatJson, formatPlan } from "../../report/index.ts";
import type { PlanReport } from "../../staging/index.ts";
import { defineCommand } from "../command.ts";
import { type Context, tableWidth, wantsColour } from "../context.ts";
import { describeErrorReport } from "../error-text.ts";
import { EXIT, type ExitCode, exitCodeOfReport, gravestOf } from "../exit-codes.ts";
import { HostFile } from "../host-file.ts";
import { Progress } from "../progress.ts";
import { readStaging, STAGING_OPTIONS } from "./changes/change-options.ts";
import { planStage } from "./changes/change-request.ts";
import { nextCommand } from "./changes/next-command.ts";
import { IMAGE, STATS, TEXT_OR_JSON } from "./common-options.ts";

const OPTIONS = {
  ...STAGING_OPTIONS,
  format: TEXT_OR_JSON,
  output: { kind: "text", describe: "Write the plan to this file instead of stdout" },
  stats: STATS,
} as const;

export const plan = defineCommand({
  name: "plan",
  describe: "Tell what stage would do to an image and why, and touch nothing",
  details:
    "Judges the guest as audit does, chooses its package, and says every file and registry value that stage would " +
    "write, what makes the guest install the update at its next start, how many bytes of the image that is, and what " +
    "speaks against it, with the cure. The image is opened for reading only. The exit code is 0 where stage would do " +
    "it or has nothing to do, 4 where it would refuse, and 3 where the image cannot be read.",
  positionals: { image: IMAGE },
  options: OPTIONS,
  examples: [
    ["vmguest plan web01.vhdx --package vmguest.iso", "See what would be written into a guest"],
    ["vmguest plan web01.vhdx --package updates --host ws2012r2 --format json", "Have the same for a script"],
    ["vmguest plan web01.vhdx --package vmguest.iso --trigger group-policy", "Ask for another trigger"],
  ],
  async run(args, context) {
    requireFile(args.image);
    const { options, offerCode } = await readStaging(args, context);
    using file = args.output === undefined ? undefined : openPlanFile(args.output, args.image);
    const layer = await context.dependencies.loadStaging();
    context.imageCount++;
    const progress = Progress.open(context);
    progress.show(args.image);
    const report = planStage({ path: args.image, options }, context.stats, layer);
    progress.clear();
    const next = nextCommand(["stage", args.image], OPTIONS, args);
    const text = args.format === "json" ? formatJson(report) : formatForReader(report, next, file, context);
    if (file === undefined) await context.stdout.write(text);
    else file.writeAll([new TextEncoder().encode(text)]);
    if (report.error !== null) await context.stderr.write(describeErrorReport(report.error));
    return gravestOf([offerCode, exitCodeOfPlan(report)]);
  },
});

/** A plan must never take the place of a disk. */
function openPlanFile(path: string, image: string): HostFile {
  if (isImageName(path)) {
    const message = `--output ${path} is named like a disk image, which the plan would overwrite`;
    throw new VmguestError("USAGE", message);
  }
  return HostFile.open(path, { inputs: [image] });
}

function formatForReader(
  report: PlanReport,
  next: string,
  file: HostFile | undefined,
  context: Context,
): string {
  const colour = file === undefined && wantsColour(context, context.stdout);
  return formatPlan(report, { colour, width: tableWidth(context), nextCommand: next });
}

function exitCodeOfPlan({ outcome, error }: PlanReport): ExitCode {
  if (error !== null) return exitCodeOfReport(error);
  return outcome === "refused" ? EXIT.unsafe : EXIT.fine;
}
