// SPDX-License-Identifier: MIT
import { type DerElement, Fields, TAG } from "./der.ts";

/** SpcIndirectDataContent: what sort of file was digested, how, and the digest (Authenticode_PE, 3.1). */
export interface IndirectData {
  /** Object identifier of the sort of file. */
  readonly type: string;
  /** What describes it further, in a way of its own for each sort. */
  readonly value: DerElement | undefined;
  /** Object identifier of the digest algorithm. */
  readonly algorithm: string;
  readonly digest: Uint8Array;
}

/** Reads it from the value octets of its SEQUENCE. Throws SIGNATURE_MALFORMED. */
export function readIndirectData(content: Uint8Array): IndirectData {
  const fields = new Fields(content, "SpcIndirectDataContent");
  const data = new Fields(fields.take(TAG.sequence, "data").content, "data of SpcIndirectDataContent");
  const info = new Fields(fields.take(TAG.sequence, "messageDigest").content, "DigestInfo");
  fields.end();
  const algorithm = info.takeAlgorithm("digest algorithm");
  const digest = info.take(TAG.octetString, "digest").content;
  info.end();
  const type = data.takeIdentifier("type");
  const value = data.takeAny();
  data.end();
  return { type, value, algorithm, digest };
}
