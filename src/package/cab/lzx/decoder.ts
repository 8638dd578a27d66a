// SPDX-License-Identifier: MIT
import {
  copyRaw,
  expandTokens,
  INPUT_SIZE_MAX,
  LzxCodes,
  LzxInput,
  LzxOutput,
  startRawBlock,
  undoX86Filter,
} from "../../../bytes/lzx/index.ts";
import { VmguestError } from "../../../errors.ts";
import type { BlockDecoder } from "../block-decoder.ts";

/** What a block of a cabinet expands to, but for the last one of a folder. */
const FRAME_SIZE = 32_768;
/** From this frame on, 1 GiB into the folder, no encoder and no decoder translates calls any more. */
const FILTERED_FRAME_COUNT = 32_768;
const BLOCK = { verbatim: 1, aligned: 2, uncompressed: 3 } as const;
/** Blocks of no bytes in a frame; each may cost the making of three tables. Encoders write none, or one at the end. */
const EMPTY_BLOCKS_MAX = 16;

/**
 * A decoder of LZX as cabinets have it (MS-PATCH section 2, windows of 2^15 to 2^21 bytes), for one folder. Every block
 * of the cabinet (CFDATA) is a frame of 32 KiB, the last one less; the blocks of LZX itself go across frames.
 *
 * `outputMax` is what all blocks together can expand to: a cabinet may have 65,535 folders, and where they are small
 * none of them is to cost a whole window.
 *
 * It throws LZX_CORRUPT. A window that LZX does not have is a RangeError here.
 */
export function createLzxDecoder(windowBits: number, outputMax = Number.POSITIVE_INFINITY): BlockDecoder {
  return new LzxDecoder(windowBits, outputMax);
}

class LzxDecoder implements BlockDecoder {
  readonly #windowSize: number;
  readonly #input = new LzxInput();
  readonly #codes: LzxCodes;
  /** Room for two windows, or for everything: when it is full, the second one moves to the front. */
  readonly #output: LzxOutput;
  readonly #filtered = new Uint8Array(FRAME_SIZE);

  #frame = 0;
  /** As the start of the stream gives it; 0 for no translation of calls. */
  #filterSize = 0;
  #kind = 0;
  /** Whether an uncompressed block of an odd size is to be followed by a byte without use. */
  #isPadded = false;
  /** Bytes of the block that are still to come. */
  #remaining = 0;
  /** Whether there can be a further frame: not after a short one, nor after an error. */
  #isOpen = true;

  constructor(windowBits: number, outputMax: number) {
    this.#codes = new LzxCodes(windowBits, "LZX_CORRUPT");
    this.#windowSize = 2 ** windowBits;
    this.#output = new LzxOutput(Math.min(2 * this.#windowSize, outputMax));
  }

  decode(input: Uint8Array, outputSize: number): Uint8Array {
    if (!this.#isOpen) throw corrupt("a block follows one that was short or damaged");
    this.#isOpen = false;
    if (input.length > INPUT_SIZE_MAX) throw corrupt(`a block has ${input.length} bytes`);
    const start = this.#makeRoom(outputSize);
    this.#input.load(input);
    if (this.#frame === 0) this.#readStreamHeader();
    this.#expand(start + outputSize);
    this.#checkEnd();
    const frame = this.#output.bytes.subarray(start, start + outputSize);
    const isFiltered = this.#filterSize !== 0 && this.#frame < FILTERED_FRAME_COUNT;
    const result = isFiltered ? this.#undoFilter(frame) : frame;
    this.#frame++;
    this.#isOpen = outputSize === FRAME_SIZE;
    return result;
  }

  /** Where the next frame goes. Frames are whole but for the last, so they fill two windows exactly. */
  #makeRoom(sizeBytes: number): number {
    const output = this.#output;
    if (output.at === 2 * this.#windowSize) {
      output.bytes.copyWithin(0, this.#windowSize, output.at);
      output.at = this.#windowSize;
    }
    if (output.at + sizeBytes > output.sizeBytes) throw corrupt("there are more blocks than there should be");
    return output.at;
  }

  #readStreamHeader(): void {
    const input = this.#input;
    if (input.take(1) === 1) this.#filterSize = (input.take(16) << 16) | input.take(16);
  }

  /** Every turn gives a byte, or is one of the few that may not, which bounds the loop. */
  #expand(end: number): void {
    const output = this.#output;
    for (let emptyCount = 0; output.at < end; ) {
      if (this.#remaining === 0) {
        this.#startBlock();
        if (this.#remaining === 0 && ++emptyCount > EMPTY_BLOCKS_MAX)
          throw corrupt("there are only empty blocks");
      }
      const size = Math.min(this.#remaining, end - output.at);
      this.#remaining -= size;
      if (this.#kind === BLOCK.uncompressed) copyRaw(this.#input, output, size, "LZX_CORRUPT");
      else {
        const isAligned = this.#kind === BLOCK.aligned;
        expandTokens(this.#input, this.#codes, isAligned, output, output.at + size, "LZX_CORRUPT");
        this.#checkInput();
      }
    }
  }

  #startBlock(): void {
    const input = this.#input;
    if (this.#kind === BLOCK.uncompressed) {
      if (this.#isPadded && input.raw(1) === undefined) throw endsEarly();
      input.resumeBits();
    }
    this.#kind = input.take(3);
    this.#remaining = input.take(24);
    this.#checkInput();
    if (this.#kind === BLOCK.uncompressed) {
      startRawBlock(input, this.#output, this.#windowSize, "LZX_CORRUPT");
      this.#isPadded = this.#remaining % 2 === 1;
    } else if (this.#kind === BLOCK.verbatim || this.#kind === BLOCK.aligned) {
      this.#codes.read(input, this.#kind === BLOCK.aligned);
      this.#checkInput();
    } else throw corrupt(`there is no block of kind ${this.#kind}`);
  }

  /**
   * A frame uses all of its data, if not all bits of the last word. Where an uncompressed block ends with the frame, the
   * byte that follows an odd size comes here or at the start of the next frame, as encoders like it.
   */
  #checkEnd(): void {
    const unused = this.#input.unusedSize;
    if (unused === 0) return;
    const isBlockEnd = this.#kind === BLOCK.uncompressed && this.#remaining === 0;
    if (!isBlockEnd || !this.#isPadded || unused > 1) throw corrupt(`${unused} bytes are left over`);
    this.#isPadded = false;
  }

  #checkInput(): void {
    if (this.#input.isOverrun) throw endsEarly();
  }

  /** A translated copy: matches repeat what was not translated, so the window has to stay as it is. */
  #undoFilter(frame: Uint8Array): Uint8Array {
    const filtered = this.#filtered.subarray(0, frame.length);
    filtered.set(frame);
    undoX86Filter(filtered, this.#frame * FRAME_SIZE, this.#filterSize);
    return filtered;
  }
}

function corrupt(message: string): VmguestError {
  return new VmguestError("LZX_CORRUPT", message);
}

function endsEarly(): VmguestError {
  return corrupt("the compressed data ends too early");
}
