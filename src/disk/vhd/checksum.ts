// SPDX-License-Identifier: MIT

const CHECKSUM_SIZE_BYTES = 4;

/** Ones' complement of the sum of all bytes, those of the checksum at `checksumOffset` taken as zero. */
export function checksumOf(view: DataView, checksumOffset: number): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at++) {
    if (at < checksumOffset || at >= checksumOffset + CHECKSUM_SIZE_BYTES) sum += view.getUint8(at);
  }
  return ~sum >>> 0;
}

/** Whether a footer or dynamic header is as its writer left it. */
export function checksumMatches(view: DataView, checksumOffset: number): boolean {
  return view.getUint32(checksumOffset) === checksumOf(view, checksumOffset);
}
