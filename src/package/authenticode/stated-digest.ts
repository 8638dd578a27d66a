// SPDX-License-Identifier: MIT
import { toHex } from "./certificate.ts";
import { malformed, TAG } from "./der.ts";
import { type DigestAlgorithm, digestOf, OID } from "./identifiers.ts";
import { readIndirectData } from "./indirect-data.ts";
import type { Subject } from "./judge.ts";
import type { Signature } from "./signature.ts";
import { isAbout, type SubjectKind } from "./subject.ts";

/** What a signature says about the file that it is in. */
export interface StatedDigest {
  readonly algorithm: DigestAlgorithm | undefined;
  /** Lower-case hex. */
  readonly digest: string;
  /** Why it is not about such a file; empty where it is. */
  readonly unsupported: readonly string[];
}

/** Throws SIGNATURE_MALFORMED where what is signed is no digest of a file. */
export function readStatedDigest({ data }: Signature, kind: SubjectKind): StatedDigest {
  if (data.contentType !== OID.indirectData || data.contentTag !== TAG.sequence) {
    throw malformed(`what is signed is of type ${data.contentType}, not the digest of a file`);
  }
  const stated = readIndirectData(data.content);
  const unsupported = isAbout(kind, stated)
    ? []
    : [`it is about a file of type ${stated.type}, which is no ${WORDS[kind]}`];
  return { algorithm: digestOf(stated.algorithm), digest: toHex(stated.digest), unsupported };
}

const WORDS = { cabinet: "cabinet", msi: "MSI" } as const;

/** What the signature is about, compared with the digests of what is there. */
export function compareDigests(
  stated: StatedDigest,
  digests: ReadonlyMap<DigestAlgorithm, Uint8Array>,
): Subject {
  const { algorithm, unsupported } = stated;
  const bytes = algorithm === undefined ? undefined : digests.get(algorithm);
  if (algorithm === undefined || bytes === undefined) {
    const reasons = [...unsupported, "the digest that the file was signed with is not accepted"];
    return {
      digestAlgorithm: "unknown",
      digest: null,
      digestMatches: false,
      broken: [],
      unsupported: reasons,
    };
  }
  const digest = toHex(bytes);
  const digestMatches = digest === stated.digest;
  const broken = digestMatches
    ? []
    : [`the ${algorithm} digest of the file is ${digest}, not ${stated.digest}`];
  return { digestAlgorithm: algorithm, digest, digestMatches, broken, unsupported };
}
