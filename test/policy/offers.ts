import type { Architecture } from "../../src/guest/index.ts";
import { type OfferSignature, type PackageOffer, parentsOf } from "../../src/policy/index.ts";

/** The signature of a package of Microsoft's, with these digests; that of the outer one comes first. */
export function signedWith(...digestAlgorithms: string[]): OfferSignature {
  return {
    verdict: "microsoft",
    isTrusted: true,
    isWindowsComponent: true,
    digestAlgorithms,
    isCheckableWithoutSha2: digestAlgorithms[0] === "sha1",
    reasons: [],
  };
}

export const UNSIGNED: OfferSignature = {
  verdict: "unsigned",
  isTrusted: false,
  isWindowsComponent: false,
  digestAlgorithms: [],
  isCheckableWithoutSha2: false,
  reasons: [],
};
export const TAMPERED: OfferSignature = {
  verdict: "tampered",
  isTrusted: false,
  isWindowsComponent: false,
  digestAlgorithms: [],
  isCheckableWithoutSha2: false,
  reasons: ["the digest of the cabinet is another"],
};

type Facts = Partial<PackageOffer>;

/** A package as vmguest.iso has it: the CAB for NT 6.0 and 6.1 (`6.x`), that for 6.2 and 6.3, and the MSI of NT 5. */
export function offer(
  system: "6.x" | "6.2" | "5.x",
  architecture: Architecture,
  version: string,
  facts: Facts = {},
): PackageOffer {
  const kind = system === "5.x" ? "msi" : "cab";
  const name = `Windows${system}-HyperVIntegrationServices-${architecture}.${kind}`;
  return {
    place: ["vmguest.iso", `support/${architecture}/${version}/${name}`],
    name,
    kind,
    isIntegrationServices: true,
    version,
    architecture,
    parents: kind === "msi" ? [] : parentsOf(system === "6.x" ? "6.1" : "6.2"),
    // Of the last two, only the newer one is signed with SHA-256 alone.
    signature: signedWith(version === NEWEST ? "sha256" : "sha1"),
    ...facts,
  };
}

export const NEWEST = "6.3.9600.19456";
export const BEFORE = "6.3.9600.18692";
