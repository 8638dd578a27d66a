// SPDX-License-Identifier: MIT
import { type Code, VmguestError } from "../../errors.ts";
import type { LzxInput } from "./bit-input.ts";
import type { LzxOutput } from "./output.ts";

const RECENT_COUNT = 3;

/** Begins an uncompressed block: the last distances come first, 1 to `distanceMax`. Throws as `code`. */
export function startRawBlock(input: LzxInput, output: LzxOutput, distanceMax: number, code: Code): void {
  input.startRaw();
  const bytes = takeRaw(input, RECENT_COUNT * 4, code);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < RECENT_COUNT; index++) {
    const distance = view.getUint32(index * 4, true);
    if (distance === 0 || distance > distanceMax) {
      throw new VmguestError(code, `a block sets a distance to ${distance}`);
    }
    output.recent[index] = distance;
  }
}

/** Copies bytes of an uncompressed block. Throws as `code` where there are not so many. */
export function copyRaw(input: LzxInput, output: LzxOutput, sizeBytes: number, code: Code): void {
  output.bytes.set(takeRaw(input, sizeBytes, code), output.at);
  output.at += sizeBytes;
}

function takeRaw(input: LzxInput, sizeBytes: number, code: Code): Uint8Array {
  const bytes = input.raw(sizeBytes);
  if (bytes === undefined) throw new VmguestError(code, "the compressed data ends too early");
  return bytes;
}
