// SPDX-License-Identifier: MIT
import { defineCommand } from "../command.ts";
import { EXIT, gravestOf } from "../exit-codes.ts";
import { changeImages, WRITE_OPTIONS } from "./changes/change-images.ts";
import { readStaging, STAGING_OPTIONS } from "./changes/change-options.ts";
import { type ChangeHooks, planStage } from "./changes/change-request.ts";
import { readTarget, TARGET_OPTIONS } from "./changes/change-target.ts";
import { nextCommand } from "./changes/next-command.ts";
import { STATS, TEXT_OR_JSON } from "./common-options.ts";

const OPTIONS = {
  ...STAGING_OPTIONS,
  ...WRITE_OPTIONS,
  ...TARGET_OPTIONS,
  format: TEXT_OR_JSON,
  stats: STATS,
} as const;

export const stage = defineCommand({
  name: "stage",
  describe:
    "Put the update of the integration services into stopped guests, to be installed at the next start",
  details:
    "Plans as plan does, shows the plan and asks before it writes; --yes answers beforehand. The package, a script and " +
    "what makes Windows run it once go into the image in one transaction; the result is read again and compared, and " +
    "<image>.vmguest-undo beside the image takes all of it back (rollback) until the VM is started. Ctrl-C leaves no " +
    "half-written image: the change is taken back or, where it is nearly complete, finished, and the command says " +
    "which. Several images are done one after the other, and one that fails does not stop the others. The exit code is " +
    "4 where an image was refused, 3 where one could not be read or written, and 1 where the answer was no.",
  positionals: { images: { describe: "Disk images of VMs that are shut down", isMany: true } },
  options: OPTIONS,
  examples: [
    ["vmguest stage web01.vhdx --package vmguest.iso", "Stage the update, after a look at the plan"],
    ["vmguest stage golden.vhdx --package vmguest.iso --yes --format json", "Stage it in a pipeline"],
    [
      "vmguest stage web01.vhdx --package vmguest.iso --output web01-try.avhdx",
      "Try it on a differencing disk, the image stays as it is",
    ],
    ["vmguest stage golden.vhdx --package vmguest.iso --output golden-2.vhdx", "Write to a copy"],
    ["vmguest stage a.vhdx b.vhdx --package vmguest.iso --dry-run", "Only see the plans of several"],
  ],
  async run(args, context) {
    const target = readTarget(args, args.images);
    const { options, offerCode } = await readStaging(args, context);
    const wish = { ...options, target, replaces: args.replace };
    const write = { replaceStaleLock: args["replace-stale-lock"] };
    const change = {
      target,
      replaces: args.replace,
      plan: async (path: string) =>
        planStage({ path, options: wish }, context.stats, await context.dependencies.loadStaging()),
      make: (path: string, hooks: ChangeHooks) =>
        context.dependencies.startChange({ verb: "stage", path, options: wish, write }, hooks),
      command: (path: string) => nextCommand(["stage", path], OPTIONS, args, ["output"]),
    };
    const code = await changeImages(args.images, change, args, context);
    // What could not be read of the packages counts where nothing graver happened.
    return code === EXIT.fine ? gravestOf([offerCode]) : code;
  },
});
