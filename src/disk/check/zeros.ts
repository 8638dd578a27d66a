// SPDX-License-Identifier: MIT

/** Index of the first byte that is not zero, or undefined where all of them are. */
export function firstNonZero(bytes: Uint8Array): number | undefined {
  const index = bytes.findIndex((byte) => byte !== 0);
  return index < 0 ? undefined : index;
}
