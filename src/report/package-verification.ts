// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import type { MemberVerification, PackageVerification } from "../package/catalogue/index.ts";
import { formatImageFindings } from "./findings.ts";
import { labelled } from "./labelled.ts";
import { type Paint, paintWith } from "./paint.ts";
import { describeSignature, describeVerdict, styleOfSignature } from "./signature-words.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName } from "./visible-text.ts";

/**
 * Whether packages are genuine and whole, `package verify --format json`; its JSON Schema is
 * docs/schema/package-verification-1.schema.json.
 */
export interface PackageVerificationReport {
  readonly schema: "vmguest.package-verification/1";
  /** Files of the roots that were trusted beside Microsoft's. */
  readonly trustRoots: readonly string[];
  readonly packages: readonly VerifiedPath[];
}

export interface VerifiedPath {
  /** A file of the host, or the way on into it, with `/`. */
  readonly path: string;
  /** Null where the package could not be read. */
  readonly verification: VerificationReport | null;
  readonly error: ErrorReport | null;
}

/** A verification with its problems as reports tell them, and those of the packages inside. */
export type VerificationReport = Omit<PackageVerification, "problems" | "packages"> & {
  readonly problems: readonly FindingReport[];
  readonly packages: readonly { readonly path: string; readonly verification: VerificationReport }[];
};

/** The verdicts for a person: each with what it rests on below it, and those of packages inside of others last. */
export function formatPackageVerification(
  { packages }: PackageVerificationReport,
  { colour, width }: TableOptions,
): string {
  const paint = paintWith(colour);
  const blocks = packages.flatMap(({ path, verification, error }) => {
    if (verification !== null) return formatVerification(path, verification, width, paint);
    return [`${makeVisible(path)}: ${paint("red", `could not be read [${error?.code}]`)}\n`];
  });
  return blocks.join("\n");
}

function formatVerification(path: string, found: VerificationReport, width: number, paint: Paint): string[] {
  const { identity, signature, catalogs, members, reasons, problems, packages } = found;
  const lines = [
    `${paint("bold", makeVisible(path))}: ${summarise(found, paint)}`,
    ...labelled(
      [
        ["package", identity === null ? null : `${shownName(identity.name)} ${shownName(identity.version)}`],
        ["because", isHolder(found) ? null : reasons],
        ["signature", signature.signers.length === 0 ? null : describeSignature(signature)],
        [
          "catalog",
          catalogs.map(({ name, signature, digestCount }) => {
            return `${shownName(name)}: ${describeVerdict(signature)}, ${digestCount} digests`;
          }),
        ],
        ["files", catalogs.length === 0 ? null : countMembers(members)],
      ],
      width,
    ),
    ...formatImageFindings({ path, findings: problems }, width, paint),
  ];
  const own = lines.map((line) => `${line}\n`).join("");
  const inside = packages.flatMap((packed) =>
    formatVerification(`${path}/${packed.path}`, packed.verification, width, paint),
  );
  return [own, ...inside];
}

/** The verdict; what only holds packages has no signature, and is what they are. */
function summarise(found: VerificationReport, paint: Paint): string {
  if (!isHolder(found)) return paint(styleOfSignature(found), describeVerdict(found));
  const trusted = found.packages.filter(({ verification }) => isTrustedThroughout(verification)).length;
  const [holder, where] = found.kind === "iso" ? ["disc image", "on"] : ["file with cabinets in it", "in"];
  const counted = `${holder}, ${trusted} of ${found.packages.length} packages ${where} it trusted`;
  const text = hasErrors(found) ? `${counted}, and not all of it could be read` : counted;
  return paint(isTrustedThroughout(found) ? "green" : "yellow", text);
}

/**
 * Whether a package may be relied on with all packages inside of it; a disc or self-extractor, of which only they count,
 * if they all may. One that could not be read is not among them, but among the problems.
 */
export function isTrustedThroughout(found: VerificationReport): boolean {
  const { isTrusted, packages, problems } = found;
  const isInsideTrusted = packages.every(({ verification }) => isTrustedThroughout(verification));
  return isInsideTrusted && !hasErrors({ problems }) && (isHolder(found) ? packages.length > 0 : isTrusted);
}

/** Whether it is no package itself: what counts are the signatures of those inside. */
function isHolder({ kind }: VerificationReport): boolean {
  return kind === "iso" || kind === "cabinets";
}

function hasErrors({ problems }: Pick<VerificationReport, "problems">): boolean {
  return problems.some(({ severity }) => severity === "error");
}

function countMembers(members: readonly MemberVerification[]): string {
  const count = (isCounted: (member: MemberVerification) => boolean) => members.filter(isCounted).length;
  const listed = count(({ catalog }) => catalog === "matched" || catalog === "indirect");
  const parts = [
    `${members.length} in all`,
    `${listed} as trusted catalogs list them`,
    `${count(({ manifest }) => manifest === "matched")} as manifests list them`,
  ];
  return parts.join(", ");
}
