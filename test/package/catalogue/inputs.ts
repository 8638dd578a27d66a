import { MemorySource } from "../../../src/io/index.ts";
import type { TrustOptions } from "../../../src/package/authenticode/index.ts";
import { findOffers, type OfferInput } from "../../../src/package/catalogue/index.ts";
import { buildIcPackage, FEW_COMPONENTS, type LabIcPackage } from "../../lab/ic-package.ts";
import { THROW_AWAY } from "../../lab/signing/index.ts";

/** The lab's own root counts, so that its packages are genuine. */
export const TRUST: TrustOptions = {
  roots: [THROW_AWAY.root.certificate],
  now: new Date("2026-01-01T00:00:00Z"),
};

/** A package of a few components, signed by the lab. */
export const labPackage = (options: LabIcPackage = {}) =>
  buildIcPackage({ components: FEW_COMPONENTS, ...options });

export const input = (file: string, bytes: Uint8Array): OfferInput => ({
  file,
  open: () => new MemorySource(bytes),
});

/** Offers of files with these contents, under the lab's root. */
export const offersOf = (files: Readonly<Record<string, Uint8Array>>) =>
  findOffers(
    Object.entries(files).map(([file, bytes]) => input(file, bytes)),
    { trust: TRUST },
  );
