// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { buildHuffmanCode, readSymbol } from "./huffman.ts";
import { copyMatch } from "./match.ts";

/** The codeword lengths of 512 symbols, 4 bits each. */
const TABLE_SIZE_BYTES = 256;
const LITERAL_COUNT = 256;
const LENGTH_MIN = 3;
/** A length in a symbol from which on more of it follows, and a byte of it from which on two bytes follow. */
const LENGTH_IN_SYMBOL_MAX = 15;
const LENGTH_IN_BYTE_MAX = 255;

/**
 * Expands a chunk of XPRESS with Huffman codes (MS-XCA 2.2, "LZ77+Huffman") to exactly `sizeBytes`, which are at most
 * 64 KiB. Throws WOF_CHUNK.
 *
 * The loop is bounded by the output: every turn gives at least one byte.
 */
export function decompressXpress(input: Uint8Array, sizeBytes: number): Uint8Array {
  if (input.length < TABLE_SIZE_BYTES) {
    throw new VmguestError("WOF_CHUNK", `${input.length} bytes are too few for a Huffman table`);
  }
  const lengths = new Uint8Array(TABLE_SIZE_BYTES * 2);
  for (let index = 0; index < TABLE_SIZE_BYTES; index++) {
    const pair = input[index] as number;
    lengths[index * 2] = pair & 15;
    lengths[index * 2 + 1] = pair >> 4;
  }
  const code = buildHuffmanCode(lengths, "XPRESS");
  const reader = new BitReader(input, TABLE_SIZE_BYTES);
  const output = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; ) {
    const symbol = readSymbol(reader, code);
    if (symbol < LITERAL_COUNT) {
      output[at++] = symbol;
      continue;
    }
    // The bytes of the length come before the bits of the distance.
    const length = readLength(reader, symbol & 15);
    const distanceBits = (symbol - LITERAL_COUNT) >> 4;
    const distance = 2 ** distanceBits + reader.take(distanceBits);
    copyMatch(output, at, distance, length);
    at += length;
  }
  reader.checkEnd();
  return output;
}

/** A third form, of four bytes after two zero ones, is for lengths that no chunk of WOF has. */
function readLength(reader: BitReader, inSymbol: number): number {
  if (inSymbol < LENGTH_IN_SYMBOL_MAX) return inSymbol + LENGTH_MIN;
  const inByte = reader.byte();
  if (inByte < LENGTH_IN_BYTE_MAX) return inByte + LENGTH_IN_SYMBOL_MAX + LENGTH_MIN;
  const inBytes = reader.byte16();
  if (inBytes >= LENGTH_IN_SYMBOL_MAX) return inBytes + LENGTH_MIN;
  throw new VmguestError("WOF_CHUNK", `a match gives its length in bytes, though it is ${inBytes}`);
}
