// SPDX-License-Identifier: MIT
import type { SignatureReport, SignatureVerdict, SignerReport } from "../package/authenticode/index.ts";
import type { Style } from "./paint.ts";
import { shownName, shownSentence } from "./visible-text.ts";

/** Verdicts on signatures in the colours of a terminal; a root that the user gave makes any signature good. */
export function styleOfSignature({
  verdict,
  isTrusted,
}: {
  verdict: SignatureVerdict;
  isTrusted: boolean;
}): Style {
  if (isTrusted) return "green";
  return verdict === "tampered" ? "red" : "yellow";
}

/** `microsoft`, or `signed-unknown-root, trusted through a root that was given`. */
export function describeVerdict({
  verdict,
  isTrusted,
}: Pick<SignatureReport, "verdict" | "isTrusted">): string {
  return isTrusted && verdict !== "microsoft" ? `${verdict}, trusted through a root that was given` : verdict;
}

/**
 * `Microsoft Windows (SHA-256), 2019-08-10`: by whom, how, and since when at the latest. Anybody can add a signature with
 * any name in it, so one that does not hold is called so.
 */
export function describeBriefly({ subject, digestAlgorithm, timestamp, isValid }: SignerReport): string {
  const day = timestamp === null ? "" : `, ${timestamp.time.slice(0, 10)}`;
  const validity = isValid ? "" : ", not valid";
  return `${commonName(subject)} (${nameDigest(digestAlgorithm)})${day}${validity}`;
}

function nameDigest(algorithm: SignerReport["digestAlgorithm"]): string {
  return algorithm === "unknown" ? "digest not accepted" : algorithm.replace(/^sha/, "SHA-");
}

/** A line or two for each signature, and what is wrong with it. */
export function describeSignature({ signers, reasons }: SignatureReport): string[] {
  const lines = signers.flatMap((signer) => [
    describeSigner(signer),
    ...signer.reasons.map((reason) => `not valid: ${shownSentence(reason)}`),
  ]);
  return lines.length > 0 ? lines : reasons.map(shownSentence);
}

function describeSigner({
  subject,
  issuer,
  digestAlgorithm,
  timestamp,
  anchor,
  isNested,
}: SignerReport): string {
  const parts = [
    `${isNested ? "nested: " : ""}${commonName(subject)}, issued by ${commonName(issuer)}`,
    nameDigest(digestAlgorithm),
    timestamp === null
      ? "no time stamp"
      : `time stamp ${timestamp.time} (${timestamp.kind}, ${shownName(timestamp.signer)})`,
    anchor === null
      ? "chain reaches no root that is known"
      : `chain ends at ${shownName(anchor.name)} (${anchor.origin}, ${anchor.fingerprint.slice(0, 16)}...)`,
  ];
  return parts.join("; ");
}

/** The part of a distinguished name that a person knows; all of it where it has no such part. */
function commonName(name: string): string {
  const [, quoted, plain] = /(?:^|, *)CN=(?:"([^"]*)"|([^,]*))/.exec(name) ?? [];
  return shownName(quoted ?? plain ?? name);
}
