// SPDX-License-Identifier: MIT
import { VmguestError } from "../../../errors.ts";

/** Repeats `length` bytes from `distance` bytes before `at`. Throws WOF_CHUNK where they are not there or do not fit. */
export function copyMatch(
  output: Uint8Array,
  at: number,
  distance: number,
  length: number,
  end = output.length,
): void {
  if (distance > at) {
    throw new VmguestError("WOF_CHUNK", `a match points ${distance} bytes back, after ${at}`);
  }
  if (length > end - at) throw new VmguestError("WOF_CHUNK", "the compressed data expands beyond its place");
  // Byte by byte: a match may overlap its own output.
  for (let to = at; to < at + length; to++) output[to] = output[to - distance] as number;
}
