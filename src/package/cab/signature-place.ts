// SPDX-License-Identifier: MIT
import type { ByteSource } from "../../io/index.ts";
import type { FindingList } from "./findings.ts";
import type { Header } from "./header.ts";
import { SIGNATURE_MARKER, SignatureReserve } from "./layout.ts";

/** Where in the file the signature of a cabinet is: PKCS#7, padded to a multiple of 8 bytes. */
export interface SignaturePlace {
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * The place that the header's reserved area gives for the signature; undefined where there is none. One that is not
 * there, or not right behind the cabinet, is a finding; so are other bytes behind the cabinet.
 */
export function findSignature(
  source: ByteSource,
  header: Header,
  findings: FindingList,
): SignaturePlace | undefined {
  const place = announcedSignature(source, header);
  const isThere =
    place !== undefined &&
    place.offset === header.sizeBytes &&
    place.offset + place.sizeBytes <= source.sizeBytes;
  if (place !== undefined && !isThere) {
    const message = `it announces ${place.sizeBytes} bytes at 0x${place.offset.toString(16)}, the cabinet ends at 0x${header.sizeBytes.toString(16)} and the file at 0x${source.sizeBytes.toString(16)}`;
    findings.add("CAB_SIGNATURE_PLACE", message, {
      structure: SignatureReserve.structName,
      offset: header.reserve.offset,
    });
  }
  const end = isThere ? place.offset + place.sizeBytes : header.sizeBytes;
  if (end < source.sizeBytes)
    findings.add("CAB_APPENDED", `${source.sizeBytes - end} bytes follow the cabinet`, { offset: end });
  return isThere ? place : undefined;
}

/** What the header says about a signature, right or wrong; undefined where it announces none. */
export function announcedSignature(source: ByteSource, { reserve }: Header): SignaturePlace | undefined {
  if (reserve.sizeBytes !== SignatureReserve.sizeBytes) return undefined;
  if (reserve.offset + reserve.sizeBytes > source.sizeBytes) return undefined;
  const fields = new SignatureReserve(source.read(reserve.offset, reserve.sizeBytes));
  if (fields.marker !== SIGNATURE_MARKER || (fields.offset === 0 && fields.sizeBytes === 0)) return undefined;
  return { offset: fields.offset, sizeBytes: fields.sizeBytes };
}
