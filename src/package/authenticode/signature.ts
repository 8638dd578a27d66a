// SPDX-License-Identifier: MIT
import { type Certificate, readCertificate } from "./certificate.ts";
import { type DerElement, malformed, readElement } from "./der.ts";
import { OID } from "./identifiers.ts";
import { parseSignedData, type SignedData, type SignerInfo } from "./pkcs7.ts";

/** Real files have one nested signature, with the newer digest; Windows looks no deeper than that. */
const NESTED_COUNT_MAX = 8;

/** One signature of a file: a signer's part, and what it came in. */
export interface Signature {
  readonly data: SignedData;
  readonly info: SignerInfo;
  readonly bag: readonly Certificate[];
  /** Whether it stands in an unsigned attribute of another, which does not vouch for it. */
  readonly isNested: boolean;
}

/**
 * All signatures in a ContentInfo: those of its signers, and the ones nested in them. Throws SIGNATURE_MALFORMED, also
 * where anything but zeros follows.
 */
export function readSignatures(bytes: Uint8Array): Signature[] {
  const contentInfo = readElement(bytes);
  const { length } = contentInfo.encoded;
  const rest = bytes.subarray(length);
  if (rest.some((octet) => octet !== 0)) {
    throw malformed("data that nothing vouches for follows the signature", length);
  }
  const primary = readSigners(contentInfo, false);
  const nested = primary.flatMap(({ info }) => info.unsigned.get(OID.nestedSignature) ?? []);
  if (nested.length > NESTED_COUNT_MAX) {
    throw malformed(`there are ${nested.length} nested signatures, more than ${NESTED_COUNT_MAX}`);
  }
  return [...primary, ...nested.flatMap((element) => readSigners(element, true))];
}

function readSigners(contentInfo: DerElement, isNested: boolean): Signature[] {
  const data = parseSignedData(contentInfo);
  const bag = data.certificates.map((certificate) => readCertificate(certificate));
  return data.signers.map((info) => ({ data, info, bag, isNested }));
}
