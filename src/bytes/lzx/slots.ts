// SPDX-License-Identifier: MIT

/** Position slots by the bits of the window (MS-PATCH 2.3): 15 to 21. */
const SLOT_COUNTS: Readonly<Record<number, number>> = {
  15: 30,
  16: 32,
  17: 34,
  18: 36,
  19: 38,
  20: 42,
  21: 50,
};
const SLOT_COUNT_MAX = 50;
const SLOT_BITS_MAX = 17;
/** Distances are stored with this added: the first slots stand for the last distances that were used. */
const DISTANCE_BIAS = 2;

export const LITERAL_COUNT = 256;
/** Main symbols of each position slot: eight lengths. */
export const LENGTHS_PER_SLOT = 8;

/** How many bits follow the symbol of each position slot. */
export const SLOT_BITS = Uint8Array.from({ length: SLOT_COUNT_MAX }, (_, slot) =>
  Math.min(SLOT_BITS_MAX, Math.max(0, (slot >> 1) - 1)),
);

/** The distance that those bits are added to. */
export const SLOT_DISTANCES = new Int32Array(SLOT_COUNT_MAX);
for (let slot = 0, base = -DISTANCE_BIAS; slot < SLOT_COUNT_MAX; base += 2 ** (SLOT_BITS[slot++] as number)) {
  SLOT_DISTANCES[slot] = base;
}

/** Symbols of the main code for a window of 2^`windowBits` bytes. Throws a RangeError where LZX has no such window. */
export function mainSymbolCount(windowBits: number): number {
  const slotCount = SLOT_COUNTS[windowBits];
  if (slotCount === undefined) throw new RangeError(`LZX has no window of 2^${windowBits} bytes`);
  return LITERAL_COUNT + slotCount * LENGTHS_PER_SLOT;
}
