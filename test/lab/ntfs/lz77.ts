// SPDX-License-Identifier: MIT
import { trigram } from "./lznt1.ts";

/** A byte, or a match that repeats `length` bytes from `distance` bytes before. */
export type Token = number | { readonly distance: number; readonly length: number };

/** Cuts bytes into literals and matches, greedily: the last place where the same three bytes stood. */
export function findTokens(bytes: Uint8Array, lengthMax: number): Token[] {
  const tokens: Token[] = [];
  const latest = new Map<number, number>();
  for (let at = 0; at < bytes.length; ) {
    const from = at + 3 <= bytes.length ? latest.get(trigram(bytes, at)) : undefined;
    let length = 0;
    if (from !== undefined) {
      while (length < lengthMax && at + length < bytes.length && bytes[from + length] === bytes[at + length])
        length++;
    }
    const isMatch = from !== undefined && length >= 3;
    tokens.push(isMatch ? { distance: at - from, length } : (bytes[at] as number));
    for (const end = at + (isMatch ? length : 1); at < end; at++) latest.set(trigram(bytes, at), at);
  }
  return tokens;
}
