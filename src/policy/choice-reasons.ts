// SPDX-License-Identifier: MIT
import type { Objection, ObjectionWord, PackageOffer } from "./decision.ts";
import { type PackageGuest, refuseGuest } from "./packages.ts";
import { compareVersions } from "./versions.ts";
import type { ServingOffer } from "./weigh-offer.ts";

/** `vmguest.iso: support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab`. */
export function formatPlace({ place }: Pick<PackageOffer, "place">): string {
  return place.join(": ");
}

/** By place, so that the order in which packages are offered does not matter. */
export function comparePlaces(a: PackageOffer, b: PackageOffer): number {
  const [left, right] = [formatPlace(a), formatPlace(b)];
  return left < right ? -1 : Number(left > right);
}

/** A package that is not the one, with the reason. */
export type PassedOver<P extends PackageOffer = PackageOffer> = Objection & { readonly package: P };

/** Why a package whose signature has no SHA-1 is not for a guest that does not show support for SHA-2. */
export const NEEDS_SHA2: Readonly<Record<"missing" | "unknown", Objection>> = {
  missing: {
    because: "sha2",
    reason:
      "its signature needs support for SHA-2, of which the guest shows none: install KB4474419 and the servicing stack update in it first, or offer the SHA-1 signed 6.3.9600.18692",
  },
  unknown: {
    because: "sha2",
    reason:
      "its signature needs support for SHA-2, which the guest may not have: one signed with SHA-1 goes before it",
  },
};

export function objectToAge(installed: string | null): Objection {
  return {
    because: "not-newer",
    reason: `it is not newer than what the guest has, ${installed ?? "unknown"}`,
  };
}

/** Why another package of those that serve the guest was chosen. */
export function objectToRank(offer: PackageOffer, chosen: PackageOffer): Objection {
  const isOlder = compareVersions(offer.version, chosen.version) < 0;
  const reason = isOlder
    ? `${formatPlace(chosen)} is newer`
    : `${formatPlace(chosen)} is as new, and goes before it`;
  return { because: "rank", reason };
}

/** Why the package was chosen, and what is in doubt about it. */
export function explainChosen<P extends PackageOffer>(
  { offer, parent, doubts }: ServingOffer<P>,
  installed: string | null,
): string[] {
  const how = parent === null ? ", and is installed while the guest runs" : ` by its parent ${parent}`;
  const reasons = [`${nameOffer(offer)} serves this guest${how}`, ...doubts];
  return installed === null
    ? [...reasons, "no version was found in the guest, so that the package is taken to be newer"]
    : reasons;
}

export function explainNothingNewer(best: PackageOffer): string {
  return `the guest is as new as what is offered: ${nameOffer(best)}`;
}

/** What a newer package wants that the guest does not show to have; empty where there is none. */
export function explainNewerDigests(best: PackageOffer, passedOver: readonly PassedOver[]): string[] {
  const newer = passedOver.filter(
    ({ because, package: { version } }) => because === "sha2" && compareVersions(version, best.version) > 0,
  );
  return newer.map((each) => `${nameOffer(each.package)} is newer, but ${each.reason}`);
}

/** Why none of the packages is for the guest: what keeps the one from it that came nearest. */
export function explainNone(os: PackageGuest, passedOver: readonly PassedOver[]): string {
  const refusal = refuseGuest(os);
  if (refusal !== null) return refusal;
  const [nearest] = passedOver.toSorted(
    (a, b) => ORDER.indexOf(b.because) - ORDER.indexOf(a.because) || comparePlaces(a.package, b.package),
  );
  if (nearest === undefined) return "no package is offered";
  const place = formatPlace(nearest.package);
  return passedOver.length === 1
    ? `${place} is not for this guest: ${nearest.reason}`
    : `none of the ${passedOver.length} packages offered is for this guest; nearest comes ${place}: ${nearest.reason}`;
}

/** In the order in which packages are asked. */
const ORDER: readonly ObjectionWord[] = [
  "sort",
  "guest",
  "system",
  "architecture",
  "parent",
  "version",
  "signature",
  "sha2",
  "not-newer",
  "rank",
];

const DIGESTS: Readonly<Record<string, string>> = { sha1: "SHA-1", sha256: "SHA-256" };

function nameOffer(offer: PackageOffer): string {
  const digests = offer.signature.digestAlgorithms.map((name) => DIGESTS[name] ?? name);
  return `${formatPlace(offer)} (${offer.version}, signed with ${digests.join(" and ")})`;
}
