import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { auditImage, type GuestReport } from "../../../src/audit/index.ts";
import { type ByteSource, MemorySource } from "../../../src/io/index.ts";
import { findOffers, type TrustOptions } from "../../../src/package/index.ts";
import type { ImageChangeOptions, StagingOptions } from "../../../src/staging/options.ts";
import { buildIcPackage, FEW_COMPONENTS } from "../../lab/ic-package.ts";
import { THROW_AWAY } from "../../lab/signing/index.ts";
import { FIXTURES, fixturesIn } from "../../support/fixtures.ts";
import type { StagedGuest } from "./guests.ts";

export const HOST = "ws2012r2";

/** Time of every change; no guest was built at it. */
export const NOW = new Date("2024-05-06T07:08:09.012Z");
/** The same as istat prints it. */
export const NOW_TEXT = "2024-05-06 07:08:09.012000000 (UTC)";

/** What every change of an image is told, the same at every run. */
export function changeOptions(more: Partial<ImageChangeOptions> = {}): ImageChangeOptions {
  let count = 0;
  return {
    host: HOST,
    toolVersion: "0.0.0",
    newGuid: () => `5b0c7c3e-9f1a-4d2b-8e6f-${String(++count).padStart(12, "0")}`,
    now: NOW,
    ...more,
  };
}

/** What a change is told that stages Microsoft's packages of a version. */
export function microsoftsPackages(version: "18692" | "19456"): StagingOptions {
  return offering(
    fixturesIn(`ic-cab/6.3.9600.${version}`).map((name) => join(FIXTURES, name)),
    readFile,
    { now: NOW },
  );
}

/** The same with a package of the newest version for Windows 8 on x86, which is signed under a root of our own. */
export function labPackage(): StagingOptions {
  const components = FEW_COMPONENTS.slice(0, 1);
  const cabinet = buildIcPackage({
    target: "6.2",
    architecture: "x86",
    version: "6.3.9600.19456",
    components,
  });
  return offering(["lab.cab"], () => new MemorySource(cabinet), {
    roots: [THROW_AWAY.root.certificate],
    now: NOW,
  });
}

/** The same with one package of a file, under the root in another (PEM). */
export function packageFile(path: string, root: string): StagingOptions {
  return offering([path], readFile, {
    roots: [new X509Certificate(readFileSync(root)).raw],
    now: NOW,
  });
}

const readFile = (path: string): ByteSource => new MemorySource(readFileSync(path));

function offering(
  files: readonly string[],
  openFile: StagingOptions["openFile"],
  trust: TrustOptions,
): StagingOptions {
  const inputs = files.map((file) => ({ file, open: () => openFile(file) }));
  const { offers, findings } = findOffers(inputs, { trust });
  if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join("; "));
  return { ...changeOptions(), offered: offers, openFile, trust };
}

const PACKAGES = {
  "18692": () => microsoftsPackages("18692"),
  "19456": () => microsoftsPackages("19456"),
  lab: labPackage,
} as const;
const made = new Map<keyof typeof PACKAGES, StagingOptions>();

/** How a guest is staged: with its packages, and with leave to write to a differencing disk where it is one. */
export function stagingOf({
  packages = "18692",
  container,
}: Pick<StagedGuest, "packages" | "container">): StagingOptions {
  const options = made.get(packages) ?? PACKAGES[packages]();
  made.set(packages, options);
  return container === "vhdx-diff" ? { ...options, allowed: new Set(["STAGE_DIFFERENCING"]) } : options;
}

/** The only guest of an image, as an audit sees it. */
export function auditOnly(image: string, { offered }: Partial<StagingOptions> = {}): GuestReport {
  const { guests } = auditImage(image, { host: HOST, ...(offered !== undefined && { offered }) });
  const [guest, ...more] = guests;
  if (guest === undefined || more.length > 0) throw new Error(`${image} has ${guests.length} guests`);
  return guest;
}
