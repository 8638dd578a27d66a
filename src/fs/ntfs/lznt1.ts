// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";

/** Every chunk expands to this many bytes; only the last one may expand to fewer. */
const CHUNK_SIZE_BYTES = 4096;
const COMPRESSED = 0x8000;
const SIZE_MASK = 0x0fff;
/** The size field counts the chunk with its two-byte header, minus 3. */
const SIZE_BIAS = 3;
const TOKENS_PER_FLAG_BYTE = 8;
const MATCH_LENGTH_MIN = 3;

/**
 * Expands LZNT1 (MS-XCA 2.5) to exactly `sizeBytes`; where the chunks give less, the rest is zeros. Throws LZNT1 with
 * the offset in `input`.
 *
 * `input` may hold slack after the last chunk, since NTFS stores whole clusters: a zero header ends the chunks.
 */
export function decompressLznt1(input: Uint8Array, sizeBytes: number): Uint8Array {
  const output = new Uint8Array(sizeBytes);
  let at = 0;
  // Each chunk gets its own 4096 bytes of output, even where the one before stayed short.
  for (let start = 0; start < sizeBytes; start += CHUNK_SIZE_BYTES) {
    if (at + 2 > input.length) break;
    const header = (input[at] as number) + (input[at + 1] as number) * 256;
    if (header === 0) break;
    const end = at + (header & SIZE_MASK) + SIZE_BIAS;
    if (end > input.length) throw damage(`a chunk ends at ${end} of ${input.length} bytes`, at);
    const chunk = output.subarray(start, Math.min(start + CHUNK_SIZE_BYTES, sizeBytes));
    if ((header & COMPRESSED) === 0) copyChunk(input, at + 2, end, chunk);
    else expandChunk(input, at + 2, end, chunk);
    at = end;
  }
  return output;
}

function copyChunk(input: Uint8Array, from: number, end: number, chunk: Uint8Array): void {
  if (end - from > chunk.length) throw damage("a stored chunk is longer than its place", from);
  chunk.set(input.subarray(from, end));
}

/** The inner loop of the format, on plain byte arrays; every turn takes at least one byte of input. */
function expandChunk(input: Uint8Array, from: number, end: number, chunk: Uint8Array): void {
  let at = from;
  let position = 0;
  // How many bits of a token are length depends on how much of the chunk is known: 12 at first, down to 4.
  let lengthBits = 12;
  let positionLimit = 16;
  while (at < end) {
    let flags = input[at++] as number;
    for (let token = 0; token < TOKENS_PER_FLAG_BYTE && at < end; token++, flags >>= 1) {
      if ((flags & 1) === 0) {
        if (position >= chunk.length) throw damage("a chunk expands beyond its place", at);
        chunk[position++] = input[at++] as number;
        continue;
      }
      if (at + 2 > end) throw damage("a chunk ends inside a token", at);
      const pair = (input[at] as number) + (input[at + 1] as number) * 256;
      for (; position > positionLimit; positionLimit *= 2) lengthBits--;
      const distance = (pair >> lengthBits) + 1;
      const length = (pair & (2 ** lengthBits - 1)) + MATCH_LENGTH_MIN;
      if (distance > position) throw damage(`a token points ${distance} bytes back, after ${position}`, at);
      if (position + length > chunk.length) throw damage("a chunk expands beyond its place", at);
      // Byte by byte: a match may overlap its own output.
      for (const matchEnd = position + length; position < matchEnd; position++) {
        chunk[position] = chunk[position - distance] as number;
      }
      at += 2;
    }
  }
}

function damage(message: string, offset: number): VmguestError {
  return new VmguestError("LZNT1", message, { structure: "LZNT1 chunk", offset });
}
