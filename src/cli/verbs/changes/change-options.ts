// SPDX-License-Identifier: MIT
import { CODES, VmguestError } from "../../../errors.ts";
import { TRIGGERS } from "../../../guest/index.ts";
import type { Context } from "../../context.ts";
import { printFindings } from "../../damage.ts";
import { type ExitCode, exitCodeOfFinding, gravestOf } from "../../exit-codes.ts";
import { HOST, readHost } from "../../host-option.ts";
import { PARENT_ROOT, readParentRoots } from "../../parent-roots.ts";
import { readVersion } from "../../version.ts";
import { TRUST_ROOT, VOLUME } from "../common-options.ts";
import { readNamedOffers } from "../packages/offers.ts";
import { readTrustRoots } from "../packages/trust-roots.ts";
import type { ServicesRequest, StagingRequest } from "./change-request.ts";

/** The options of every command that plans or makes a change of a guest. */
export const IMAGE_CHANGE_OPTIONS = {
  volume: VOLUME,
  allow: {
    kind: "list",
    describe:
      "Write in spite of the refusals with these codes; each refusal says whether it can be allowed, and those that cannot stand",
  },
  "parent-root": PARENT_ROOT,
} as const;

/** The options of the commands that plan or make a staging. */
export const STAGING_OPTIONS = {
  package: {
    kind: "list",
    describe:
      "The update: a cabinet (.cab), an MSU, a disc (vmguest.iso) or a folder of them; the newest genuine one that serves the guest is taken",
  },
  host: HOST,
  ...IMAGE_CHANGE_OPTIONS,
  trigger: {
    kind: "text",
    describe: "What is to make the guest install it, instead of the first that will do for its state",
    choices: TRIGGERS,
  },
  reboot: {
    kind: "text",
    describe: "Whether the guest may restart once by itself where the installer asks for it",
    choices: ["auto", "never"],
    default: "auto",
  },
  "persist-version": {
    kind: "flag",
    describe:
      "Have the guest keep on its disk the version that it tells the host, for later audits (not tried on running guests)",
  },
  "not-on-windows-update": {
    kind: "flag",
    describe: "The guest gets no updates from Windows Update, whatever its registry leaves open",
  },
  "trust-root": TRUST_ROOT,
} as const;

interface ImageChangeArguments {
  readonly volume: number | undefined;
  readonly allow: readonly string[];
  readonly "parent-root": readonly string[];
}

interface StagingArguments extends ImageChangeArguments {
  readonly package: readonly string[];
  readonly host: string;
  readonly trigger: (typeof TRIGGERS)[number] | undefined;
  readonly reboot: "auto" | "never";
  readonly "persist-version": boolean;
  readonly "not-on-windows-update": boolean;
  readonly "trust-root": readonly string[];
}

/** What the options say that every change takes. Throws USAGE. */
export function readImageChange(args: ImageChangeArguments, host: string): ServicesRequest["options"] {
  return {
    host: readHost(host),
    toolVersion: readVersion(),
    // The clock is asked once, so that all that a command writes has the same time.
    now: new Date(),
    allowed: readAllowed(args.allow),
    ...(args.volume === undefined ? {} : { volume: args.volume }),
    ...readParentRoots(args["parent-root"]),
  };
}

function readAllowed(codes: readonly string[]): ReadonlySet<string> {
  const unknown = codes.find((code) => !Object.hasOwn(CODES, code));
  if (unknown === undefined) return new Set(codes);
  throw new VmguestError("USAGE", `--allow takes codes of refusals, and "${unknown}" is no code`);
}

interface ReadStaging {
  readonly options: StagingRequest["options"];
  /** Says that not all of what was offered could be read, whatever the images are. */
  readonly offerCode: ExitCode;
}

/** What the options of a staging say, with the packages read. Throws USAGE, and what keeps a named package from being one. */
export async function readStaging(args: StagingArguments, context: Context): Promise<ReadStaging> {
  if (args.package.length === 0) {
    throw new VmguestError("USAGE", "--package is missing: the cabinet, disc or folder with the update");
  }
  const change = readImageChange(args, args.host);
  const wish = { paths: args.package, trustRoots: args["trust-root"] };
  const { offers, findings } = await readNamedOffers(wish, context);
  await printFindings(
    findings.filter(({ severity }) => severity !== "info"),
    context,
  );
  const options = {
    ...change,
    offered: offers,
    trust: { roots: readTrustRoots(args["trust-root"]), now: change.now },
    reboot: args.reboot,
    persistsVersion: args["persist-version"],
    isNotOnWindowsUpdate: args["not-on-windows-update"],
    ...(args.trigger === undefined ? {} : { trigger: args.trigger }),
  };
  return { options, offerCode: gravestOf(findings.map(exitCodeOfFinding)) };
}
