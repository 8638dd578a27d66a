// SPDX-License-Identifier: MIT
import { findInterruptedChange, requireFile } from "../../batch/index.ts";
import { formatChain, formatJson } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { printFindings } from "../damage.ts";
import { describeErrorReport } from "../error-text.ts";
import { EXIT, exitCodeOfImage } from "../exit-codes.ts";
import { PARENT_ROOT, readParentRoots } from "../parent-roots.ts";
import { IMAGE, STATS, TEXT_OR_JSON } from "./common-options.ts";

export const chain = defineCommand({
  name: "chain",
  describe: "List the files that a differencing disk is put together from",
  details:
    "Follows the parents of the image by the names and identities in the files, and prints each file with what it " +
    "says of its parent. Parents are opened only in the folder of the image and below, or in the folders named with " +
    "--parent-root. The exit code is 3 or 4 where the chain is broken; the files up to there are listed.",
  positionals: { image: IMAGE },
  options: { "parent-root": PARENT_ROOT, format: TEXT_OR_JSON, stats: STATS },
  examples: [
    ["vmguest chain web01_3F2A.avhdx", "See what a checkpoint stands on"],
    ["vmguest chain web01_3F2A.avhdx --parent-root /images/vms,/images/bases", "Find parents elsewhere"],
    ["vmguest chain web01_3F2A.avhdx --format json", "Have the same for a script"],
  ],
  async run(args, context) {
    const roots = readParentRoots(args["parent-root"]);
    requireFile(args.image);
    await printFindings(await findInterruptedChange(args.image), context);
    const { reportChain } = await context.dependencies.loadAudit();
    context.imageCount++;
    const report = reportChain(args.image, { stats: context.stats, ...roots });
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    await context.stdout.write(args.format === "json" ? formatJson(report) : formatChain(report, options));
    if (report.error === null) return EXIT.fine;
    await context.stderr.write(describeErrorReport(report.error));
    return exitCodeOfImage(report.error);
  },
});
