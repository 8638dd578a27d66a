// SPDX-License-Identifier: MIT
import { crc32c } from "../../bytes/index.ts";

/** Every VHDX structure that has a checksum has it right behind the signature. */
const CHECKSUM_OFFSET = 4;
const CHECKSUM_AS_ZERO = new Uint8Array(4);

/** CRC-32C of a structure, its own checksum taken as zero; to go on over further pieces, use it as the seed. */
export function checksumOf(view: DataView): number {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const before = crc32c(CHECKSUM_AS_ZERO, crc32c(bytes.subarray(0, CHECKSUM_OFFSET)));
  return crc32c(bytes.subarray(CHECKSUM_OFFSET + CHECKSUM_AS_ZERO.length), before);
}

/** Whether a header or region table is as its writer left it. */
export function checksumMatches(view: DataView): boolean {
  return view.getUint32(CHECKSUM_OFFSET, true) === checksumOf(view);
}
