// SPDX-License-Identifier: MIT

/** The seed that Windows uses for log entries, 0x82EF4D887A4E55C5. */
const SEED_LOW = 0x7a4e_55c5;
const SEED_HIGH = 0x82ef_4d88;

/** Follows the last byte of the input in the word that ends it. */
const END_MARK = 0x80;

/**
 * Marvin32, the hash over the entries of new-format transaction logs. The input may come in pieces, of which only the
 * last may have a length that is not a multiple of 4.
 *
 * The specification of the hive format gives its name and seed; the function is that of System.Marvin in .NET.
 */
export function marvin32(pieces: Iterable<DataView>): bigint {
  let low = SEED_LOW;
  let high = SEED_HIGH;
  let last = END_MARK;

  const mix = (word: number) => {
    low = (low + word) | 0;
    high ^= low;
    low = (rotate(low, 20) + high) | 0;
    high = rotate(high, 9) ^ low;
    low = (rotate(low, 27) + high) | 0;
    high = rotate(high, 19);
  };

  for (const piece of pieces) {
    const wordsEnd = piece.byteLength - (piece.byteLength % 4);
    for (let at = 0; at < wordsEnd; at += 4) mix(piece.getUint32(at, true));
    for (let at = piece.byteLength - 1; at >= wordsEnd; at--) last = last * 256 + piece.getUint8(at);
  }
  mix(last);
  mix(0);
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Rotates a 32-bit word left. */
function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
