// SPDX-License-Identifier: MIT
import type { GuestFacts, IntegrationServicesFacts } from "../guest/index.ts";
import {
  comparePlaces,
  explainChosen,
  explainNewerDigests,
  explainNone,
  explainNothingNewer,
  NEEDS_SHA2,
  objectToAge,
  objectToRank,
  type PassedOver,
} from "./choice-reasons.ts";
import type { Objection, PackageOffer } from "./decision.ts";
import { findGuest } from "./guests.ts";
import type { PackageGuest } from "./packages.ts";
import { compareVersions, isVersion } from "./versions.ts";
import { type ServingOffer, weighOffer } from "./weigh-offer.ts";

/** What of a guest decides which package it gets. */
export interface ChoiceGuest {
  readonly os: PackageGuest;
  readonly integrationServices: Pick<IntegrationServicesFacts, "version" | "judgedVersion"> | null;
  readonly sha2?: GuestFacts["sha2"] | undefined;
}

/** What was chosen for a guest of the packages that were offered. */
export interface PackageChoice<P extends PackageOffer = PackageOffer> {
  /** Null where there is none that the guest should get. */
  readonly package: P | null;
  /**
   * What the guest is measured by: the newest genuine package that serves it, of those that it can take if it can
   * take any. Null where none serves it.
   */
  readonly standard: P | null;
  /** Why this one, or why none. */
  readonly reasons: readonly string[];
  /** What is newer and why the guest does not get it; empty where nothing is. */
  readonly remarks: readonly string[];
  /** All that were not chosen, in the order in which they were offered. */
  readonly passedOver: readonly PassedOver<P>[];
}

/**
 * Chooses among the packages that are offered: the newest that is genuine and serves the guest, if it is newer than
 * what the guest has. A Windows Vista, 7, Server 2008 or 2008 R2 that does not show that it takes SHA-2 signatures
 * gets one that is signed with SHA-1, if there is any, before a newer one that is not.
 *
 * Pure. The order of the offers does not matter: those of one version are ranked by trust, then by place.
 */
export function choosePackageFor<P extends PackageOffer>(
  guest: ChoiceGuest,
  offered: readonly P[],
): PackageChoice<P> {
  const useless = new Map<P, Objection>();
  const serving: ServingOffer<P>[] = [];
  for (const offer of offered) {
    const weighed = weighOffer(guest.os, offer);
    if ("because" in weighed) useless.set(offer, weighed);
    else serving.push(weighed);
  }
  serving.sort((a, b) => compareOffers(a.offer, b.offer));

  const withoutSha2 = serving.filter(({ offer }) => !needsSha2(offer));
  // Where nothing else is offered, a guest of which it is not known may still take what needs SHA-2.
  const avoidsSha2 = mayLackSha2(guest) && (guest.sha2 === "missing" || withoutSha2.length > 0);
  const takeable = avoidsSha2 ? withoutSha2 : serving;
  const [best] = takeable;
  const installed = findInstalled(guest);
  const isNewer =
    best !== undefined && (installed === null || compareVersions(best.offer.version, installed) > 0);
  const chosen = isNewer ? best.offer : null;

  const objectTo = (offer: P): Objection => {
    const known = useless.get(offer);
    if (known !== undefined) return known;
    if (avoidsSha2 && needsSha2(offer)) return NEEDS_SHA2[guest.sha2 === "missing" ? "missing" : "unknown"];
    return chosen === null ? objectToAge(installed) : objectToRank(offer, chosen);
  };
  const passedOver = offered
    .filter((offer) => offer !== chosen)
    .map((offer) => ({ package: offer, ...objectTo(offer) }));
  if (best === undefined) {
    const standard = serving[0]?.offer ?? null;
    return { package: null, standard, reasons: [explainNone(guest.os, passedOver)], remarks: [], passedOver };
  }
  const standard = best.offer;
  const reasons = isNewer ? explainChosen(best, installed) : [explainNothingNewer(standard)];
  if (isNewer && mayLackSha2(guest) && needsSha2(standard)) {
    reasons.push("whether the guest supports SHA-2, which the signature of the package needs, is not known");
  }
  const remarks = explainNewerDigests(standard, passedOver);
  return { package: chosen, standard, reasons, remarks, passedOver };
}

/** The newest first; of one version, Microsoft's own before another's, then by place. */
function compareOffers(a: PackageOffer, b: PackageOffer): number {
  const byTrust = Number(isMicrosofts(b)) - Number(isMicrosofts(a));
  return compareVersions(b.version, a.version) || byTrust || comparePlaces(a, b);
}

const isMicrosofts = ({ signature }: PackageOffer) => signature.verdict === "microsoft";

/** Whether the guest is of those that need an update for SHA-2 signatures, and does not show to have it. */
function mayLackSha2({ os, sha2 = "unknown" }: ChoiceGuest): boolean {
  const { nt } = findGuest(os);
  return (nt === "6.0" || nt === "6.1") && (sha2 === "missing" || sha2 === "unknown");
}

const needsSha2 = ({ signature }: PackageOffer) => !signature.isCheckableWithoutSha2;

/** What the guest has for certain: its version, or the least that it can be; null where nothing is known. */
function findInstalled({ integrationServices }: ChoiceGuest): string | null {
  const version = integrationServices?.judgedVersion ?? integrationServices?.version ?? null;
  return version !== null && isVersion(version) ? version : null;
}
