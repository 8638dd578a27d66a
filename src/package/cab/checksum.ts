// SPDX-License-Identifier: MIT

/**
 * The checksum of MS-CAB (3.1): XOR of 32-bit little-endian words, going on from `seed`. The one to three bytes that
 * are left over count from the highest to the lowest, as if they had been turned around.
 */
export function blockChecksum(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wholeBytes = bytes.length - (bytes.length % 4);
  let sum = seed | 0;
  for (let at = 0; at < wholeBytes; at += 4) sum ^= view.getInt32(at, true);
  let rest = 0;
  for (let at = wholeBytes; at < bytes.length; at++) rest = (rest << 8) | view.getUint8(at);
  return (sum ^ rest) >>> 0;
}

/**
 * Whether the checksum of a block is right; `head` is its CFDATA from `cbData` to the end of its reserved area.
 *
 * MS-CAB and 7-Zip count the reserved area, libmspack does not: either is accepted.
 */
export function checksumMatches(checksum: number, head: Uint8Array, data: Uint8Array): boolean {
  const ofData = blockChecksum(data, 0);
  if (blockChecksum(head.subarray(0, 4), ofData) === checksum) return true;
  return head.length > 4 && blockChecksum(head, ofData) === checksum;
}
