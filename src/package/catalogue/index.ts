// SPDX-License-Identifier: MIT
export { embeddedCabinets, unknownPackage } from "./embedded-cabinets.ts";
export { type FindOffersOptions, type FoundOffers, findOffers } from "./find-offers.ts";
export type { OfferedPackage, OfferInput, PackageArchitecture } from "./offered-package.ts";
export { openOffer } from "./open-offer.ts";
export type {
  CatalogStatus,
  CatalogVerification,
  ManifestStatus,
  MemberVerification,
  PackageVerification,
  PackedVerification,
} from "./verification.ts";
export { type VerifyOptions, verifyPackage } from "./verify-package.ts";
