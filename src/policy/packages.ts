// SPDX-License-Identifier: MIT
import type { Architecture, OsFacts } from "../guest/index.ts";
import type { PackageParent } from "./decision.ts";
import { findGuest, type NtVersion } from "./guests.ts";
import { matchParents, type ParentGuest } from "./parents.ts";

/** How a package gets into a guest: a CAB through its servicing stack, an MSI, or not at all. */
export type Delivery = "cab" | "msi" | "none";

/** The package of Microsoft's that serves a guest. */
export interface GuestPackage {
  /** Without extension; null where none serves the guest. */
  readonly name: string | null;
  readonly delivery: Delivery;
  /** Why there is none, or what should be known of the choice; null where there is nothing to say. */
  readonly note: string | null;
}

/** What policy has to know of a guest to name its package. */
export type PackageGuest = ParentGuest & Pick<OsFacts, "architecture">;

/** A package of vmguest.iso, of which there is one for each architecture. */
interface MicrosoftPackage {
  readonly prefix: string;
  readonly delivery: "cab" | "msi";
  /** Name and version of its parents, as its `update.mum` has them; none for an MSI. */
  readonly parents: readonly (readonly [name: string, version: string])[];
}

const VISTA_EDITIONS = ["Ultimate", "Business", "Enterprise", "UltimateN", "BusinessN", "EnterpriseN"];

const WINDOWS_5X: MicrosoftPackage = { prefix: "Windows5.x", delivery: "msi", parents: [] };
const WINDOWS_6X: MicrosoftPackage = {
  prefix: "Windows6.x",
  delivery: "cab",
  parents: [
    ...VISTA_EDITIONS.map((edition) => [`Microsoft-Windows-${edition}Edition`, "6.0.6000.16386"] as const),
    ["Microsoft-Windows-Foundation-Package", "6.0.6001.18000"],
    ["Microsoft-Windows-ServerCore-Package", "6.0.6001.18000"],
    ["Microsoft-Windows-Foundation-Package", "6.1.7600.16385"],
    ["Microsoft-Windows-ServerCore-Package", "6.1.7600.16385"],
  ],
};
const WINDOWS_62: MicrosoftPackage = {
  prefix: "Windows6.2",
  delivery: "cab",
  parents: [
    ["Microsoft-Hyper-V-Guest-Integration-Drivers-Package", "6.2.9200.16384"],
    ["Microsoft-Hyper-V-WinPE-Drivers-Package", "6.2.9200.16384"],
    ["Microsoft-Hyper-V-Guest-Integration-Drivers-Package", "6.3.0.0"],
    ["Microsoft-Hyper-V-WinPE-Drivers-Package", "6.3.0.0"],
  ],
};

/** Packages on vmguest.iso of 2012 and 2012 R2 by the guest's NT version. */
const PACKAGES: Readonly<Record<Exclude<NtVersion, "10.0">, MicrosoftPackage>> = {
  "5.1": WINDOWS_5X,
  "5.2": WINDOWS_5X,
  "6.0": WINDOWS_6X,
  "6.1": WINDOWS_6X,
  "6.2": WINDOWS_62,
  "6.3": WINDOWS_62,
};

/** Microsoft built the packages for these alone. */
const ARCHITECTURES: readonly Architecture[] = ["x86", "x64"];

/** The integration services package of Microsoft's that serves a guest, or why none does. */
export function packageFor(os: PackageGuest): GuestPackage {
  const { nt } = findGuest(os);
  const refusal = refuseGuest(os);
  if (nt === null || nt === "10.0" || refusal !== null) return nothing(refusal);
  const { prefix, delivery } = PACKAGES[nt];
  const name = `${prefix}-HyperVIntegrationServices-${os.architecture}`;
  if (delivery === "msi") return { name, delivery, note: noteOnMsi(os) };
  const match = matchParents(os, parentsOf(nt));
  return match.parent === null
    ? nothing(`${name} is not for this guest: ${match.reason}`)
    : { name, delivery, note: match.doubts.join("; ") || null };
}

/** Why no package of anybody's serves a guest; null where one may. */
export function refuseGuest(os: PackageGuest): string | null {
  const { name, nt } = findGuest(os);
  if (nt === null) return `there is no integration services package for ${name}`;
  if (nt === "10.0") {
    return `there is no integration services package for ${name}: they come with the cumulative updates`;
  }
  if (ARCHITECTURES.includes(os.architecture)) return null;
  return os.architecture === "unknown"
    ? "the guest's architecture could not be determined, so that no package can be chosen"
    : `there is no integration services package for ${os.architecture} guests`;
}

/** The parents of Microsoft's package for guests of an NT version, as its `update.mum` lists them. */
export function parentsOf(nt: NtVersion): PackageParent[] {
  const parents = nt === "10.0" ? [] : PACKAGES[nt].parents;
  return parents.map(([name, version]) => ({ identity: { name, version } }));
}

function nothing(note: string | null): GuestPackage {
  return { name: null, delivery: "none", note };
}

function noteOnMsi({ architecture }: PackageGuest): string | null {
  return architecture === "x64"
    ? "the name of the x64 MSI is inferred from the x86 one; its drivers do name 64-bit NT 5.2"
    : null;
}
