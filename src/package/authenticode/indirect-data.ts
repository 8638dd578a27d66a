// SPDX-License-Identifier: MIT
import { decodeObjectIdentifier, elementsOf, expectTag, TAG } from "./der.ts";

/** SpcIndirectDataContent: what sort of file was digested, how, and the digest (Authenticode_PE, 3.1). */
export interface IndirectData {
  /** Object identifier of the sort of file. */
  readonly type: string;
  /** Object identifier of the digest algorithm. */
  readonly algorithm: string;
  readonly digest: Uint8Array;
}

/** Reads it from the value octets of its SEQUENCE. Throws SIGNATURE_MALFORMED. */
export function readIndirectData(content: Uint8Array): IndirectData {
  const [data, info] = elementsOf(content);
  const [type] = elementsOf(expectTag(data, TAG.sequence, "data of SpcIndirectDataContent"));
  const [algorithms, digest] = elementsOf(expectTag(info, TAG.sequence, "digest of SpcIndirectDataContent"));
  const [algorithm] = elementsOf(expectTag(algorithms, TAG.sequence, "digest algorithm"));
  return {
    type: decodeObjectIdentifier(expectTag(type, TAG.objectIdentifier, "sort of file")),
    algorithm: decodeObjectIdentifier(expectTag(algorithm, TAG.objectIdentifier, "digest algorithm")),
    digest: expectTag(digest, TAG.octetString, "digest"),
  };
}
