// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import { DEFAULT_HOST, SERVICE_NAMES } from "../../policy/index.ts";
import type { ServiceEdit } from "../../staging/index.ts";
import { type AnyCommand, defineCommand } from "../command.ts";
import { changeImages, WRITE_OPTIONS } from "./changes/change-images.ts";
import { IMAGE_CHANGE_OPTIONS, readImageChange } from "./changes/change-options.ts";
import { type ChangeHooks, planEdits } from "./changes/change-request.ts";
import { readTarget, TARGET_OPTIONS } from "./changes/change-target.ts";
import { nextCommand } from "./changes/next-command.ts";
import { IMAGE, STATS, TEXT_OR_JSON } from "./common-options.ts";

const OPTIONS = {
  ...IMAGE_CHANGE_OPTIONS,
  ...WRITE_OPTIONS,
  ...TARGET_OPTIONS,
  format: TEXT_OR_JSON,
  stats: STATS,
} as const;

interface Words {
  readonly describe: string;
  /** What becomes of a service, at the beginning of the details. */
  readonly details: string;
  readonly examples: AnyCommand["examples"];
}

export const servicesEnable = defineEdit("enable", {
  describe: "Let integration services of a stopped guest start again",
  details:
    "Gives the named vmic* services the start type that a new installation of this Windows gives them.",
  examples: [
    ["vmguest services enable web01.vhdx vmickvpexchange", "Enable Data Exchange, after a look at the plan"],
    ["vmguest services enable web01.vhdx vmicheartbeat vmicshutdown --yes", "Enable two without being asked"],
  ],
});

export const servicesDisable = defineEdit("disable", {
  describe: "Keep integration services of a stopped guest from starting",
  details: "Gives the named vmic* services the start type Disabled.",
  examples: [
    [
      "vmguest services disable web01.vhdx vmictimesync",
      "Disable the time synchronisation of a domain controller",
    ],
    ["vmguest services disable web01.vhdx vmicvss --dry-run", "Only see what would be written"],
  ],
});

function defineEdit(start: ServiceEdit["start"], { describe, details, examples }: Words): AnyCommand {
  return defineCommand({
    name: `services ${start}`,
    describe,
    details:
      `${details} What is to be written is shown first, and confirmed on a terminal or with --yes; ` +
      "<image>.vmguest-undo beside the image takes it back (rollback) until the VM is started. The services are: " +
      `${SERVICE_NAMES.join(", ")}.`,
    positionals: {
      image: IMAGE,
      names: { describe: "Services, by their names in the registry", isMany: true },
    },
    options: OPTIONS,
    examples,
    async run(args, context) {
      const edits = args.names.map((name) => ({ name: readServiceName(name), start }));
      const target = readTarget(args, [args.image]);
      // Which host it is makes no difference to what a service is.
      const options = { ...readImageChange(args, DEFAULT_HOST), target, replaces: args.replace };
      const write = { replaceStaleLock: args["replace-stale-lock"] };
      const change = {
        target,
        replaces: args.replace,
        plan: async (path: string) =>
          planEdits({ path, edits, options }, context.stats, await context.dependencies.loadStaging()),
        make: (path: string, hooks: ChangeHooks) =>
          context.dependencies.startChange({ verb: "services", path, edits, options, write }, hooks),
        command: (path: string) =>
          nextCommand(["services", start, path, ...args.names], OPTIONS, args, ["output"]),
      };
      return await changeImages([args.image], change, args, context);
    },
  });
}

/** The service as Windows spells it. */
function readServiceName(given: string): string {
  const name = SERVICE_NAMES.find((known) => known.toLowerCase() === given.toLowerCase());
  if (name !== undefined) return name;
  throw new VmguestError("USAGE", `"${given}" is no integration service: ${SERVICE_NAMES.join(", ")}`);
}
