// SPDX-License-Identifier: MIT
import { BitWriter, codewords, flatLengths } from "./huffman.ts";
import { findTokens, type Token } from "./lz77.ts";
import { concat } from "./records.ts";

const LENGTH_MAX = 65_535;

/** A plain encoder of XPRESS with Huffman codes (MS-XCA 2.2) for one chunk. */
export function compressXpress(chunk: Uint8Array): Uint8Array {
  const tokens = findTokens(chunk, LENGTH_MAX);
  const lengths = flatLengths(tokens.map(symbolOf), 512);
  const table = Uint8Array.from({ length: 256 }, (_, index) => {
    return (lengths[index * 2] as number) + (lengths[index * 2 + 1] as number) * 16;
  });
  return concat([table, encodeTokens(tokens, lengths)]);
}

function encodeTokens(tokens: readonly Token[], lengths: Uint8Array): Uint8Array {
  const words = codewords(lengths);
  const writer = new BitWriter();
  for (const token of tokens) {
    writer.symbol(words, symbolOf(token));
    if (typeof token === "number") continue;
    const more = token.length - 3;
    if (more >= 15) writer.byte(Math.min(more - 15, 255));
    if (more >= 15 + 255) {
      writer.byte(more % 256);
      writer.byte(more >> 8);
    }
    const bits = distanceBits(token.distance);
    writer.bits(token.distance - 2 ** bits, bits);
  }
  return writer.finish();
}

function symbolOf(token: Token): number {
  if (typeof token === "number") return token;
  return 256 + distanceBits(token.distance) * 16 + Math.min(token.length - 3, 15);
}

function distanceBits(distance: number): number {
  return Math.floor(Math.log2(distance));
}
