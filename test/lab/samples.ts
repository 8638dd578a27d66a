import {
  buildGuestDisc,
  buildIcPackage,
  icPackageFileName,
  type LabIcPackage,
  SYNTHETIC,
} from "./ic-package.ts";
import type { LabMsi } from "./msi.ts";
import { buildSignedMsi, pemOf, THROW_AWAY } from "./signing/index.ts";

/**
 * The samples that the lab builds, by file name: a package, the disc of a host with packages for all its guests, and the
 * root that vouches for their signer. Nothing in them depends on zlib, whose output differs from one Node to the next.
 */
export function buildSamples(): ReadonlyMap<string, Uint8Array> {
  const packages = { amd64: packagesFor("amd64"), x86: packagesFor("x86") };
  const single: LabIcPackage = { compression: "lzx" };
  return new Map([
    [icPackageFileName(single), buildIcPackage(single)],
    ["vmguest.iso", buildGuestDisc({ packages })],
    ["throw-away-root.pem", Buffer.from(pemOf(THROW_AWAY.root.certificate))],
  ]);
}

function packagesFor(architecture: "amd64" | "x86"): ReadonlyMap<string, Uint8Array> {
  const cabinets = (["6.x", "6.2"] as const).map(
    (target): LabIcPackage => ({ target, architecture, compression: "none" }),
  );
  const platform = architecture === "amd64" ? "x64" : "x86";
  return new Map([
    [`Windows5.x-HyperVIntegrationServices-${platform}.msi`, buildSignedMsi(msiFor(platform))],
    ...cabinets.map((options) => [icPackageFileName(options), buildIcPackage(options)] as const),
  ]);
}

function msiFor(platform: "x64" | "x86"): LabMsi {
  return {
    properties: {
      ProductName: "Hyper-V Integration Services (version 6.3.9600.19456)",
      ProductVersion: "6.3.9600.19456",
      ProductCode: "{00000000-0000-0000-0000-000000019456}",
      Manufacturer: "vmguest",
      ProductLanguage: "1033",
      ARPCOMMENTS: SYNTHETIC,
    },
    summary: {
      1: 1252,
      2: "Installation Database",
      3: "Hyper-V Integration Services",
      6: SYNTHETIC,
      7: platform === "x64" ? "x64;1033" : "Intel;1033",
      9: "{00000000-0000-0000-0000-000000019456}",
      14: 200,
    },
  };
}
