// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { DigestAlgorithm } from "./identifiers.ts";

/**
 * What a signature amounts to.
 *
 * - `microsoft`: signed by Microsoft, and not a byte of what is signed has changed since.
 * - `signed-unknown-root`: what is signed is as it was, but who signed it cannot be established.
 * - `tampered`: a digest or a signature does not match, or the structure around it lies.
 * - `unsigned`: there is no signature.
 */
export type SignatureVerdict = "microsoft" | "signed-unknown-root" | "tampered" | "unsigned";

/** What a signature is judged by. */
export interface TrustOptions {
  /** Further anchors, DER: a signature under one of them becomes trusted, but not `microsoft`. */
  readonly roots?: readonly Uint8Array[];
  /** The time at which a signature without time stamp must be valid; without it, such a signature never is. */
  readonly now?: Date;
}

/** When a signature was there already, by the word of an authority that is believed. */
export interface TimestampReport {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly kind: "pkcs9" | "rfc3161";
  /** Common name of who vouches for the time. */
  readonly signer: string;
}

/** One signature: the primary one, or one nested in it. */
export interface SignerReport {
  readonly subject: string;
  readonly issuer: string;
  /** Upper-case hex. */
  readonly serial: string;
  /** How the file was digested: `unknown` where that is not accepted, as MD5. */
  readonly digestAlgorithm: DigestAlgorithm | "unknown";
  /** The digest as computed here, lower-case hex: of the file, or of a catalog's list; null where it cannot be. */
  readonly digest: string | null;
  /** Whether the signature is about that digest. */
  readonly digestMatches: boolean;
  readonly isNested: boolean;
  /** What the chain of certificates ends at; null where it reaches no anchor. */
  readonly anchor: {
    readonly name: string;
    readonly fingerprint: string;
    readonly origin: "pinned" | "given";
  } | null;
  readonly timestamp: TimestampReport | null;
  /** Whether the certificate says that what it signs is a part of Windows; updates as such (MSU) are signed without. */
  readonly isWindowsComponent: boolean;
  /** Whether all of it holds, up to an anchor. */
  readonly isValid: boolean;
  /** Why it is not valid; empty where it is. */
  readonly reasons: readonly string[];
}

/** A verdict with everything that led to it. */
export interface SignatureReport {
  readonly verdict: SignatureVerdict;
  /** Whether the file may be relied on: `microsoft`, or signed under an anchor that the caller gave. */
  readonly isTrusted: boolean;
  /** Whether a signature that makes the file trusted is that of a part of Windows, as all integration services are. */
  readonly isWindowsComponent: boolean;
  /** Digests of the signatures that make the file trusted, without repetition; empty where it is not. */
  readonly digestAlgorithms: readonly string[];
  /** Whether a guest without SHA-2 can check it: such a guest sees the outer signature, and none that is nested in it. */
  readonly isCheckableWithoutSha2: boolean;
  readonly signers: readonly SignerReport[];
  /** Sentences that explain the verdict. */
  readonly reasons: readonly string[];
}

/** The report on a file that has no signature. */
export function unsignedReport(reason: string): SignatureReport {
  return emptyReport("unsigned", reason);
}

/** The report on a file whose signature cannot be read, or around which the structure lies. */
export function tamperedReport(reason: string): SignatureReport {
  return emptyReport("tampered", reason);
}

/** What `judge` reports; bytes that are not as a signature must be make the verdict `tampered` instead of an error. */
export function reportOn(judge: () => SignatureReport): SignatureReport {
  try {
    return judge();
  } catch (error) {
    if (error instanceof VmguestError && error.code === "SIGNATURE_MALFORMED") {
      return tamperedReport(`the signature cannot be read: ${error.message}`);
    }
    throw error;
  }
}

function emptyReport(verdict: SignatureVerdict, reason: string): SignatureReport {
  return {
    verdict,
    isTrusted: false,
    isWindowsComponent: false,
    digestAlgorithms: [],
    isCheckableWithoutSha2: false,
    signers: [],
    reasons: [reason],
  };
}
