// SPDX-License-Identifier: MIT
import { discoverPackages, type PackagePath } from "../../../batch/index.ts";
import { type Finding, findingOf, located, VmguestError } from "../../../errors.ts";
import type { ByteSource } from "../../../io/index.ts";
import type { FoundOffers, OfferedPackage } from "../../../package/catalogue/index.ts";
import type { Context } from "../../context.ts";
import { Progress } from "../../progress.ts";
import { HostFiles } from "./host-files.ts";
import { openPath, writePath } from "./package-path.ts";
import { readTrustRoots } from "./trust-roots.ts";

export interface OfferRequest {
  /** Packages, folders, patterns and paths that go on into a package, as the user named them. */
  readonly paths: readonly string[];
  /** Files with further roots to trust. */
  readonly trustRoots: readonly string[];
}

/** What is offered, and what of the paths is not, or could not be read. */
export interface ReadOffers {
  readonly offers: readonly OfferedPackage[];
  readonly findings: readonly Finding[];
  /** Of these the gravest of each path that is named itself, not found in a folder, and that offers nothing. */
  readonly disappointments: readonly Finding[];
}

/**
 * Finds the packages in what the user offers. The layer that reads them is loaded here, so that a command to which
 * nothing is offered starts without it.
 *
 * @throws USAGE and PATH_NOT_FOUND for paths and roots that are none, and the code of the first finding where nothing
 * that was offered is a package: then what was asked for cannot be had.
 */
export async function readOffers({ paths, trustRoots }: OfferRequest, context: Context): Promise<ReadOffers> {
  const roots = readTrustRoots(trustRoots);
  const { packages, unreadable } = await discoverPackages(paths, context.dependencies);
  const { findOffers } = await import("../../../package/catalogue/index.ts");
  // The clock is asked once, so that all packages are judged at the same time.
  const trust = { roots, now: new Date() };
  const progress = Progress.of(context, packages.length);
  const offers: OfferedPackage[] = [];
  const findings = unreadable.map(({ error }) => findingOf(error));
  const disappointments: Finding[] = [];
  for (const place of packages) {
    progress.show(writePath(place));
    const found = await readOffer(place, context, (file, open) => findOffers([{ file, open }], { trust }));
    offers.push(...found.offers);
    findings.push(...found.findings);
    const isNamed = place.inside !== null || paths.includes(place.file);
    if (isNamed && found.offers.length === 0) {
      disappointments.push(...gravestOf(found.findings));
    }
  }
  progress.clear();
  const [first] = findings;
  if (offers.length === 0 && first !== undefined)
    throw new VmguestError(first.code, first.message, first.where);
  return { offers, findings, disappointments };
}

/**
 * The same where every path that is named has to offer something: guests would otherwise be judged by something else than
 * what was asked for. Throws what is wrong with the first path that does not.
 */
export async function readNamedOffers(
  request: OfferRequest,
  context: Context,
): Promise<Omit<ReadOffers, "disappointments">> {
  const { disappointments, ...read } = await readOffers(request, context);
  const [first] = disappointments;
  if (first !== undefined) throw new VmguestError(first.code, first.message, first.where);
  return read;
}

/** The first error, or else the first remark; none of none. */
function gravestOf(findings: readonly Finding[]): Finding[] {
  const first = findings.find(({ severity }) => severity === "error") ?? findings[0];
  return first === undefined ? [] : [first];
}

type Find = (file: string, open: () => ByteSource) => FoundOffers;

/** The offers of one path; its file is open no longer than that takes. */
async function readOffer(place: PackagePath, context: Context, find: Find): Promise<FoundOffers> {
  using files = new HostFiles(context.stats);
  try {
    const { path, source, way } = await openPath(place, files);
    const { offers, findings } = find(path, () => source);
    // Who opens an offer later begins with the host's file, however it was named.
    const placed = offers.map((offer) => ({
      ...offer,
      place: [place.file, ...way, ...offer.place.slice(1)],
    }));
    return { offers: placed, findings };
  } catch (error) {
    const full = located(error, { image: writePath(place) });
    if (!(full instanceof VmguestError)) throw error;
    return { offers: [], findings: [findingOf(full)] };
  }
}
