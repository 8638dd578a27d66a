// SPDX-License-Identifier: MIT

/** The generator x^16 + x^12 + x^5 + 1 (ECMA-167 1/7.2.6). */
const POLYNOMIAL = 0x1021;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? POLYNOMIAL : 0)) & 0xffff;
  return crc;
});

/** The CRC that UDF has in its descriptor tags: begins with 0, highest bit first, nothing inverted. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (TABLE[(crc >>> 8) ^ byte] ?? 0)) & 0xffff;
  return crc;
}
