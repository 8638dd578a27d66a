// SPDX-License-Identifier: MIT
import type { FindingReport } from "../audit/index.ts";
import type { OfferedPackage } from "../package/catalogue/index.ts";
import { labelled } from "./labelled.ts";
import { paintWith } from "./paint.ts";
import { describeBriefly, describeVerdict, styleOfSignature } from "./signature-words.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName } from "./visible-text.ts";

/** What packages are, `package show --format json`; its JSON Schema is docs/schema/package-1.schema.json. */
export interface PackageReport {
  readonly schema: "vmguest.package/1";
  /** Files of the roots that were trusted beside Microsoft's. */
  readonly trustRoots: readonly string[];
  readonly packages: readonly ShownPackage[];
  /** What is no package, or could not be read. */
  readonly findings: readonly FindingReport[];
}

/** A package, with its place as a path and those it serves in words. */
export type ShownPackage = OfferedPackage & {
  /** A file of the host, or the way on into it, with `/`. */
  readonly path: string;
  /** In words, by {@link OfferedPackage.parents}. */
  readonly serves: readonly string[];
};

/** A block for each package: what it is, whom it serves, what it brings, who signed it. */
export function formatPackages({ packages }: PackageReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const blocks = packages.map((shown) => {
    const { path, identity, kb, restart, serves, signature } = shown;
    const name = identity === null ? null : shownName(identity.name);
    const verdict = paint(styleOfSignature(signature), describeVerdict(signature));
    const lines = [
      `${paint("bold", makeVisible(path))}: ${describePackage(shown)}, ${verdict}`,
      ...labelled(
        [
          ["package", name === null ? null : kb === null ? name : `${name} (${shownName(kb)})`],
          ["serves", serves],
          ["restart", restart],
          ["brings", describeDrivers(shown)],
          [
            "signed",
            signature.signers.length === 0 ? signature.reasons : signature.signers.map(describeBriefly),
          ],
        ],
        width,
      ),
    ];
    return lines.map((line) => `${line}\n`).join("");
  });
  return blocks.join("\n");
}

/** `integration services 6.3.9600.18692 for x64`. */
function describePackage({ isIntegrationServices, kind, version, architecture }: ShownPackage): string {
  const sort = isIntegrationServices
    ? "integration services"
    : kind === "msi"
      ? "MSI of another product"
      : "other package";
  return [sort, shownName(version), ...(architecture === "unknown" ? [] : [`for ${architecture}`])].join(" ");
}

/** Drivers by their version, and how many components there are beside them. */
function describeDrivers({ updates }: ShownPackage): string[] {
  const byVersion = new Map<string, Set<string>>();
  for (const { inf, identity } of updates.flatMap(({ drivers }) => drivers)) {
    const names = byVersion.get(identity.version) ?? new Set();
    byVersion.set(identity.version, names.add(inf ?? identity.name));
  }
  const drivers = [...byVersion].map(([version, names]) => `${[...names].join(", ")} ${version}`);
  const components = updates.flatMap((update) => update.components).length;
  return components === 0 ? drivers : [...drivers, `${components} component${components === 1 ? "" : "s"}`];
}
