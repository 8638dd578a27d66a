// SPDX-License-Identifier: MIT
import { type Anchor, givenAnchor, PINNED_ANCHORS } from "./anchors.ts";
import type { Certificate } from "./certificate.ts";
import { judgeChain } from "./chain.ts";
import { PURPOSE } from "./identifiers.ts";
import type { SignatureReport, SignatureVerdict, SignerReport } from "./report.ts";
import type { Signature } from "./signature.ts";
import { checkSigner, type SignerCheck } from "./signer.ts";
import { readTimestamps, type Timestamp } from "./timestamp.ts";

/** What a signature is about, compared with what is there. */
export interface Subject {
  readonly digestAlgorithm: SignerReport["digestAlgorithm"];
  /** As computed here, lower-case hex. */
  readonly digest: string | null;
  readonly digestMatches: boolean;
  /** What does not match, so that somebody changed something. */
  readonly broken: readonly string[];
  /** What keeps it from being compared at all. */
  readonly unsupported: readonly string[];
}

/** Every signature of a file with what it is about. */
export interface SignedSubject {
  readonly signature: Signature;
  readonly subject: Subject;
}

/** A signer's report, and whether anything about it was changed after it was made. */
interface Judgement {
  readonly report: SignerReport;
  readonly isBroken: boolean;
  /** Whether it holds by the pinned anchors alone. */
  readonly isMicrosoft: boolean;
  /** Whether checking it takes no other digest than SHA-1. */
  readonly isAllSha1: boolean;
}

/** The anchors of one look at a signature, with the certificates of those that are known. */
interface Trust {
  readonly anchors: readonly Anchor[];
  readonly roots: readonly Certificate[];
  readonly now: Date | undefined;
}

const NO_REVOCATION = "whether a certificate was revoked is not checked: that needs the network";

/**
 * The verdict on a file from all its signatures, the outer ones first: `tampered` where anything about any of them does
 * not match, else that of the best. Whatever else the report says of the file rests on the signatures that make this
 * verdict: anybody can add others that make none. `roots` are the caller's own anchors. Throws SIGNATURE_MALFORMED.
 */
export function judgeSignatures(
  subjects: readonly SignedSubject[],
  roots: readonly Certificate[],
  now: Date | undefined,
): SignatureReport {
  const judgements = subjects.map(({ signature, subject }) => judgeSigner(signature, subject, roots, now));
  const signers = judgements.map(({ report }) => report);
  const isBroken = judgements.some((judgement) => judgement.isBroken);
  const isMicrosoft = judgements.some((judgement) => judgement.isMicrosoft);
  const verdict: SignatureVerdict = isBroken ? "tampered" : isMicrosoft ? "microsoft" : "signed-unknown-root";
  const counted = isBroken
    ? []
    : judgements.filter((judgement) => (isMicrosoft ? judgement.isMicrosoft : judgement.report.isValid));
  const [primary] = judgements;
  return {
    verdict,
    isTrusted: counted.length > 0,
    isWindowsComponent: counted.some(({ report }) => report.isWindowsComponent),
    digestAlgorithms: [...new Set(counted.map(({ report }) => report.digestAlgorithm))],
    isCheckableWithoutSha2: primary?.isAllSha1 === true && counted.includes(primary),
    signers,
    reasons: [...signers.flatMap(explain), ...(isBroken ? [] : [NO_REVOCATION])],
  };
}

/** A signer's part of the reasons. */
function explain({
  subject,
  reasons,
  isNested,
  anchor,
  timestamp,
  digestAlgorithm,
  isWindowsComponent,
}: SignerReport): string[] {
  const what = `${isNested ? "nested " : ""}${digestAlgorithm} signature of ${/^CN=([^,]*)/.exec(subject)?.[1] ?? subject}`;
  if (anchor === null || reasons.length > 0) return reasons.map((reason) => `${what}: ${reason}`);
  const origin = anchor.origin === "pinned" ? "" : ", an anchor that was given";
  const time = timestamp === null ? "" : `, signed ${timestamp.time} by the word of ${timestamp.signer}`;
  const component = isWindowsComponent ? "" : "; it is not that of a part of Windows";
  return [`${what}: valid under ${anchor.name}${origin}${time}${component}`];
}

function judgeSigner(
  signature: Signature,
  subject: Subject,
  roots: readonly Certificate[],
  now: Date | undefined,
): Judgement {
  const { data, info, bag } = signature;
  const check = checkSigner(info, { bytes: data.content, type: data.contentType }, bag);
  const timestamps = readTimestamps(info, bag);
  const broken = [...subject.broken, ...check.broken, ...timestamps.flatMap((stamp) => stamp.broken)];
  const pinned: Trust = { anchors: PINNED_ANCHORS, roots: [], now };
  const first = judgeTrust(signature, check, timestamps, pinned);
  // What is Microsoft's must be so without any help of the caller's anchors, those of its time stamp included.
  const all: Trust = { anchors: [...PINNED_ANCHORS, ...roots.map(givenAnchor)], roots, now };
  const trust =
    first.reasons.length === 0 || roots.length === 0 ? first : judgeTrust(signature, check, timestamps, all);
  const isBroken = broken.length > 0 || trust.forged.length > 0;
  const reasons = isBroken ? [...broken, ...trust.forged] : [...subject.unsupported, ...trust.reasons];
  const { certificate } = check;
  return {
    isBroken,
    isMicrosoft: reasons.length === 0 && trust === first,
    isAllSha1: subject.digestAlgorithm === "sha1" && check.digestAlgorithm === "sha1",
    report: {
      subject: certificate?.subject ?? "unknown",
      issuer: certificate?.issuer ?? "unknown",
      serial: certificate?.serial ?? "",
      digestAlgorithm: subject.digestAlgorithm,
      digest: subject.digest,
      digestMatches: subject.digestMatches,
      isNested: signature.isNested,
      anchor: trust.anchor === null ? null : anchorReport(trust.anchor),
      timestamp: trust.timestamp,
      isWindowsComponent: certificate?.purposes?.has(PURPOSE.windowsComponent) === true,
      isValid: reasons.length === 0,
      reasons,
    },
  };
}

function anchorReport({ name, fingerprint, origin }: Anchor): SignerReport["anchor"] {
  return { name, fingerprint, origin };
}

interface TrustVerdict {
  readonly anchor: Anchor | null;
  readonly timestamp: SignerReport["timestamp"];
  readonly reasons: readonly string[];
  readonly forged: readonly string[];
}

/** Whether the signer is to be believed under these anchors, at the time of its signature. */
function judgeTrust(
  { bag }: Signature,
  { certificate, unsupported }: SignerCheck,
  timestamps: readonly Timestamp[],
  { anchors, roots, now }: Trust,
): TrustVerdict {
  if (certificate === undefined) return { anchor: null, timestamp: null, reasons: [], forged: [] };
  const stamps = timestamps.map((stamp) => ({ stamp, chain: judgeTimestamp(stamp, anchors, roots) }));
  const endsWithCertificate = certificate.purposes?.has(PURPOSE.lifetimeSigning) === true;
  const accepted = endsWithCertificate
    ? undefined
    : earliest(stamps.filter(({ chain }) => chain.reasons.length === 0).map(({ stamp }) => stamp));
  const time = accepted?.time ?? now;
  const chain = judgeChain(certificate, { purpose: "code", anchors, bag: [...bag, ...roots], time });
  const reasons = [...unsupported, ...chain.reasons];
  if (time === undefined) {
    reasons.push(
      "without a time stamp that counts, and no time given, nobody knows whether its certificate was valid",
    );
  }
  // A time stamp that does not count matters only where one is missing.
  if (reasons.length > 0) reasons.push(...stamps.flatMap((item) => item.chain.reasons));
  return {
    anchor: chain.anchor,
    timestamp:
      accepted?.certificate === undefined
        ? null
        : { time: accepted.time.toISOString(), kind: accepted.kind, signer: accepted.certificate.name },
    reasons,
    forged: [...chain.forged, ...stamps.flatMap((item) => item.chain.forged)],
  };
}

/** Anybody can have a signature stamped once more, but not with a time that has passed. */
function earliest(stamps: readonly Timestamp[]): Timestamp | undefined {
  return stamps.toSorted((a, b) => a.time.getTime() - b.time.getTime())[0];
}

/** The authority's certificate must have been valid at the very time it states. */
function judgeTimestamp(
  { certificate, bag, broken, unsupported, time }: Timestamp,
  anchors: readonly Anchor[],
  roots: readonly Certificate[],
) {
  const faults = [...broken, ...unsupported];
  if (certificate === undefined || faults.length > 0) return { reasons: faults, forged: [] };
  const { reasons, forged } = judgeChain(certificate, {
    purpose: "time",
    anchors,
    bag: [...bag, ...roots],
    time,
  });
  return { reasons: reasons.map((reason) => `time stamp: ${reason}`), forged };
}
