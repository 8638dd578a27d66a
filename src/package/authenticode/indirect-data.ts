// SPDX-License-Identifier: MIT
import { Fields, TAG } from "./der.ts";

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
  const fields = new Fields(content, "SpcIndirectDataContent");
  const type = new Fields(fields.take(TAG.sequence, "data").content, "data of SpcIndirectDataContent");
  const info = new Fields(fields.take(TAG.sequence, "messageDigest").content, "DigestInfo");
  fields.end();
  const algorithm = info.takeAlgorithm("digest algorithm");
  const digest = info.take(TAG.octetString, "digest").content;
  info.end();
  // What follows the type in `data` describes the sort of file; the digest alone binds it.
  return { type: type.takeIdentifier("type"), algorithm, digest };
}
