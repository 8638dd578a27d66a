// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import type { ByteSource } from "../../io/index.ts";
import { type MsiSignedParts, readSignedParts } from "../msi/index.ts";
import { readRoots } from "./anchors.ts";
import { toHex } from "./certificate.ts";
import type { DigestAlgorithm } from "./identifiers.ts";
import { judgeSignatures, type Subject } from "./judge.ts";
import { reportOn, type SignatureReport, type TrustOptions, unsignedReport } from "./report.ts";
import { readSignatures } from "./signature.ts";
import { isSame } from "./signer.ts";
import { compareDigests, readStatedDigest, type StatedDigest } from "./stated-digest.ts";

const LOOSE_STREAMS =
  "the signature is about what the streams of the MSI hold one after the other, not where one ends or what it is called";

/**
 * Judges the signature of an MSI, by the rules of {@link verifyCabinet}. What is digested are its streams and, where the
 * signer chose so, their names, sizes and times before them.
 *
 * Throws what reading the file as an MSI throws where it is damaged, and USAGE for a root in `trust` that is no
 * certificate.
 */
export function verifyMsi(source: ByteSource, trust: TrustOptions = {}): SignatureReport {
  const roots = readRoots(trust.roots);
  const parts = readSignedParts(source);
  const { signature: encoded } = parts;
  if (encoded === undefined) return unsignedReport("the MSI has no signature");
  return reportOn(() => {
    const signatures = readSignatures(encoded);
    if (signatures.length === 0) return unsignedReport("the signature has no signer");
    const subjects = signatures.map((signature) => ({
      signature,
      subject: subjectOf(readStatedDigest(signature, "msi"), parts),
    }));
    const report = judgeSignatures(subjects, roots, trust.now);
    const isLoose = report.isTrusted && parts.metadataDigest === undefined;
    return isLoose ? { ...report, reasons: [...report.reasons, LOOSE_STREAMS] } : report;
  });
}

function subjectOf(stated: StatedDigest, parts: MsiSignedParts): Subject {
  const { algorithm } = stated;
  if (algorithm === undefined) return compareDigests(stated, new Map());
  if (!parts.isComplete) {
    const unsupported = [...stated.unsupported, "the MSI has folders inside, whose digests are not computed"];
    return { digestAlgorithm: algorithm, digest: null, digestMatches: false, broken: [], unsupported };
  }
  const { metadata, metadataDigest, contents } = parts;
  if (metadataDigest === undefined) {
    return compareDigests(stated, new Map([[algorithm, digestAll(algorithm, contents)]]));
  }
  const first = digestAll(algorithm, metadata);
  const subject = compareDigests(stated, new Map([[algorithm, digestAll(algorithm, [first, ...contents])]]));
  // It is stored for one algorithm only, though there may be signatures with two.
  if (metadataDigest.length !== first.length || isSame(metadataDigest, first)) return subject;
  const broken = `the ${algorithm} digest of names and sizes is ${toHex(first)}, not ${toHex(metadataDigest)}`;
  return { ...subject, digestMatches: false, broken: [...subject.broken, broken] };
}

function digestAll(algorithm: DigestAlgorithm, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
