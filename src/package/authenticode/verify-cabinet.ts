// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import { readRoots } from "./anchors.ts";
import { digestCabinet, findSignature } from "./cabinet-signature.ts";
import { toHex } from "./certificate.ts";
import { malformed, TAG } from "./der.ts";
import { type DigestAlgorithm, digestOf, OID } from "./identifiers.ts";
import { readIndirectData } from "./indirect-data.ts";
import { judgeSignatures, type Subject } from "./judge.ts";
import {
  reportOn,
  type SignatureReport,
  type TrustOptions,
  tamperedReport,
  unsignedReport,
} from "./report.ts";
import { readSignatures, type Signature } from "./signature.ts";

/**
 * Judges the Authenticode signature of a cabinet (CAB, MSU), without the network: docs/trust.md says what is believed.
 *
 * The file is read once, in chunks. Signatures of any kind, however broken, give a verdict; only what reading `source`
 * throws is thrown, and USAGE for a root in `trust` that is no certificate.
 */
export function verifyCabinet(source: ByteSource, trust: TrustOptions = {}): SignatureReport {
  const roots = readRoots(trust.roots);
  const search = findSignature(source);
  if (search.state === "unsigned") return unsignedReport(search.reason);
  if (search.state === "tampered") return tamperedReport(search.reason);
  return reportOn(() => {
    const signed = readSignatures(search.bytes).map((signature) => ({
      signature,
      stated: readStatedDigest(signature),
    }));
    if (signed.length === 0) return unsignedReport("the signature has no signer");
    const algorithms = signed.map(({ stated }) => stated.algorithm).filter((name) => name !== undefined);
    const digests = digestCabinet(source, search.offset, algorithms);
    const subjects = signed.map(({ signature, stated }) => ({
      signature,
      subject: compare(stated, digests),
    }));
    return judgeSignatures(subjects, roots, trust.now);
  });
}

/** What a signature says about the cabinet. */
interface StatedDigest {
  readonly algorithm: DigestAlgorithm | undefined;
  /** Lower-case hex. */
  readonly digest: string;
}

function readStatedDigest({ data }: Signature): StatedDigest {
  if (data.contentType !== OID.indirectData || data.contentTag !== TAG.sequence) {
    throw malformed(`what is signed is of type ${data.contentType}, not the digest of a file`);
  }
  const { algorithm, digest } = readIndirectData(data.content);
  return { algorithm: digestOf(algorithm), digest: toHex(digest) };
}

function compare(stated: StatedDigest, digests: ReadonlyMap<DigestAlgorithm, Uint8Array>): Subject {
  const { algorithm } = stated;
  const bytes = algorithm === undefined ? undefined : digests.get(algorithm);
  if (algorithm === undefined || bytes === undefined) {
    const unsupported = ["the digest that the file was signed with is not accepted"];
    return { digestAlgorithm: "unknown", digest: null, digestMatches: false, broken: [], unsupported };
  }
  const digest = toHex(bytes);
  const digestMatches = digest === stated.digest;
  const broken = digestMatches
    ? []
    : [`the ${algorithm} digest of the file is ${digest}, not ${stated.digest}`];
  return { digestAlgorithm: algorithm, digest, digestMatches, broken, unsupported: [] };
}
