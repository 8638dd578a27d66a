// SPDX-License-Identifier: MIT
import type { GuestReport } from "../../audit/index.ts";
import { type Finding, finding } from "../../errors.ts";
import { choosePackageFor, type PackageOffer } from "../../policy/index.ts";

/**
 * Whether the package is genuine and serves the guest, asked once more of those who chose it: they may have been passed
 * over by a caller. That the guest has as new a version is no reason to refuse.
 */
export function* checkPackage(guest: GuestReport, offer: PackageOffer): Generator<Finding> {
  if (!offer.signature.isTrusted) {
    const [reason = "its signature is not trusted"] = offer.signature.reasons;
    yield finding("STAGE_PACKAGE_UNTRUSTED", `${offer.name}: ${reason}`);
    return;
  }
  const { verdict, isWindowsComponent } = offer.signature;
  if (verdict === "microsoft" && !isWindowsComponent) {
    const message = `${offer.name} is signed by Microsoft, but not as a part of Windows`;
    yield finding("STAGE_PACKAGE_UNTRUSTED", message);
    return;
  }
  if (offer.kind !== "cab") {
    yield finding("STAGE_PACKAGE_UNFIT", `${offer.name} is no cabinet`);
    return;
  }
  yield* checkServes(guest, offer);
}

function* checkServes({ os, sha2 }: GuestReport, offer: PackageOffer): Generator<Finding> {
  const { passedOver } = choosePackageFor({ os, integrationServices: null, sha2 }, [offer]);
  const [objection] = passedOver;
  if (objection?.because === "sha2") {
    yield finding("SHA2_MISSING", `${offer.name}: ${objection.reason}`);
  } else if (objection !== undefined) {
    yield finding("STAGE_PACKAGE_UNFIT", `${offer.name}: ${objection.reason}`);
  } else if (sha2 === "unknown" && !offer.signature.isCheckableWithoutSha2) {
    yield finding("STAGE_SHA2_UNKNOWN", `${offer.name} is signed with SHA-2 only`);
  }
}
