// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { type TrustOptions, verifyCabinet, verifyMsi } from "../authenticode/index.ts";
import type { Cabinet, CabMember } from "../cab/index.ts";
import { readMsi } from "../msi/index.ts";
import { type PackageManifest, readPackageManifest } from "../mum/index.ts";
import { MANIFEST_SIZE_MAX, readMember } from "./cabinet-members.ts";
import type { LookBudget } from "./look-budget.ts";
import type { OfferedPackage, PackageArchitecture } from "./offered-package.ts";

/** What a package says of itself, wherever it lies. */
export type Offer = Omit<OfferedPackage, "place" | "name" | "sizeBytes">;

/** The manifest of the package that a cabinet is. */
export function readManifest(cabinet: Cabinet, member: CabMember, budget: LookBudget): PackageManifest {
  budget.unpack([member]);
  return readPackageManifest(readMember(cabinet, member, MANIFEST_SIZE_MAX));
}

/** The offer that a cabinet with such a manifest is; its signature is verified over all of it. */
export function offerCabinet(manifest: PackageManifest, source: ByteSource, trust: TrustOptions): Offer {
  const { identity, kb, parents, restart, updates } = manifest;
  return {
    kind: "cab",
    isIntegrationServices: bringsIntegrationServices(manifest),
    identity,
    kb,
    version: identity.version,
    architecture: ARCHITECTURES.get(identity.architecture.toLowerCase()) ?? "unknown",
    parents,
    restart,
    updates,
    signature: verifyCabinet(source, trust),
  };
}

/** Microsoft's is called `Hyper-V Integration Services (version ...)`, that of 2008 `... Components`. */
const PRODUCT_NAME = /\bhyper-v\b.*\bintegration (?:services|components)\b/i;

/** The offer that an MSI is. */
export function offerMsi(source: ByteSource, trust: TrustOptions): Offer {
  const { productName, productVersion, architecture } = readMsi(source);
  return {
    kind: "msi",
    isIntegrationServices: PRODUCT_NAME.test(productName ?? ""),
    identity: null,
    kb: null,
    version: productVersion,
    architecture,
    parents: [],
    restart: null,
    updates: [],
    signature: verifyMsi(source, trust),
  };
}

const ARCHITECTURES: ReadonlyMap<string, PackageArchitecture> = new Map([
  ["x86", "x86"],
  ["amd64", "x64"],
  ["arm64", "arm64"],
  ["ia64", "ia64"],
]);

/** `...-Package` serves NT 6.0 and 6.1, `...-Package-2` NT 6.2 and 6.3. */
const PACKAGE_NAME = /^microsoft-hyper-v-integration-services-package(?:-\d+)?$/i;

/** Drivers without which there are none: the bus, and the services, whose INF has another name since NT 6.2. */
const BUS_DRIVER = /^wvmbus\.inf$/i;
const SERVICES_DRIVER = /^wvmic2?\.inf$/i;

/**
 * By its name, or by its drivers: the packages before those of 2012 have other names. It takes the bus and the services,
 * since an update of Windows may bring a new driver for Hyper-V and is no such package for that.
 */
export function bringsIntegrationServices({ identity, updates }: PackageManifest): boolean {
  if (PACKAGE_NAME.test(identity.name)) return true;
  const drivers = updates.flatMap((update) => update.drivers.map(({ inf }) => inf ?? ""));
  return drivers.some((inf) => BUS_DRIVER.test(inf)) && drivers.some((inf) => SERVICES_DRIVER.test(inf));
}
