// SPDX-License-Identifier: MIT
import { decodeLatin1 } from "../../bytes/index.ts";
import type { ByteSource } from "../../io/index.ts";

/** Where the volume recognition sequence begins, whatever the block size (ECMA-167 2/8.3; ECMA-119 6.2). */
const FIRST_OFFSET = 32_768;
/** Bytes of one of its structures. On media with blocks of 4096 bytes each begins a block. */
const STRUCTURE_SIZE_BYTES = 2048;
/** There are six or seven; reading on would only look for something in files. */
const STRUCTURE_COUNT_MAX = 64;

/** What can stand in the sequence (ECMA-167 2/9.1, ECMA-119 8). */
const KNOWN = new Set(["CD001", "BEA01", "NSR02", "NSR03", "TEA01", "BOOT2", "CDW02"]);

/** Which file systems the beginning of an image promises. */
export interface Recognized {
  readonly hasIso9660: boolean;
  readonly hasUdf: boolean;
}

/** Reads the volume recognition sequence, a few sectors from byte 32,768 on. */
export function recognize(source: ByteSource): Recognized {
  const found = new Set<string>();
  let unknownCount = 0;
  for (let index = 0; index < STRUCTURE_COUNT_MAX; index++) {
    const offset = FIRST_OFFSET + index * STRUCTURE_SIZE_BYTES;
    if (offset + STRUCTURE_SIZE_BYTES > source.sizeBytes) break;
    const identifier = decodeLatin1(source.read(offset + 1, 5), 0, 5);
    if (KNOWN.has(identifier)) {
      found.add(identifier);
      unknownCount = 0;
    } else if (++unknownCount > 1) break;
  }
  return { hasIso9660: found.has("CD001"), hasUdf: found.has("NSR02") || found.has("NSR03") };
}

/** Whether the file has the descriptors of an optical disc; whether they can be read, opening it tells. */
export function isDiscImage(source: ByteSource): boolean {
  const { hasIso9660, hasUdf } = recognize(source);
  return hasIso9660 || hasUdf;
}
