// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { type ByteSource, copyBytes, readBytes } from "../../io/index.ts";
import { toHex } from "./certificate.ts";
import type { DigestAlgorithm } from "./identifiers.ts";
import { CABINET_FLAGS, SIGNATURE_MARKER, SignedHeader } from "./layout.ts";

/** Where a cabinet says that its signature is, or why there is none. */
export type SignatureSearch =
  | { readonly state: "found"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly state: "unsigned"; readonly reason: string }
  | { readonly state: "tampered"; readonly reason: string };

/** Real signatures have 16 KiB; what is larger hides something. */
const SIGNATURE_SIZE_MAX_BYTES = 1024 * 1024;
/** How much of a file is held while it is digested. */
const CHUNK_SIZE_BYTES = 64 * 1024;

const unsigned = (reason: string): SignatureSearch => ({ state: "unsigned", reason });
const tampered = (reason: string): SignatureSearch => ({ state: "tampered", reason });

/**
 * Finds the signature behind a cabinet. Every field that the digest leaves out must have the only value that a signed
 * cabinet can have there, so that nobody can change how the cabinet is read.
 */
export function findSignature(source: ByteSource): SignatureSearch {
  const isCabinet = source.sizeBytes >= 36 && toHex(readBytes(source, 0, 4)) === MAGIC;
  if (!isCabinet) return unsigned("the file is no cabinet");
  const flags = source.read(SignedHeader.offsetOf.flags, 2).getUint16(0, true);
  if ((flags & CABINET_FLAGS.hasReserve) === 0) return unsigned("the cabinet has no room for a signature");
  if (source.sizeBytes < SignedHeader.sizeBytes) return unsigned("the cabinet has no room for a signature");
  const header = new SignedHeader(source.read(0, SignedHeader.sizeBytes));
  const { headerReserveSize, signatureOffset, signatureSize } = header;
  if (headerReserveSize !== RESERVE_SIZE || header.marker !== SIGNATURE_MARKER) {
    return unsigned("the reserved area of the cabinet is not that of a signature");
  }
  if (signatureOffset === 0 && signatureSize === 0) return unsigned("the place for a signature is empty");
  const fault = faultOf(header, source.sizeBytes);
  if (fault !== undefined) return tampered(fault);
  return {
    state: "found",
    offset: signatureOffset,
    bytes: copyBytes(source, signatureOffset, signatureSize),
  };
}

const MAGIC = "4d534346";
const RESERVE_SIZE = 20;

/** What is not as it must be in a signed cabinet, or undefined. */
function faultOf(header: SignedHeader, fileSize: number): string | undefined {
  const { cabinetSize, signatureOffset, signatureSize, flags } = header;
  const end = signatureOffset + signatureSize;
  if (signatureOffset !== cabinetSize || signatureOffset < SignedHeader.sizeBytes) {
    return `the signature is said to begin at 0x${signatureOffset.toString(16)}, but the cabinet ends at 0x${cabinetSize.toString(16)}`;
  }
  if (end > fileSize) return `the signature needs ${signatureSize} bytes, but the file ends before they do`;
  if (end < fileSize) return `${fileSize - end} bytes that nothing vouches for follow the signature`;
  if (signatureSize > SIGNATURE_SIZE_MAX_BYTES) {
    return `the signature has ${signatureSize} bytes, more than ${SIGNATURE_SIZE_MAX_BYTES}`;
  }
  if (header.reserved1 !== 0 || header.reserved2 !== 0 || header.reserved3 !== 0) {
    return "a reserved field of the cabinet's header is not zero";
  }
  if (header.folderReserveSize !== 0 || header.dataReserveSize !== 0) {
    return "the cabinet reserves bytes in its folders or blocks, for which nothing vouches";
  }
  const isSingle = (flags & (CABINET_FLAGS.hasPrevious | CABINET_FLAGS.hasNext)) === 0;
  if (isSingle && header.setIndex !== 0)
    return `the cabinet is number ${header.setIndex} of a set that it is not in`;
  return undefined;
}

/**
 * Digests of a signed cabinet, read once: all of it up to the signature but for the fields that signing changes, bytes
 * 4 to 7 and 34 to 55.
 */
export function digestCabinet(
  source: ByteSource,
  signatureOffset: number,
  algorithms: Iterable<DigestAlgorithm>,
): ReadonlyMap<DigestAlgorithm, Uint8Array> {
  const hashes = [...new Set(algorithms)].map((name) => ({ name, hash: createHash(name) }));
  const ranges = [
    { start: 0, end: SignedHeader.offsetOf.reserved1 },
    { start: SignedHeader.offsetOf.cabinetSize, end: SignedHeader.offsetOf.setIndex },
    { start: SignedHeader.offsetOf.reserved3, end: signatureOffset },
  ];
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += CHUNK_SIZE_BYTES) {
      const chunk = readBytes(source, at, Math.min(CHUNK_SIZE_BYTES, end - at));
      for (const { hash } of hashes) hash.update(chunk);
    }
  }
  return new Map(hashes.map(({ name, hash }) => [name, hash.digest()]));
}
