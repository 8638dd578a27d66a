// SPDX-License-Identifier: MIT
import type { PackageVerification } from "../../package/catalogue/index.ts";
import {
  formatJson,
  formatPackageIntegrity,
  formatPackageVerification,
  isTrustedThroughout,
  type PackageIntegrity,
  type PackageIntegrityReport,
  type PackageVerificationReport,
  type VerificationReport,
  type VerifiedPath,
} from "../../report/index.ts";
import { defineCommand } from "../command.ts";
import { type Context, tableWidth, wantsColour } from "../context.ts";
import { printErrors } from "../damage.ts";
import { toFindingReport } from "../error-report.ts";
import { EXIT, type ExitCode, gravestOf } from "../exit-codes.ts";
import { PACKAGES, STATS, TEXT_OR_JSON, TRUST_ROOT } from "./common-options.ts";
import { eachPackage } from "./packages/each-package.ts";
import { checkIntegrity } from "./packages/integrity.ts";
import { readTrustRoots } from "./packages/trust-roots.ts";

export const packageVerify = defineCommand({
  name: "package verify",
  describe: "Verify that packages are Microsoft's and whole: signature, catalogs, manifests, every member",
  details:
    "Verifies the signature of each cabinet and MSI up to Microsoft's roots, then the catalogs of cabinets, and the " +
    "digest of every member against catalog and manifest; packages inside of others are verified each by itself, and one that goes on in other cabinets of a set is not " +
    "trusted. No store of the host is asked, and nothing is fetched. The verdicts are microsoft, signed-unknown-root, tampered and " +
    "unsigned. The exit code is 0 where every package is microsoft or signed under a root that --trust-root names, 1 " +
    "where one is not, and 3 where one could not be read. With --integrity-only, it is 0 where all can be unpacked and " +
    "3 where not.",
  positionals: { paths: PACKAGES },
  options: {
    "trust-root": TRUST_ROOT,
    "integrity-only": {
      kind: "flag",
      describe:
        "Only unpack everything and compare the checksums of cabinets, which say nothing of who made them",
    },
    format: TEXT_OR_JSON,
    stats: STATS,
  },
  examples: [
    ["vmguest package verify vmguest.iso", "See whether the packages on a disc are genuine"],
    ["vmguest package verify build/ic.cab --trust-root build/root.pem", "Verify a package of your own"],
    ["vmguest package verify /packages --integrity-only", "Find damaged downloads"],
  ],
  async run(args, context) {
    const roots = readTrustRoots(args["trust-root"]);
    if (args["integrity-only"]) return await verifyIntegrity(args.paths, args.format === "json", context);
    const { verifyPackage } = await import("../../package/catalogue/index.ts");
    const trust = { roots, now: new Date() };
    const packages = await eachPackage<VerifiedPath>(args.paths, context, {
      read: async ({ path, source, findPart }) => {
        const verification = toReport(verifyPackage(source, { trust, resolvePart: findPart }), path);
        return { path, verification, error: null };
      },
      fail: (path, error) => ({ path, verification: null, error }),
    });
    const report: PackageVerificationReport = {
      schema: "vmguest.package-verification/1",
      trustRoots: args["trust-root"],
      packages,
    };
    const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
    const text = args.format === "json" ? formatJson(report) : formatPackageVerification(report, options);
    await context.stdout.write(text);
    const isTrusted = packages.every(
      ({ verification }) => verification === null || isTrustedThroughout(verification),
    );
    return gravestOf([await printErrors(packages, context), isTrusted ? EXIT.fine : EXIT.policyFailed]);
  },
});

/** Problems with their places as text, here and in the packages inside. */
function toReport({ problems, packages, ...found }: PackageVerification, path: string): VerificationReport {
  return {
    ...found,
    problems: problems.map((problem) => toFindingReport(problem, path)),
    packages: packages.map((packed) => {
      return { path: packed.path, verification: toReport(packed.verification, `${path}/${packed.path}`) };
    }),
  };
}

async function verifyIntegrity(
  paths: readonly string[],
  isJson: boolean,
  context: Context,
): Promise<ExitCode> {
  const packages = await eachPackage<PackageIntegrity>(paths, context, {
    read: checkIntegrity,
    fail: (path, error) => ({ path, kind: null, cabinets: 0, files: 0, bytes: 0, damage: [], error }),
  });
  const report: PackageIntegrityReport = { schema: "vmguest.package-integrity/1", packages };
  const options = { colour: wantsColour(context, context.stdout), width: tableWidth(context) };
  await context.stdout.write(isJson ? formatJson(report) : formatPackageIntegrity(report, options));
  const damage = packages.flatMap((checked) => checked.damage.map((error) => ({ error })));
  return await printErrors([...damage, ...packages], context);
}
