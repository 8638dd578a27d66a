// SPDX-License-Identifier: MIT
import { type Finding, finding, findingOf, VmguestError } from "../../errors.ts";
import type { ByteSource } from "../../io/index.ts";
import type { TrustOptions } from "../authenticode/index.ts";
import { isCabinet } from "../cab/index.ts";
import { DiscImage, isDiscImage } from "../iso/index.ts";
import { isCompoundFile } from "../msi/index.ts";
import {
  CONTAINER_NAME,
  DEPTH_MAX,
  openMembers,
  PACKAGE_MANIFEST,
  packagesAmong,
} from "./cabinet-members.ts";
import { openCabinetOfSet, SET_NOT_COVERED } from "./cabinet-set.ts";
import { embeddedCabinets, unknownPackage } from "./embedded-cabinets.ts";
import { LookBudget, tooMuch } from "./look-budget.ts";
import type { OfferedPackage, OfferInput } from "./offered-package.ts";
import { bringsIntegrationServices, type Offer, offerCabinet, offerMsi, readManifest } from "./read-offer.ts";

/** How packages are judged that are found. */
export interface FindOffersOptions {
  /** What signatures are judged by. */
  readonly trust?: TrustOptions;
}

/** What was found in what the user offers. */
export interface FoundOffers {
  /** In the order of the inputs, and inside of each in stored order; the same package at two places is there twice. */
  readonly offers: readonly OfferedPackage[];
  /** What is no package, or could not be read; `image` is the file of the host, `path` the way inside. */
  readonly findings: readonly Finding[];
}

/**
 * Finds the packages in what the user offers: cabinets, MSIs, and what lies in MSUs, rollups and images of discs, which
 * are read in place, as are the cabinets in a self-extractor. What a file is shows in its content; inside of others, only
 * files that are called like packages are looked at.
 *
 * Of a package no more is read than its manifest and what its signature covers. Nothing is thrown for what the files
 * hold or for files that cannot be read: that is a finding.
 */
export function findOffers(inputs: Iterable<OfferInput>, options: FindOffersOptions = {}): FoundOffers {
  const offers: OfferedPackage[] = [];
  const findings: Finding[] = [];
  for (const input of inputs) {
    const search = new OfferSearch(options.trust ?? {});
    search.begin(input);
    offers.push(...search.offers);
    findings.push(...search.findings);
  }
  return { offers, findings };
}

/** The search through one input. */
class OfferSearch {
  readonly offers: OfferedPackage[] = [];
  readonly findings: Finding[] = [];
  readonly #trust: TrustOptions;
  #budget = new LookBudget(0);

  constructor(trust: TrustOptions) {
    this.#trust = trust;
  }

  begin(input: OfferInput): void {
    this.#look([input.file], () => {
      const source = input.open();
      this.#budget = new LookBudget(source.sizeBytes);
      return source;
    });
  }

  /** Looks at one file, and at what is in it; what goes wrong is kept, and the search goes on elsewhere. */
  #look(place: readonly string[], open: () => ByteSource): void {
    // The first file too many was said to be that; those after it would only say it again.
    if (this.#budget.isSpent) return;
    try {
      if (place.length > DEPTH_MAX + 1)
        throw tooMuch(`more than ${DEPTH_MAX} levels of packages in packages`);
      const source = open();
      this.#budget.countFile();
      this.#recognise(place, source);
    } catch (error) {
      if (!(error instanceof VmguestError)) throw error;
      this.#note(place, [findingOf(error)]);
    }
  }

  #recognise(place: readonly string[], source: ByteSource): void {
    if (isCabinet(source)) this.#lookAtCabinet(place, source);
    else if (isDiscImage(source)) this.#lookAtDisc(place, source);
    else if (isCompoundFile(source)) this.#add(place, source, () => offerMsi(source, this.#trust));
    else this.#lookForCabinets(place, source);
  }

  /** Only a file that was named is searched through; inside of others, what is called a package should be one. */
  #lookForCabinets(place: readonly string[], source: ByteSource): void {
    let isFound = false;
    if (place.length === 1) {
      for (const [name, cabinet] of embeddedCabinets(source)) {
        isFound = true;
        this.#look([...place, name], () => cabinet);
        if (this.#budget.isSpent) return;
      }
    }
    if (!isFound) throw unknownPackage(source);
  }

  #lookAtCabinet(place: readonly string[], source: ByteSource): void {
    const { cabinet, isPartOfSet } = openCabinetOfSet(source);
    this.#budget.countEntries(cabinet.members.length);
    const member = cabinet.find(PACKAGE_MANIFEST);
    const manifest = member === undefined ? undefined : readManifest(cabinet, member, this.#budget);
    const inside = packagesAmong(cabinet);
    // An update for the host is offered for what it has for guests, and is told as what it is where it has nothing.
    if (manifest !== undefined && (inside.length === 0 || bringsIntegrationServices(manifest))) {
      this.#add(place, source, () => {
        const offer = offerCabinet(manifest, source, this.#trust);
        return isPartOfSet ? withoutTrust(offer) : offer;
      });
    } else if (inside.length === 0) {
      this.#note(place, [finding("OFFER_NONE", "the cabinet is no package, and holds none")]);
    } else {
      for (const [packed, open] of openMembers(cabinet, inside, this.#budget)) {
        this.#look([...place, packed.name], open);
        if (this.#budget.isSpent) break;
      }
    }
    this.#note(place, cabinet.findings);
  }

  #lookAtDisc(place: readonly string[], source: ByteSource): void {
    const disc = DiscImage.open(source);
    let count = 0;
    for (const entry of disc.list()) {
      this.#budget.countEntries(1);
      if (entry.isDirectory || !CONTAINER_NAME.test(entry.path)) continue;
      count++;
      this.#look([...place, entry.path], () => disc.open(entry));
      if (this.#budget.isSpent) break;
    }
    if (count === 0) this.#note(place, [finding("OFFER_NONE", "the disc holds neither cabinets nor MSIs")]);
    this.#note(place, disc.findings);
  }

  /** The signature of a package covers all of it. */
  #add(place: readonly string[], { sizeBytes }: ByteSource, read: () => Offer): void {
    this.#budget.read(sizeBytes);
    const name = place.at(-1)?.split(/[\\/]/).at(-1) ?? "";
    this.offers.push({ place, name, sizeBytes, ...read() });
  }

  #note([image, ...inside]: readonly string[], findings: readonly Finding[]): void {
    for (const found of findings) {
      const path = [...inside, ...(found.where.path === undefined ? [] : [found.where.path])].join(": ");
      const where = { ...found.where, ...(image !== undefined && { image }), ...(path !== "" && { path }) };
      this.findings.push({ ...found, where });
    }
  }
}

function withoutTrust({ signature, ...offer }: Offer): Offer {
  const reasons = [SET_NOT_COVERED, ...signature.reasons];
  return { ...offer, signature: { ...signature, isTrusted: false, reasons } };
}
