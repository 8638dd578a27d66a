// SPDX-License-Identifier: MIT
import type { Objection, ObjectionWord, OfferSignature, PackageOffer } from "./decision.ts";
import { findGuest } from "./guests.ts";
import { type PackageGuest, refuseGuest } from "./packages.ts";
import { matchParents } from "./parents.ts";
import { isVersion } from "./versions.ts";

/** A package that is genuine and serves the guest. */
export interface ServingOffer<P> {
  readonly offer: P;
  /** The parent that the guest has, with the version that is asked of it; null for an MSI, which names none. */
  readonly parent: string | null;
  /** What had to be taken for granted. */
  readonly doubts: readonly string[];
}

/** What one package is to a guest, whatever else is offered and whatever the guest has: of use, or why not. */
export function weighOffer<P extends PackageOffer>(os: PackageGuest, offer: P): ServingOffer<P> | Objection {
  if (!offer.isIntegrationServices) return object("sort", "it is no package of integration services");
  const refusal = refuseGuest(os);
  if (refusal !== null) return object("guest", refusal);
  const served = offer.kind === "msi" ? serveByMsi(os) : serveByCab(os, offer);
  if ("because" in served && served.because === "system") return served;
  if (offer.architecture !== os.architecture) {
    return object("architecture", `it is for ${offer.architecture}, and the guest is ${os.architecture}`);
  }
  if ("because" in served) return served;
  if (!isVersion(offer.version)) {
    return object("version", `"${offer.version}" is no version that can be compared`);
  }
  if (!offer.signature.isTrusted) return object("signature", describeDistrust(offer.signature));
  if (offer.kind === "cab" && isSomethingElse(offer.signature)) {
    return object("signature", "it is signed by Microsoft, but not as a part of Windows");
  }
  return { offer, ...served };
}

type Served = Pick<ServingOffer<PackageOffer>, "parent" | "doubts">;

/** The package of Windows XP and Server 2003. It says of itself which architecture it is for, and no more. */
function serveByMsi(os: PackageGuest): Served | Objection {
  const { name, nt } = findGuest(os);
  return nt === "5.1" || nt === "5.2"
    ? { parent: null, doubts: [] }
    : object("system", `it is an MSI, for Windows XP and Server 2003, and ${name} takes a CAB`);
}

function serveByCab(os: PackageGuest, { parents }: PackageOffer): Served | Objection {
  const { name, nt } = findGuest(os);
  if (nt === "5.1" || nt === "5.2") return object("system", `it is a CAB, and ${name} takes an MSI`);
  const match = matchParents(os, parents);
  if (match.parent === null) return object(match.because, match.reason);
  const { identity } = match.parent;
  return { parent: `${identity.name} ${identity.version}`, doubts: match.doubts };
}

/** Microsoft signs much that is no part of Windows; what others build need not say that it is. */
function isSomethingElse({ verdict, isWindowsComponent }: OfferSignature): boolean {
  return verdict === "microsoft" && !isWindowsComponent;
}

function describeDistrust({ verdict, reasons }: OfferSignature): string {
  const words = {
    // A report that is not trusted although it says so is not to be believed.
    microsoft: "its signature is not trusted",
    "signed-unknown-root": "it is signed neither by Microsoft nor under a root that was given",
    tampered: "it is not as it was when it was signed",
    unsigned: "it is not signed",
  };
  const [because] = reasons;
  return because === undefined ? words[verdict] : `${words[verdict]}: ${because}`;
}

function object(because: ObjectionWord, reason: string): Objection {
  return { because, reason };
}
