// SPDX-License-Identifier: MIT

/** Two to four dotted numbers; ten digits hold every 32-bit part, and no hostile string gets past. */
const VERSION = /^\d{1,10}(?:\.\d{1,10}){1,3}$/;

/** True for what can be compared as a version: `6.3.9600.19456`, `10.0`. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/**
 * Orders dotted versions by their numbers, not by their letters: negative where `a` is older, 0 where both say the
 * same, positive where `a` is newer. Missing parts count as 0, and so does a part that is no number, so that the
 * order is total; ask {@link isVersion} first where that matters.
 */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const x = partOf(left[index]);
    const y = partOf(right[index]);
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

function partOf(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 0;
}
