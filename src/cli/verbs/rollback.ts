// SPDX-License-Identifier: MIT
import { requireFile } from "../../batch/index.ts";
import { VmguestError } from "../../errors.ts";
import type { UndoInspection } from "../../io/commit/index.ts";
import { formatJson, formatRollback, makeVisible } from "../../report/index.ts";
import type { RollbackImageOptions, RollbackReport } from "../../staging/index.ts";
import { defineCommand } from "../command.ts";
import { type Context, tableWidth, wantsColour } from "../context.ts";
import { describeErrorReport } from "../error-text.ts";
import { EXIT, exitCodeOfReport } from "../exit-codes.ts";
import { readVersion } from "../version.ts";
import { Confirmation } from "./changes/confirmation.ts";
import { Interruption } from "./changes/interruption.ts";
import { IMAGE, STATS, TEXT_OR_JSON } from "./common-options.ts";

type Way = NonNullable<RollbackImageOptions["way"]>;

export const rollback = defineCommand({
  name: "rollback",
  describe: "Take the last change of an image back, bit for bit",
  details:
    "Restores the image from <image>.vmguest-undo, which stage and services leave beside it: content and length are " +
    "again what they were, and the undo file is removed. Refused with exit code 4 where the image was used or changed " +
    "since, because the result would be a mixture. A change that was interrupted, by a power cut say, is taken back in " +
    "the same way, or completed with --finish. A copy or a differencing disk made with --output is simply deleted.",
  positionals: { image: IMAGE },
  options: {
    finish: { kind: "flag", describe: "Complete a change that was interrupted, instead of taking it back" },
    discard: { kind: "flag", describe: "Keep the change for good: remove the undo file" },
    yes: { kind: "flag", describe: "Do it without asking; needed where there is no terminal to ask on" },
    "replace-stale-lock": {
      kind: "flag",
      describe: "Replace a lock file that a process left behind which has ended",
    },
    "trust-undo-file": {
      kind: "flag",
      describe: "Vouch for the undo file where the host does not tell who wrote it, as on Windows",
    },
    format: TEXT_OR_JSON,
    stats: STATS,
  },
  examples: [
    ["vmguest rollback web01.vhdx", "Take a staging back"],
    ["vmguest rollback web01.vhdx --finish --yes", "Complete one that was cut off"],
    ["vmguest rollback web01.vhdx --discard", "Remove the undo file once the guest is updated"],
  ],
  async run(args, context) {
    const way = readWay(args);
    requireFile(args.image);
    using confirmation = Confirmation.of(context, args.yes);
    const { inspectUndo } = await import("../../io/commit/index.ts");
    context.imageCount++;
    const found = inspectUndo(args.image);
    if (confirmation.isAsking && found.state !== "none") {
      await context.stderr.write(`${makeVisible(args.image)}: ${describeUndo(found)}\n`);
      if (!(await confirmation.ask(QUESTIONS[way](args.image)))) {
        await context.stderr.write("vmguest: nothing was changed\n");
        return EXIT.policyFailed;
      }
    }
    const report = await perform(args.image, { way, ...readTrust(args) }, context);
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    await context.stdout.write(args.format === "json" ? formatJson(report) : formatRollback(report, options));
    if (report.error === null) return EXIT.fine;
    await context.stderr.write(describeErrorReport(report.error));
    return exitCodeOfReport(report.error);
  },
});

function readTrust(args: { readonly "replace-stale-lock": boolean; readonly "trust-undo-file": boolean }) {
  return {
    replaceStaleLock: args["replace-stale-lock"],
    ...(args["trust-undo-file"] && { trustsUndoFile: true }),
  };
}

function readWay({ finish, discard }: { readonly finish: boolean; readonly discard: boolean }): Way {
  if (finish && discard) throw new VmguestError("USAGE", "--finish and --discard do not go together");
  return finish ? "finish" : discard ? "discard" : "take-back";
}

const QUESTIONS: Readonly<Record<Way, (image: string) => string>> = {
  "take-back": (image) => `Take this change of ${image} back?`,
  finish: (image) => `Complete this change of ${image}?`,
  discard: (image) => `Keep this change of ${image} for good, and remove the undo file?`,
};

/** What is about to be taken back, as far as undo file and image tell. */
function describeUndo(found: Exclude<UndoInspection, { state: "none" }>): string {
  switch (found.state) {
    case "incomplete":
      return "a change was stopped before it touched the image; only its undo file is there to be removed";
    case "interrupted":
      return `a ${found.direction === "commit" ? "change" : "rollback"} was interrupted, and the image is between before and after`;
    case "committed":
      return found.changedAt === undefined
        ? `change ${found.id} is complete, and the image is as it left it`
        : `change ${found.id} is complete, and the image was written to since`;
    case "unreadable":
      return `there is an undo file that cannot be used: ${makeVisible(found.error.message)}`;
  }
}

/** A rollback that is begun is not stopped: the image is sound only when it is done. */
async function perform(
  path: string,
  how: Pick<RollbackImageOptions, "way" | "replaceStaleLock" | "trustsUndoFile">,
  context: Context,
): Promise<RollbackReport> {
  using interruption = Interruption.watch(context, "the image is sound again when this is done; please wait");
  const options = { toolVersion: readVersion(), ...how };
  return await context.dependencies.startChange(
    { verb: "rollback", path, options },
    { stats: context.stats, cancelFlag: interruption.flag, onActivity: () => {} },
  );
}
