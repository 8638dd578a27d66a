// SPDX-License-Identifier: MIT
import type { SignatureReport } from "../authenticode/index.ts";
import type { MsiFacts } from "../msi/index.ts";

/** What is known of the signature of an MSI: whether there is one, and no more. */
export function reportMsiSignature({ isSigned }: Pick<MsiFacts, "isSigned">): SignatureReport {
  return {
    verdict: isSigned ? "signed-unknown-root" : "unsigned",
    isTrusted: false,
    isWindowsComponent: false,
    digestAlgorithms: [],
    signers: [],
    reasons: [isSigned ? "the signatures of MSIs are not verified" : "the MSI has no signature"],
  };
}
