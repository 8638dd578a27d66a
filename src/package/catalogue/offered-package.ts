// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import type { SignatureReport } from "../authenticode/index.ts";
import type { AssemblyIdentity, PackageUpdate, ParentPackage } from "../mum/index.ts";

/** A file that the user offers. */
export interface OfferInput {
  /** Path of the file on the host, as the user named it. */
  readonly file: string;
  /** Called at most once; what it throws becomes a finding. */
  open(): ByteSource;
}

/** For which processors a package is. */
export type PackageArchitecture = "x86" | "x64" | "arm64" | "ia64" | "unknown";

/** A package that was found in what the user offers. */
export interface OfferedPackage {
  /** The host's file, then the way inside: `["vmguest.iso", "support/amd64/Windows6.x-...cab"]`. */
  readonly place: readonly string[];
  /** Name of the file, without its folders. */
  readonly name: string;
  readonly kind: "cab" | "msi";
  readonly sizeBytes: number;
  /** Whether it brings the integration services, by what it says of itself and not by its file's name. */
  readonly isIntegrationServices: boolean;
  /** Null for an MSI, which has none. */
  readonly identity: AssemblyIdentity | null;
  /** Number of the Knowledge Base article, `KB4072650`. */
  readonly kb: string | null;
  /** As the package spells it; empty where it states none. */
  readonly version: string;
  readonly architecture: PackageArchitecture;
  /** Packages of which a guest must have one; empty for an MSI. */
  readonly parents: readonly ParentPackage[];
  /** `required` or `possible`, as its manifest has it; null where it says nothing. */
  readonly restart: string | null;
  /** What it installs; empty for an MSI. */
  readonly updates: readonly PackageUpdate[];
  readonly signature: SignatureReport;
}
