// SPDX-License-Identifier: MIT
import {
  copyRaw,
  expandTokens,
  LzxCodes,
  LzxInput,
  LzxOutput,
  startRawBlock,
  undoX86Filter,
} from "../../../bytes/lzx/index.ts";
import { VmguestError } from "../../../errors.ts";

const WINDOW_BITS = 15;
/** Distances that a block sets are not looked at before a match uses them; larger ones would be negative by then. */
const DISTANCE_MAX = 2 ** 31 - 1;
const BLOCK = { verbatim: 1, aligned: 2, uncompressed: 3 } as const;
/** Size of a block whose header has the bit that stands for it. */
const BLOCK_SIZE_DEFAULT = 32_768;
/** The size of a file that the format pretends for the translation of calls, whatever it is. */
const FILTER_SIZE = 12_000_000;

/** Made for the first chunk, and used for all: the tables of LZX are large for what a chunk has. */
let sharedChunk: LzxChunk | undefined;

/**
 * Expands a chunk of LZX as WIM and WOF have it to exactly `sizeBytes`, which are at most 32 KiB. Throws WOF_CHUNK.
 *
 * The format is that of cabinets (MS-PATCH), with these differences: every chunk is on its own; the header of a block
 * has one bit for the size 32768 or else 16 bits of size; calls in x86 code are always translated, as of a file of
 * 12,000,000 bytes.
 */
export function decompressLzx(input: Uint8Array, sizeBytes: number): Uint8Array {
  sharedChunk ??= new LzxChunk();
  return sharedChunk.expand(input, sizeBytes);
}

/** What the blocks of a chunk share. */
class LzxChunk {
  readonly #input = new LzxInput();
  readonly #codes = new LzxCodes(WINDOW_BITS, "WOF_CHUNK");
  readonly #output = new LzxOutput(2 ** WINDOW_BITS);

  /** Every block gives at least one byte, which bounds the loop. */
  expand(source: Uint8Array, sizeBytes: number): Uint8Array {
    const input = this.#input;
    const output = this.#output;
    this.#codes.reset();
    output.reset();
    input.start(source);
    while (output.at < sizeBytes) {
      const kind = input.take(3);
      const size = input.take(1) === 1 ? BLOCK_SIZE_DEFAULT : input.take(16);
      const end = output.at + size;
      if (size === 0 || end > sizeBytes) {
        throw new VmguestError("WOF_CHUNK", `a block of ${size} bytes does not fit at ${output.at}`);
      }
      if (kind === BLOCK.uncompressed) this.#copyBlock(size);
      else if (kind === BLOCK.verbatim || kind === BLOCK.aligned) {
        this.#codes.read(input, kind === BLOCK.aligned);
        expandTokens(input, this.#codes, kind === BLOCK.aligned, output, end, "WOF_CHUNK");
      } else throw new VmguestError("WOF_CHUNK", `there is no block of kind ${kind}`);
      if (input.isOverrun) throw new VmguestError("WOF_CHUNK", "the compressed data ends too early");
    }
    const expanded = output.bytes.slice(0, sizeBytes);
    undoX86Filter(expanded, 0, FILTER_SIZE);
    return expanded;
  }

  /** Raw bytes, padded to whole words but at the end of the chunk. */
  #copyBlock(sizeBytes: number): void {
    const input = this.#input;
    startRawBlock(input, this.#output, DISTANCE_MAX, "WOF_CHUNK");
    copyRaw(input, this.#output, sizeBytes, "WOF_CHUNK");
    if (sizeBytes % 2 === 1) input.raw(1);
    input.resumeBits();
  }
}
