// SPDX-License-Identifier: MIT

/** Whether bit `index` of a bitmap is set, least significant bit first; bits past its end are not. `index` < 2^31. */
export function hasBit(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** Sets bit `index`. */
export function setBit(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
}

/** Bits of one byte from `first` up to `end`, both 0 to 8. */
export function maskOf(first: number, end: number): number {
  return ((1 << end) - 1) & ~((1 << first) - 1);
}
