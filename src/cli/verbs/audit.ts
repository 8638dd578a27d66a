// SPDX-License-Identifier: MIT
import type { AuditOptions, AuditReport, ImageReport } from "../../audit/index.ts";
import { type Discovery, discoverImages, findInterruptedChange, isImageName } from "../../batch/index.ts";
import { VmguestError } from "../../errors.ts";
import type { ReadBudget } from "../../io/index.ts";
import { type HostId, isVersion } from "../../policy/index.ts";
import { formatJson, formatTable } from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { type AuditLayer, type Context, tableWidth, wantsColour } from "../context.ts";
import { printFindings } from "../damage.ts";
import { describeErrorReport } from "../error-text.ts";
import { EXIT, type ExitCode, exitCodeOfFinding, exitCodeOfImage, gravestOf } from "../exit-codes.ts";
import { HostFile } from "../host-file.ts";
import { HOST, readHost } from "../host-option.ts";
import { PARENT_ROOT, readParentRoots } from "../parent-roots.ts";
import { Progress } from "../progress.ts";
import { READ_LIMITS, startBudget } from "../read-limits.ts";
import { readVersion } from "../version.ts";
import { STATS, TRUST_ROOT } from "./common-options.ts";

/** What `--fail-on` knows: the statuses of a guest that a policy may forbid, and anything that is an error. */
const FAIL_ON = ["outdated", "missing", "unknown", "error"] as const;
type FailOn = (typeof FAIL_ON)[number];

export const audit = defineCommand({
  name: "audit",
  describe: "State which integration services the guests of images have, and what is to be done",
  details:
    "Finds every guest in the images, reads the version of its integration services with the evidence for it, and " +
    "judges it by Microsoft's update table for the Hyper-V host. Images are opened for reading only; folders are " +
    "searched for .vhdx, .avhdx, .vhd, .avhd, .img and .raw files.",
  positionals: {
    paths: { describe: "Disk images, folders of them, or patterns such as 'fleet/*.vhdx'", isMany: true },
  },
  options: {
    host: HOST,
    format: {
      kind: "text",
      describe: "A table for people, or JSON for programs",
      choices: ["table", "json"],
      default: "table",
    },
    output: { kind: "text", describe: "Write the report to this file instead of stdout" },
    "fail-on": {
      kind: "list",
      describe:
        "End with exit code 1 where a guest has one of these statuses: outdated, missing, unknown; or error: an image could not be read or a finding is an error",
      choices: FAIL_ON,
    },
    "min-version": {
      kind: "text",
      describe: "The least version that counts as current, such as 6.3.9600.18692",
    },
    package: {
      kind: "list",
      describe:
        "Judge by the packages in these files, discs (vmguest.iso) or folders: the newest genuine one that serves a guest is what it should have. A file that offers none ends the command; one of others that cannot be read makes the exit code 3",
    },
    "trust-root": TRUST_ROOT,
    "parent-root": PARENT_ROOT,
    ...READ_LIMITS,
    explain: {
      kind: "flag",
      describe:
        "List in the table what was found of each guest, and where, down to the byte (JSON always has it)",
    },
    timestamp: { kind: "flag", describe: "Say in the report when it was made" },
    stats: STATS,
    quiet: { kind: "flag", describe: "Print nothing but the report and what keeps it from being made" },
  },
  examples: [
    ["vmguest audit golden.vhdx --host ws2012r2 --fail-on outdated,missing", "Gate a golden image in CI"],
    ["vmguest audit /images --format json --output report.json", "Report on a whole folder"],
    ["vmguest audit web01.vhdx --explain", "Show what the verdict rests on"],
    ["vmguest audit web01.vhdx --package vmguest.iso", "Name the very file that would update the guest"],
    ["vmguest audit 'fleet/*.vhdx' --min-version 6.3.9600.18692", "Accept nothing older than this"],
  ],
  async run(args, context) {
    const { host, minimumVersion } = readPolicy(args.host, args["min-version"]);
    const parentRoots = readParentRoots(args["parent-root"]);
    const found = await discoverImages(args.paths, context.dependencies);
    using file = args.output === undefined ? undefined : openReportFile(args.output, found.images);
    const { offered, offerCode } = await readOffered(args, context);
    const layer = await context.dependencies.loadAudit();
    const options = { host, ...minimumVersion, ...parentRoots, ...offered };
    const audited = await auditAll(
      layer,
      found,
      { options, isQuiet: args.quiet, startBudget: () => startBudget(args) },
      context,
    );
    const report = layer.assembleReport(audited, {
      host,
      toolVersion: readVersion(),
      ...(args.timestamp ? { timestamp: new Date().toISOString() } : {}),
    });
    if (!args.quiet) await printErrors(report, context);
    const text =
      args.format === "json" ? formatJson(report) : formatForReader(report, args.explain, file, context);
    if (file === undefined) await context.stdout.write(text);
    else file.writeAll([new TextEncoder().encode(text)]);
    return gravestOf([offerCode, await conclude(report, args["fail-on"], args.quiet, context)]);
  },
});

interface Policy {
  readonly host: HostId;
  readonly minimumVersion: Pick<AuditOptions, "minimumVersion">;
}

function readPolicy(host: string, minimumVersion: string | undefined): Policy {
  const id = readHost(host);
  if (minimumVersion !== undefined && !isVersion(minimumVersion)) {
    throw new VmguestError(
      "USAGE",
      `--min-version takes a version like 6.3.9600.18692, not "${minimumVersion}"`,
    );
  }
  return { host: id, minimumVersion: minimumVersion === undefined ? {} : { minimumVersion } };
}

interface OfferArguments {
  readonly package: readonly string[];
  readonly "trust-root": readonly string[];
  readonly quiet: boolean;
}

interface Offered {
  readonly offered: Pick<AuditOptions, "offered">;
  /** Says that not all of what was offered could be read, whatever the images are. */
  readonly offerCode: ExitCode;
}

/**
 * What `--package` offers; nothing where it is not given, which is not the same as offering nothing. Throws where a file
 * that is named offers nothing: the guests would be judged by something else than what was asked for.
 */
async function readOffered(args: OfferArguments, context: Context): Promise<Offered> {
  if (args.package.length === 0) {
    if (args["trust-root"].length === 0) return { offered: {}, offerCode: EXIT.fine };
    throw new VmguestError("USAGE", "--trust-root is about the packages of --package, which is not given");
  }
  const { readNamedOffers } = await import("./packages/offers.ts");
  const wish = { paths: args.package, trustRoots: args["trust-root"] };
  const { offers, findings } = await readNamedOffers(wish, context);
  const news = findings.filter(({ severity }) => severity !== "info");
  if (!args.quiet) await printFindings(news, context);
  return { offered: { offered: offers }, offerCode: gravestOf(findings.map(exitCodeOfFinding)) };
}

/** A report must never take the place of a disk. */
function openReportFile(path: string, inputs: readonly string[]): HostFile {
  if (isImageName(path)) {
    throw new VmguestError(
      "USAGE",
      `--output ${path} is named like a disk image, which a report would overwrite`,
    );
  }
  return HostFile.open(path, { inputs });
}

interface BatchOptions {
  /** What is the same for all images. */
  readonly options: AuditOptions;
  readonly isQuiet: boolean;
  /** A budget for the image that comes next. */
  readonly startBudget: () => ReadBudget;
}

/** Audits what was found, image by image; what could not be searched stands in the report as an error. */
async function auditAll(
  layer: AuditLayer,
  { images, unreadable }: Discovery,
  { options, isQuiet, startBudget }: BatchOptions,
  context: Context,
): Promise<ImageReport[]> {
  const progress = Progress.of(context, isQuiet ? 0 : images.length);
  const reports: ImageReport[] = [];
  for (const path of images) {
    progress.show(path);
    context.imageCount++;
    const knownFindings = await findInterruptedChange(path);
    reports.push(
      layer.auditImage(path, { ...options, knownFindings, stats: context.stats, budget: startBudget() }),
    );
  }
  progress.clear();
  return [
    ...reports,
    ...unreadable.map(({ path, error }) => unreadableImage(path, layer.reportError(error, path))),
  ];
}

function unreadableImage(path: string, error: NonNullable<ImageReport["error"]>): ImageReport {
  return {
    path,
    role: "leaf",
    container: null,
    partitionTable: null,
    volumes: [],
    guests: [],
    findings: [],
    error,
  };
}

function formatForReader(
  report: AuditReport,
  explains: boolean,
  file: HostFile | undefined,
  context: Context,
): string {
  const colour = file === undefined && wantsColour(context, context.stdout);
  return formatTable(report, { colour, width: tableWidth(context), explains });
}

async function printErrors({ images }: AuditReport, { stderr }: Context): Promise<void> {
  for (const { error } of images) {
    if (error !== null) await stderr.write(describeErrorReport(error));
  }
}

async function conclude(
  report: AuditReport,
  failOn: readonly FailOn[],
  isQuiet: boolean,
  context: Context,
): Promise<ExitCode> {
  const violated = failOn.filter((condition) => isViolated(report, condition));
  if (violated.length > 0 && !isQuiet) {
    await context.stderr.write(`vmguest: found what --fail-on forbids: ${violated.join(", ")}\n`);
  }
  const errors = report.images.flatMap(({ error }) => (error === null ? [] : [error]));
  return gravestOf([...errors.map(exitCodeOfImage), ...(violated.length > 0 ? [EXIT.policyFailed] : [])]);
}

function isViolated({ images }: AuditReport, condition: FailOn): boolean {
  if (condition === "error") {
    return images.some(
      ({ error, findings }) => error !== null || findings.some(({ severity }) => severity === "error"),
    );
  }
  return images.some(({ guests }) => guests.some(({ verdict }) => verdict.status === condition));
}
