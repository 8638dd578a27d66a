// SPDX-License-Identifier: MIT
import type { ErrorReport } from "../audit/index.ts";
import type { PackageKind } from "./package-list.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible } from "./visible-text.ts";

/** Whether all that is packed can be unpacked, `package verify --integrity-only --format json`. */
export interface PackageIntegrityReport {
  readonly schema: "vmguest.package-integrity/1";
  readonly packages: readonly PackageIntegrity[];
}

export interface PackageIntegrity {
  /** A file of the host, or the way on into it, with `/`. */
  readonly path: string;
  /** Null where it could not be told. */
  readonly kind: PackageKind | null;
  /** Cabinets that were unpacked: 1 for a cabinet itself, any number for what holds some. */
  readonly cabinets: number;
  /** Files that could be unpacked to their end, with checksums that hold, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** What could not be unpacked, and what is wrong with a package that keeps it from being sound all the same. */
  readonly damage: readonly ErrorReport[];
  readonly error: ErrorReport | null;
}

/** A line for each package: whether it is sound, and how much of it was unpacked. */
export function formatPackageIntegrity(
  { packages }: PackageIntegrityReport,
  { colour }: TableOptions,
): string {
  const paint = paintWith(colour);
  const lines = packages.map((checked) => {
    const isSound = checked.error === null && checked.damage.length === 0;
    const text = describeIntegrity(checked);
    return `${makeVisible(checked.path)}: ${isSound ? text : paint("red", text)}\n`;
  });
  return lines.join("");
}

function describeIntegrity({ cabinets, files, bytes, damage, error }: PackageIntegrity): string {
  if (error !== null) return `could not be read [${error.code}]`;
  if (cabinets === 0 && damage.length === 0) return "holds no cabinet, so that there is nothing to check";
  const amount = `${files} file${files === 1 ? "" : "s"}, ${bytes} bytes`;
  return damage.length === 0
    ? `sound, ${amount}`
    : `damaged in ${damage.length} place${damage.length === 1 ? "" : "s"}, sound are ${amount}`;
}
