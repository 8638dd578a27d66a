// SPDX-License-Identifier: MIT
import { concat } from "./records.ts";

const CHUNK_SIZE_BYTES = 4096;

/** A plain greedy LZNT1 encoder: chunk by chunk, stored where compressing does not help. */
export function compressLznt1(input: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < input.length; start += CHUNK_SIZE_BYTES) {
    const chunk = input.subarray(start, start + CHUNK_SIZE_BYTES);
    const packed = packChunk(chunk);
    const isStored = packed.length >= chunk.length;
    const body = isStored ? chunk : packed;
    const header = (isStored ? 0x3000 : 0xb000) + body.length - 1;
    chunks.push(Uint8Array.of(header % 256, header >> 8), body);
  }
  return concat(chunks);
}

function packChunk(chunk: Uint8Array): Uint8Array {
  const output: number[] = [];
  const latest = new Map<number, number>();
  let at = 0;
  while (at < chunk.length) {
    const flagsAt = output.push(0) - 1;
    for (let token = 0; token < 8 && at < chunk.length; token++) {
      let lengthBits = 12;
      while (lengthBits > 4 && at > 2 ** (16 - lengthBits)) lengthBits--;
      const match = findMatch(chunk, at, latest, 2 ** lengthBits + 2);
      const step = match?.length ?? 1;
      if (match === undefined) {
        output.push(chunk[at] as number);
      } else {
        const pair = (match.distance - 1) * 2 ** lengthBits + match.length - 3;
        output.push(pair % 256, pair >> 8);
        output[flagsAt] = (output[flagsAt] as number) + 2 ** token;
      }
      for (let end = at + step; at < end; at++) latest.set(trigram(chunk, at), at);
    }
  }
  return Uint8Array.from(output);
}

function findMatch(
  chunk: Uint8Array,
  at: number,
  latest: Map<number, number>,
  lengthMax: number,
): { distance: number; length: number } | undefined {
  const from = at + 3 <= chunk.length ? latest.get(trigram(chunk, at)) : undefined;
  if (from === undefined) return undefined;
  let length = 0;
  while (length < lengthMax && at + length < chunk.length && chunk[from + length] === chunk[at + length])
    length++;
  return length < 3 ? undefined : { distance: at - from, length };
}

export function trigram(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0) * 65536;
}
