import { buildGuestDisc, buildIcPackage, icPackageFileName, type LabIcPackage } from "./ic-package.ts";
import { pemOf, THROW_AWAY } from "./signing/index.ts";

/**
 * The samples that the lab builds, by file name: a package, the disc of a host with packages for all its guests, and the
 * root that vouches for their signer. Nothing in them depends on zlib, whose output differs from one Node to the next.
 */
export function buildSamples(): ReadonlyMap<string, Uint8Array> {
  const packages = { amd64: packagesFor("amd64"), x86: packagesFor("x86") };
  const single: LabIcPackage = { compression: "none" };
  return new Map([
    [icPackageFileName(single), buildIcPackage(single)],
    ["vmguest.iso", buildGuestDisc({ packages })],
    ["throw-away-root.pem", Buffer.from(pemOf(THROW_AWAY.root.certificate))],
  ]);
}

function packagesFor(architecture: "amd64" | "x86"): ReadonlyMap<string, Uint8Array> {
  const packages = (["6.x", "6.2"] as const).map(
    (target): LabIcPackage => ({ target, architecture, compression: "none" }),
  );
  return new Map(packages.map((options) => [icPackageFileName(options), buildIcPackage(options)]));
}
