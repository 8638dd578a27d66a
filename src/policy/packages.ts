// SPDX-License-Identifier: MIT
import type { Architecture, OsFacts } from "../guest/index.ts";
import { findGuest, type NtVersion } from "./guests.ts";

/** How a package gets into a guest: a CAB through its servicing stack, an MSI, or not at all. */
export type Delivery = "cab" | "msi" | "none";

/** The package that serves a guest. */
export interface GuestPackage {
  /** Without extension; null where none serves the guest. */
  readonly name: string | null;
  readonly delivery: Delivery;
  /** Why there is none, or what should be known of the choice; null where there is nothing to say. */
  readonly note: string | null;
}

export type PackageGuest = Pick<OsFacts, "id" | "family" | "architecture" | "edition" | "name">;

/** Packages on vmguest.iso of 2012 and 2012 R2 by the guest's NT version; the parent list of each `update.mum` says so. */
const PACKAGES: Readonly<Record<Exclude<NtVersion, "10.0">, { prefix: string; delivery: "cab" | "msi" }>> = {
  "5.1": { prefix: "Windows5.x", delivery: "msi" },
  "5.2": { prefix: "Windows5.x", delivery: "msi" },
  "6.0": { prefix: "Windows6.x", delivery: "cab" },
  "6.1": { prefix: "Windows6.x", delivery: "cab" },
  "6.2": { prefix: "Windows6.2", delivery: "cab" },
  "6.3": { prefix: "Windows6.2", delivery: "cab" },
};

/** Microsoft built the packages for these alone. */
const ARCHITECTURES: Partial<Readonly<Record<Architecture, string>>> = { x86: "x86", x64: "x64" };

/** The editions of Windows Vista in the parent list of the Windows6.x CAB's `update.mum`. */
const VISTA_EDITIONS = ["Ultimate", "Business", "Enterprise", "UltimateN", "BusinessN", "EnterpriseN"];

/** The integration services package that serves a guest, or why none does. */
export function choosePackage(os: PackageGuest): GuestPackage {
  const { name, nt } = findGuest(os);
  if (nt === null) return nothing(`there is no integration services package for ${name}`);
  if (nt === "10.0") {
    return nothing(
      `there is no integration services package for ${name}: they come with the cumulative updates`,
    );
  }
  const architecture = ARCHITECTURES[os.architecture];
  if (architecture === undefined) {
    return nothing(
      os.architecture === "unknown"
        ? "the guest's architecture could not be determined, so that no package can be chosen"
        : `there is no integration services package for ${os.architecture} guests`,
    );
  }
  if (os.id === "vista" && !isServedVista(os)) {
    return nothing(
      "the Windows6.x package serves the Ultimate, Business and Enterprise editions of Windows Vista, not this one",
    );
  }
  const { prefix, delivery } = PACKAGES[nt];
  return {
    name: `${prefix}-HyperVIntegrationServices-${architecture}`,
    delivery,
    note: noteOn(os, delivery, architecture),
  };
}

/** The package's name without extension, `Windows6.x-HyperVIntegrationServices-x64`; null where none serves the guest. */
export function packageFor(os: PackageGuest): string | null {
  return choosePackage(os).name;
}

const IC_PACKAGE = /^windows[56]\.[0-9x]-hypervintegrationservices-(?:x86|x64)$/;

/**
 * False where a package is by its name the one of another sort of guest. A name that does not look like Microsoft's is
 * not held against it: whoever renamed it knows what it is, and the guest checks it again.
 */
export function mayServe(packageName: string, served: GuestPackage): boolean {
  if (served.name === null) return false;
  const name = packageName.toLowerCase().replace(/\.(?:cab|msi)$/, "");
  return !IC_PACKAGE.test(name) || name === served.name.toLowerCase();
}

function nothing(note: string): GuestPackage {
  return { name: null, delivery: "none", note };
}

/** An edition that is not known is given the benefit of the doubt, unless the product name says Home or Starter. */
function isServedVista(os: PackageGuest): boolean {
  if (os.edition !== null) return VISTA_EDITIONS.includes(os.edition);
  return os.name === null || !/\b(?:Home|Starter)\b/i.test(os.name);
}

function noteOn(os: PackageGuest, delivery: Delivery, architecture: string): string | null {
  if (os.id === "vista" && os.edition === null) {
    return "the edition could not be determined: of Windows Vista, the package serves Ultimate, Business and Enterprise only";
  }
  if (delivery === "msi" && architecture === "x64") {
    return "the name of the x64 MSI is inferred from the x86 one; its drivers do name 64-bit NT 5.2";
  }
  return null;
}
