// SPDX-License-Identifier: MIT
import { readRoots } from "./anchors.ts";
import { CATALOG_SIZE_MAX_BYTES } from "./catalog.ts";
import { toHex } from "./certificate.ts";
import { malformed } from "./der.ts";
import { digestOf, OID } from "./identifiers.ts";
import { judgeSignatures, type Subject } from "./judge.ts";
import { reportOn, type SignatureReport, type TrustOptions, unsignedReport } from "./report.ts";
import { readSignatures, type Signature } from "./signature.ts";
import { hash } from "./signer.ts";

/**
 * Judges the signature of a catalog, by the rules of {@link verifyCabinet}; the digest is that of its list. Never throws
 * for what `bytes` say, only USAGE for a root in `trust` that is no certificate.
 */
export function verifyCatalog(bytes: Uint8Array, trust: TrustOptions = {}): SignatureReport {
  const roots = readRoots(trust.roots);
  return reportOn(() => {
    if (bytes.length > CATALOG_SIZE_MAX_BYTES) throw malformed(`the catalog has ${bytes.length} bytes`);
    const signatures = readSignatures(bytes);
    if (signatures.length === 0) return unsignedReport("the catalog has no signer");
    const subjects = signatures.map((signature) => ({ signature, subject: subjectOf(signature) }));
    return judgeSignatures(subjects, roots, trust.now);
  });
}

function subjectOf({ data, info }: Signature): Subject {
  if (data.contentType !== OID.certificateTrustList) {
    throw malformed(`what is signed is of type ${data.contentType}, no catalog`);
  }
  const algorithm = digestOf(info.digestAlgorithm);
  if (algorithm === undefined) {
    return { digestAlgorithm: "unknown", digest: null, digestMatches: false, broken: [], unsupported: [] };
  }
  const digest = toHex(hash(algorithm, data.content));
  const [stated] = info.signed.get(OID.messageDigest) ?? [];
  const digestMatches = stated !== undefined && toHex(stated.content) === digest;
  // That it does not match is found with the signed attributes.
  return { digestAlgorithm: algorithm, digest, digestMatches, broken: [], unsupported: [] };
}
