// SPDX-License-Identifier: MIT
import { type Finding, located } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { DiscDetails, MsiDetails, PackageEntry, PackageKind } from "../../../report/index.ts";

/** A file of the kinds that hold packages or are one, with what is inside of it. */
export interface OpenedPackage {
  readonly kind: PackageKind;
  readonly disc: DiscDetails | null;
  readonly msi: MsiDetails | null;
  /** In stored order. Listing unpacks nothing. */
  readonly entries: readonly PackageEntry[];
  /** What was found so far; unpacking may add to it. */
  readonly findings: readonly Finding[];
  /** The content of a file, in place where it is stored as it is. */
  open(entry: PackageEntry): ByteSource;
  /** The contents of files, in stored order and unpacked as they are read; chunks are valid until the next one. */
  contents(isWanted: (entry: PackageEntry) => boolean): Iterable<EntryContent>;
}

export interface EntryContent {
  readonly entry: PackageEntry;
  readonly chunks: Iterable<Uint8Array>;
}

/** Gives another cabinet of the same set by the name that a cabinet has for it; undefined where it is not there. */
export type FindPart = (name: string) => ByteSource | undefined;

/** A file that may be a package. */
export interface PackageSource {
  /** A file of the host, or the way on into it, with `/`. */
  readonly path: string;
  readonly source: ByteSource;
  readonly findPart: FindPart;
}

export interface OpenPackageOptions {
  /** Goes on where data is damaged, and gives what can be saved. */
  readonly isSalvaging?: boolean;
  /** How much unpacking may give, in all and for each byte of the package. */
  readonly limits?: { readonly totalBytes: number; readonly ratio: number };
}

/**
 * Opens a file as what it is, whatever its name. The layers for cabinets, discs and MSI databases are loaded one by one,
 * as they are needed: a command that looks at cabinets starts without the others.
 *
 * @throws PACKAGE_UNKNOWN where it is nothing that vmguest reads.
 */
export async function openPackage(
  { path, source, findPart }: PackageSource,
  options: OpenPackageOptions = {},
): Promise<OpenedPackage> {
  const { isCabinet, openCabinet } = await import("./cabinet-package.ts");
  if (isCabinet(source)) return openCabinet(source, findPart, options);
  const { isDiscImage, openDisc } = await import("./disc-package.ts");
  if (isDiscImage(source)) return openDisc(source);
  const { isCompoundFile, openMsi } = await import("./msi-package.ts");
  if (isCompoundFile(source)) return openMsi(source);
  const { openCabinetsIn } = await import("./embedded-cabinets.ts");
  const opened = openCabinetsIn(source);
  if (opened !== undefined) return opened;
  const { unknownPackage } = await import("../../../package/catalogue/index.ts");
  throw located(unknownPackage(source), { image: path });
}
