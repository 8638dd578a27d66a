// SPDX-License-Identifier: MIT
import { inflateRawSync } from "node:zlib";
import { VmguestError } from "../../../errors.ts";
import type { BlockDecoder } from "../block-decoder.ts";

/** How far back a match of DEFLATE goes, and what a block of a cabinet expands to but for the last one of a folder. */
const HISTORY_SIZE = 32_768;
const SIGNATURE = { first: 0x43, second: 0x4b, sizeBytes: 2 } as const;
/** Room for more than is due: all output then comes in one piece, and one byte too many is noticed. zlib takes no less. */
const SPARE_SIZE = 64;

/**
 * A decoder of MSZIP (MS-MCI), for one folder: every block is "CK" and a stream of DEFLATE, whose matches may go back
 * into the 32 KiB before the block. Bytes after the end of that stream have no meaning and are passed over.
 *
 * It throws MSZIP_CORRUPT.
 */
export function createMszipDecoder(): BlockDecoder {
  return new MszipDecoder();
}

class MszipDecoder implements BlockDecoder {
  /** The end of the output so far; empty before the first block. */
  #history: Uint8Array = new Uint8Array(0);

  decode(input: Uint8Array, outputSize: number): Uint8Array {
    if (input[0] !== SIGNATURE.first || input[1] !== SIGNATURE.second) {
      throw corrupt("a block does not begin with CK");
    }
    const output = this.#inflate(input.subarray(SIGNATURE.sizeBytes), outputSize);
    if (output.length !== outputSize) {
      throw corrupt(`a block expands to ${output.length} bytes instead of ${outputSize}`);
    }
    // A whole block, as all but the last are, is the history of the next one as it is.
    const history = output.length >= HISTORY_SIZE ? output : Buffer.concat([this.#history, output]);
    this.#history = history.subarray(Math.max(0, history.length - HISTORY_SIZE));
    return output;
  }

  #inflate(stream: Uint8Array, outputSize: number): Uint8Array {
    const dictionary = this.#history.length === 0 ? {} : { dictionary: this.#history };
    const room = outputSize + SPARE_SIZE;
    try {
      return inflateRawSync(stream, { ...dictionary, chunkSize: room, maxOutputLength: room });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isTooLarge = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
      const reason = isTooLarge ? `it expands to more than ${outputSize} bytes` : error.message;
      throw corrupt(`a block cannot be expanded: ${reason}`, error);
    }
  }
}

function corrupt(message: string, cause?: unknown): VmguestError {
  return new VmguestError("MSZIP_CORRUPT", message, {}, { cause });
}
