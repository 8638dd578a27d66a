// SPDX-License-Identifier: MIT
import { inflateRawSync } from "node:zlib";
import { VmguestError } from "../../errors.ts";
import type { BlockDecoder } from "./block-decoder.ts";
import { compressionOf } from "./member.ts";

/** A decoder for one folder by its `typeCompress`. Throws CAB_METHOD where there is none. */
export function createDecoder(typeCompress: number): BlockDecoder {
  switch (compressionOf(typeCompress)) {
    case "none":
      return { decode: copyStored };
    case "mszip":
      return new InflateDecoder();
    default:
      throw new VmguestError("CAB_METHOD", `no method has the number 0x${typeCompress.toString(16)}`);
  }
}

function copyStored(input: Uint8Array, outputSize: number): Uint8Array {
  if (input.length === outputSize) return input;
  throw new VmguestError("CAB_BLOCK", `it is stored, but ${input.length} bytes are to become ${outputSize}`);
}

class InflateDecoder implements BlockDecoder {
  #previous = new Uint8Array(0);

  decode(input: Uint8Array, outputSize: number): Uint8Array {
    const output = inflateRawSync(input.subarray(2), { dictionary: this.#previous, maxOutputLength: 32_768 });
    if (output.length !== outputSize)
      throw new VmguestError("CAB_BLOCK", "the block unpacks to another size");
    this.#previous = output;
    return output;
  }
}
