// SPDX-License-Identifier: MIT

/** `1 image`, `2 images`: a number with what it counts, a noun that takes an s. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
