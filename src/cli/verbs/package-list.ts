// SPDX-License-Identifier: MIT
import {
  formatJson,
  formatPackageList,
  type PackageListing,
  type PackageListReport,
} from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { printErrors } from "../damage.ts";
import { toFindingReport } from "../error-report.ts";
import { EXIT, gravestOf } from "../exit-codes.ts";
import { PACKAGES, STATS, TEXT_OR_JSON } from "./common-options.ts";
import { eachPackage } from "./packages/each-package.ts";
import { openPackage, type PackageSource } from "./packages/opened-package.ts";

export const packageList = defineCommand({
  name: "package list",
  describe: "List what is in cabinets, MSUs and disc images, and what an MSI says of itself",
  details:
    "Lists files with their sizes in bytes, times as they are stored, attributes and compression, without unpacking " +
    "any. What a file is is told by its content, not by its name; folders are searched for .cab, .msi, .msu and .iso " +
    "files. A path may go on into a package, also through several: vmguest.iso/support/amd64/setup.exe. The other " +
    "cabinets of a set are looked for beside the one that is named. The exit code is 3 where not all could be listed, or " +
    "something is wrong with a package that will keep it from being unpacked.",
  positionals: { paths: PACKAGES },
  options: { format: TEXT_OR_JSON, stats: STATS },
  examples: [
    ["vmguest package list vmguest.iso", "See what is on the disc of the integration services"],
    [
      "vmguest package list vmguest.iso/support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab",
      "See what is in a cabinet on it",
    ],
    ["vmguest package list Windows8.1-KB5063950-x64.msu --format json", "Have the same for a script"],
  ],
  async run(args, context) {
    const packages = await eachPackage<PackageListing>(args.paths, context, {
      read: listPackage,
      fail: (path, error) => ({ ...NOTHING_KNOWN, path, error }),
    });
    const report: PackageListReport = { schema: "vmguest.package-list/1", packages };
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    await context.stdout.write(
      args.format === "json" ? formatJson(report) : formatPackageList(report, options),
    );
    const isWhole = packages.every(({ findings }) => findings.every(({ severity }) => severity !== "error"));
    return gravestOf([await printErrors(packages, context), isWhole ? EXIT.fine : EXIT.unreadable]);
  },
});

async function listPackage(from: PackageSource): Promise<PackageListing> {
  const { kind, disc, msi, entries, findings } = await openPackage(from);
  return {
    path: from.path,
    kind,
    sizeBytes: from.source.sizeBytes,
    disc,
    msi,
    entries,
    findings: findings.map((found) => toFindingReport(found, from.path)),
    error: null,
  };
}

const NOTHING_KNOWN: Omit<PackageListing, "path" | "error"> = {
  kind: null,
  sizeBytes: null,
  disc: null,
  msi: null,
  entries: [],
  findings: [],
};
