// SPDX-License-Identifier: MIT
import type { ErrorReport, FindingReport } from "../audit/index.ts";
import { formatImageFindings } from "./findings.ts";
import { labelled } from "./labelled.ts";
import { paintWith } from "./paint.ts";
import type { TableOptions } from "./table-options.ts";
import { makeVisible, shownName } from "./visible-text.ts";

/** What is inside of packages, `package list --format json`; its JSON Schema is docs/schema/package-list-1.schema.json. */
export interface PackageListReport {
  readonly schema: "vmguest.package-list/1";
  readonly packages: readonly PackageListing[];
}

/** `msu` is a cabinet that holds cabinets for Windows Update; `cabinets` is any other file with cabinets inside of it. */
export type PackageKind = "cab" | "msu" | "cabinets" | "iso" | "msi";

export interface PackageListing {
  /** A file of the host, or the way on into it, with `/`. */
  readonly path: string;
  /** Null where it could not be told. */
  readonly kind: PackageKind | null;
  readonly sizeBytes: number | null;
  /** Null for what is no disc image. */
  readonly disc: DiscDetails | null;
  /** Null for what is no MSI. */
  readonly msi: MsiDetails | null;
  /** In stored order; an MSI is a database, and has none. */
  readonly entries: readonly PackageEntry[];
  readonly findings: readonly FindingReport[];
  readonly error: ErrorReport | null;
}

export interface DiscDetails {
  /** The file system of the disc that is read: `udf`, `joliet`, `rock-ridge`, `iso9660`. */
  readonly fileSystem: string;
  readonly label: string;
}

export interface MsiDetails {
  readonly productName: string | null;
  /** Two to four numbers, as written. */
  readonly productVersion: string;
  /** GUID in braces: which product. */
  readonly productCode: string | null;
  /** GUID in braces: which family of products. */
  readonly upgradeCode: string | null;
  readonly manufacturer: string | null;
  /** `x86`, `x64`, `ia64`, `arm64` or `unknown`. */
  readonly architecture: string;
  /** Whether it carries a signature; listing does not verify it. */
  readonly isSigned: boolean;
}

export interface PackageEntry {
  /** As stored, with `/`. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly sizeBytes: number;
  /** ISO 8601, without a zone where the package has none; null where it is no date. */
  readonly modified: string | null;
  /** `read-only`, `hidden`, `system`, `archive`, `execute`. */
  readonly attributes: readonly string[];
  /** `none`, `mszip`, `quantum`, `lzx`; null where the format compresses nothing. */
  readonly compression: string | null;
  /** Why the name must not become a path of the host; null where it may. */
  readonly unsafe: string | null;
}

/** The listings for a person: a line for each package and one for each file in it, with the name last and uncut. */
export function formatPackageList({ packages }: PackageListReport, { colour, width }: TableOptions): string {
  const paint = paintWith(colour);
  const blocks = packages.map((listing) => {
    const { path, entries, findings, msi, error } = listing;
    const summary = error === null ? describeKind(listing) : `could not be read [${error.code}]`;
    const lines = [
      `${paint("bold", makeVisible(path))}: ${error === null ? summary : paint("red", summary)}`,
      ...(msi === null ? [] : describeMsi(msi, width)),
      ...entries.map(formatEntry),
      ...formatImageFindings({ path, findings: withoutNames(findings) }, width, paint),
    ];
    return lines.map((line) => `${line}\n`).join("");
  });
  return blocks.join("\n");
}

/** The lines of the files say which names are unsafe. */
export function withoutNames(findings: readonly FindingReport[]): FindingReport[] {
  return findings.filter(({ code }) => code !== "CAB_NAME_UNSAFE");
}

const KIND_NAMES: Readonly<Record<PackageKind, string>> = {
  cab: "cabinet",
  msu: "update for Windows Update (MSU)",
  cabinets: "file with cabinets in it",
  iso: "disc image",
  msi: "Windows Installer package",
};

function describeKind({ kind, disc, entries, sizeBytes }: PackageListing): string {
  const words = [kind === null ? "package" : KIND_NAMES[kind]];
  if (disc !== null) words.push(`${disc.fileSystem}, label ${shownName(disc.label)}`);
  if (kind === "msi") return [...words, `${sizeBytes} bytes`].join(", ");
  const files = entries.filter(({ isDirectory }) => !isDirectory);
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return [...words, `${files.length} file${files.length === 1 ? "" : "s"}, ${total} bytes`].join(", ");
}

function describeMsi(msi: MsiDetails, width: number): string[] {
  return labelled(
    [
      ["product", msi.productName],
      ["version", msi.productVersion],
      ["product code", msi.productCode],
      ["upgrade code", msi.upgradeCode],
      ["manufacturer", msi.manufacturer],
      ["architecture", msi.architecture],
      ["signature", msi.isSigned ? "present, not verified" : "none"],
    ],
    width,
  );
}

/** Room for the sizes of files up to a terabyte. */
const SIZE_WIDTH = 13;

/** The letters that ATTRIB.EXE has for them, and `X` for what a cabinet marks to be run. */
const ATTRIBUTE_LETTERS: readonly (readonly [attribute: string, letter: string])[] = [
  ["read-only", "R"],
  ["hidden", "H"],
  ["system", "S"],
  ["archive", "A"],
  ["execute", "X"],
];

const COMPRESSION_WIDTH = "quantum".length;

function formatEntry({
  path,
  isDirectory,
  sizeBytes,
  modified,
  attributes,
  compression,
  unsafe,
}: PackageEntry) {
  const time = modified === null ? "-".padEnd(19) : modified.slice(0, 19).replace("T", " ");
  const size = (isDirectory ? "<DIR>" : String(sizeBytes)).padStart(SIZE_WIDTH);
  const letters = ATTRIBUTE_LETTERS.map(([word, letter]) => (attributes.includes(word) ? letter : "-")).join(
    "",
  );
  const method = (compression ?? "-").padEnd(COMPRESSION_WIDTH);
  const remark = unsafe === null ? "" : `  (unsafe: ${makeVisible(unsafe)})`;
  return `${time}  ${size}  ${letters}  ${method}  ${makeVisible(path)}${remark}`;
}
