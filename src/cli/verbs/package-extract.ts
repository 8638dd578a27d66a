// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../../audit/index.ts";
import { requirePackage } from "../../batch/index.ts";
import { located, VmguestError } from "../../errors.ts";
import {
  type ExtractedFile,
  formatJson,
  formatPackageExtraction,
  type PackageEntry,
  type PackageExtraction,
} from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { printDamage, printErrors } from "../damage.ts";
import { toErrorReport, toFindingReport } from "../error-report.ts";
import { EXIT, gravestOf } from "../exit-codes.ts";
import { Progress } from "../progress.ts";
import { limitOf } from "../read-limits.ts";
import { STATS, TEXT_OR_JSON } from "./common-options.ts";
import { planExtraction } from "./packages/extraction-plan.ts";
import { HostFiles } from "./packages/host-files.ts";
import { type OpenedPackage, openPackage } from "./packages/opened-package.ts";
import { openPath } from "./packages/package-path.ts";
import { TargetFolder } from "./packages/target-folder.ts";

export const packageExtract = defineCommand({
  name: "package extract",
  describe: "Take files out of a cabinet, an MSU or a disc image",
  details:
    "Writes all files of a package, or those that are named, below a folder, which is made where it does not exist. " +
    "Nothing is written outside of it: names that would lead away, name a device or fall together on a file system " +
    "that ignores case are refused with exit code 4 before anything is written, and symbolic links below the folder are " +
    "not followed. What exists is never overwritten without --force. A file that cannot be unpacked to its end is " +
    "left out, and the exit code is 3.",
  positionals: {
    package: { describe: "Package, or a path that goes on into one" },
    folder: { describe: "Folder of the host" },
    members: {
      describe: "Files or folders of the package, or patterns such as '*.mum'; all without them",
      isMany: true,
      isOptional: true,
    },
  },
  options: {
    force: { kind: "flag", describe: "Overwrite files that exist, each when the new one is whole" },
    "skip-unsafe": {
      kind: "flag",
      describe: "Extract the others where a name is refused; the exit code is 4 all the same",
    },
    salvage: {
      kind: "flag",
      describe:
        "Write what can be unpacked of damaged files as well, with zeros for what is lost; the exit code is 3 all the same",
    },
    "limit-total-bytes": {
      kind: "number",
      describe: "Refuse to write more than this in all; 0 is no limit",
      default: "8589934592",
    },
    "limit-ratio": {
      kind: "number",
      describe:
        "Refuse to unpack more than 256 MiB where it is more than so many times the cabinet; 0 is no limit",
      default: "250",
    },
    format: TEXT_OR_JSON,
    stats: STATS,
  },
  examples: [
    ["vmguest package extract Windows6.x-HyperVIntegrationServices-x64.cab out", "Unpack a cabinet"],
    ["vmguest package extract vmguest.iso out support/amd64", "Copy a folder off a disc image"],
    [
      "vmguest package extract update.msu/WSUSSCAN.cab out '*.xml'",
      "Unpack some files of a cabinet in an MSU",
    ],
  ],
  async run(args, context) {
    using files = new HostFiles(context.stats);
    context.imageCount++;
    const from = await openPath(requirePackage(args.package), files);
    const limits = { totalBytes: limitOf(args["limit-total-bytes"]), ratio: limitOf(args["limit-ratio"]) };
    const opened = await openPackage(from, { isSalvaging: args.salvage, limits });
    if (opened.kind === "msi") {
      throw new VmguestError("USAGE", "an MSI is a database, out of which no files can be taken", {
        image: from.path,
      });
    }
    const wish = { package: from.path, wanted: args.members, limitBytes: limits.totalBytes };
    const plan = planExtraction(opened.entries, wish);
    const refusal = await printDamage(plan.refused, context);
    if (refusal !== EXIT.fine && !args["skip-unsafe"]) {
      await context.stderr.write("vmguest: nothing was extracted; --skip-unsafe extracts the others\n");
      return refusal;
    }
    const target = TargetFolder.at(args.folder, { isReplacing: args.force, inputs: files.paths });
    for (const entry of plan.entries) target.check(entry);
    const foundBefore = opened.findings.length;
    const written = writeAll(opened, plan.entries, target, from.path, Progress.open(context));
    const report: PackageExtraction = {
      schema: "vmguest.package-extraction/1",
      package: from.path,
      folder: args.folder,
      files: written.files,
      lost: written.lost,
      refused: plan.refused.map((error) => toErrorReport(error, from.path)),
      findings: opened.findings.map((found) => toFindingReport(found, from.path)),
      error: written.error,
    };
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    const text = args.format === "json" ? formatJson(report) : formatPackageExtraction(report, options);
    await context.stdout.write(text);
    const failures = await printErrors([...report.lost.map((error) => ({ error })), report], context);
    // Reading went around damage where it was told to, and what was written is not what was packed.
    const loss = opened.findings.length > foundBefore ? EXIT.unreadable : EXIT.fine;
    return gravestOf([refusal, failures, loss]);
  },
});

type Written = Pick<PackageExtraction, "files" | "lost" | "error">;

/**
 * Writes what was planned, in the order of the package. A file that is damaged is left out, since others may be whole;
 * trouble with the host ends it.
 */
function writeAll(
  opened: OpenedPackage,
  entries: readonly PackageEntry[],
  target: TargetFolder,
  path: string,
  progress: Progress,
): Written {
  const wanted = new Set(entries);
  const files: ExtractedFile[] = [];
  const lost: ErrorReport[] = [];
  try {
    for (const entry of entries) if (entry.isDirectory) target.makeFolder(entry.path);
    for (const { entry, chunks } of opened.contents((candidate) => wanted.has(candidate))) {
      progress.show(entry.path);
      try {
        files.push({ path: entry.path, sizeBytes: target.writeFile({ ...entry, chunks }) });
      } catch (error) {
        if (!(error instanceof VmguestError) || !isDamage(error)) throw error;
        lost.push(toErrorReport(located(error, { path: entry.path }), path));
      }
    }
    return { files, lost, error: null };
  } catch (error) {
    return { files, lost, error: toErrorReport(error, path) };
  } finally {
    progress.clear();
  }
}

function isDamage({ kind }: VmguestError): boolean {
  return kind === "corrupt" || kind === "unsupported";
}
