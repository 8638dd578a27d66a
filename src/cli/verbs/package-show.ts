// SPDX-License-Identifier: MIT
import type { OfferedPackage } from "../../package/catalogue/index.ts";
import {
  describeParents,
  formatJson,
  formatPackages,
  type PackageReport,
  type ShownPackage,
} from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { tableWidth, wantsColour } from "../context.ts";
import { printFindings } from "../damage.ts";
import { toFindingReport } from "../error-report.ts";
import { exitCodeOfFinding, gravestOf } from "../exit-codes.ts";
import { PACKAGES, STATS, TEXT_OR_JSON, TRUST_ROOT } from "./common-options.ts";
import { readOffers } from "./packages/offers.ts";

export const packageShow = defineCommand({
  name: "package show",
  describe:
    "Show what packages are: version, architecture, whom they serve, what they bring, who signed them",
  details:
    "Finds the packages in cabinets, MSIs, MSUs, disc images, self-extractors and folders of them, also those inside of " +
    "others, and shows each as audit --package would offer it. The signature is verified, but not every file of the " +
    "package: package verify does that.",
  positionals: { paths: PACKAGES },
  options: { "trust-root": TRUST_ROOT, format: TEXT_OR_JSON, stats: STATS },
  examples: [
    ["vmguest package show vmguest.iso", "See which guests a disc has packages for"],
    ["vmguest package show Windows8.1-KB5063950-x64.msu --format json", "Have the same for a script"],
  ],
  async run(args, context) {
    const request = { paths: args.paths, trustRoots: args["trust-root"] };
    const { offers, findings } = await readOffers(request, context);
    context.imageCount += new Set(offers.map(({ place }) => place[0])).size;
    const report: PackageReport = {
      schema: "vmguest.package/1",
      trustRoots: args["trust-root"],
      packages: offers.map(describeOffer),
      findings: findings.map((found) => toFindingReport(found, found.where.image ?? "")),
    };
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    await context.stdout.write(args.format === "json" ? formatJson(report) : formatPackages(report, options));
    await printFindings(findings, context);
    return gravestOf(findings.map(exitCodeOfFinding));
  },
});

function describeOffer(offer: OfferedPackage): ShownPackage {
  return { path: offer.place.join("/"), ...offer, serves: describeParents(offer.parents) };
}
