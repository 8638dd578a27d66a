// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import { isKnownCodePage } from "./code-pages.ts";
import { readCompoundFile } from "./compound-file.ts";
import { Database } from "./database.ts";
import { readSummary, SUMMARY, SUMMARY_STREAM } from "./summary.ts";

/** For which processors an MSI is. */
export type MsiArchitecture = "x86" | "x64" | "ia64" | "arm64" | "unknown";

/** What an MSI says about the product it installs; null where it says nothing. */
export interface MsiFacts {
  readonly productName: string | null;
  /** Two to four numbers, as written: `6.3.9600.16384`. */
  readonly productVersion: string;
  /** GUID in braces: which product. */
  readonly productCode: string | null;
  /** GUID in braces: which family of products. */
  readonly upgradeCode: string | null;
  readonly manufacturer: string | null;
  /** By the template; unknown where that names no processor or several. */
  readonly architecture: MsiArchitecture;
  /** Processors and languages of the summary, `Intel;1033`. */
  readonly template: string | null;
  readonly title: string | null;
  readonly subject: string | null;
  /** GUID in braces: which build of the MSI. */
  readonly packageCode: string | null;
  /** Whether it carries a signature; `verifyMsi` says what that is worth. */
  readonly isSigned: boolean;
  /** All of the table Property. */
  readonly properties: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/** GUIDs of the root of what is like an MSI and is none. */
const OTHER_CLASSES: ReadonlyMap<string, string> = new Map([
  ["000c1086-0000-0000-c000-000000000046", "a patch (MSP)"],
  ["000c1082-0000-0000-c000-000000000046", "a transform (MST)"],
]);

const SIGNATURE_STREAM = "\u0005DigitalSignature";

/** Platforms of a template (Windows SDK, "Template Summary property"); `AMD64` is what x64 was called at first. */
const PLATFORMS: ReadonlyMap<string, MsiArchitecture> = new Map([
  ["intel", "x86"],
  ["x64", "x64"],
  ["amd64", "x64"],
  ["intel64", "ia64"],
  ["arm64", "arm64"],
]);

/**
 * Reads the properties and the summary of an MSI, and nothing else of it. A damaged summary is a finding.
 *
 * Throws the CFB_ errors where the file around the database is damaged, MSI_NOT where there is none, MSI_POOL and
 * MSI_TABLE where it is damaged, MSI_NO_PROPERTY where it states no version, or LIMIT_EXCEEDED.
 */
export function readMsi(source: ByteSource): MsiFacts {
  const file = readCompoundFile(source);
  const other = OTHER_CLASSES.get(file.classId);
  if (other !== undefined) {
    throw new VmguestError("MSI_NOT", `the file is ${other}`, { structure: "compound file" });
  }
  const database = new Database(file);
  const properties = readProperties(database);
  const productVersion = properties.get("ProductVersion");
  if (productVersion === undefined) {
    throw new VmguestError("MSI_NO_PROPERTY", "there is no ProductVersion", { structure: "table Property" });
  }
  const findings: Finding[] = [];
  const summary = trySummary(database, findings);
  const { codePage } = database.pool;
  if (!isKnownCodePage(codePage)) findings.push(finding("MSI_CODE_PAGE", `the code page is ${codePage}`));
  const template = textOf(summary, SUMMARY.template);
  return {
    productName: properties.get("ProductName") ?? null,
    productVersion,
    productCode: properties.get("ProductCode") ?? null,
    upgradeCode: properties.get("UpgradeCode") ?? null,
    manufacturer: properties.get("Manufacturer") ?? null,
    architecture: architectureOf(template),
    template,
    title: textOf(summary, SUMMARY.title),
    subject: textOf(summary, SUMMARY.subject),
    packageCode: textOf(summary, SUMMARY.packageCode),
    isSigned: database.stream(SIGNATURE_STREAM) !== undefined,
    properties,
    findings,
  };
}

function readProperties(database: Database): Map<string, string> {
  const rows = database.readTable("Property", ["Property", "Value"]);
  if (rows === undefined) {
    throw new VmguestError("MSI_NO_PROPERTY", "there is no table Property", { structure: "MSI" });
  }
  const properties = new Map<string, string>();
  for (const [name, value] of rows) {
    if (typeof name === "string" && typeof value === "string") properties.set(name, value);
  }
  return properties;
}

function trySummary(database: Database, findings: Finding[]): ReadonlyMap<number, string | number> {
  const stream = database.stream(SUMMARY_STREAM);
  if (stream === undefined) {
    findings.push(finding("MSI_SUMMARY", "there is no summary"));
    return new Map();
  }
  try {
    return readSummary(stream);
  } catch (error) {
    if (!(error instanceof VmguestError)) throw error;
    findings.push(findingOf(new VmguestError("MSI_SUMMARY", error.message, error.where)));
    return new Map();
  }
}

function textOf(summary: ReadonlyMap<number, string | number>, id: number): string | null {
  const value = summary.get(id);
  return typeof value === "string" && value !== "" ? value : null;
}

/** `Intel;1033`: the part before the semicolon. Microsoft's pages differ on what an empty one means. */
function architectureOf(template: string | null): MsiArchitecture {
  const [platforms = ""] = (template ?? "").split(";");
  return PLATFORMS.get(platforms.trim().toLowerCase()) ?? "unknown";
}
