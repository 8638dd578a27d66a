// SPDX-License-Identifier: MIT
import { VmguestError } from "../../errors.ts";
import type { BlockDecoder } from "./block-decoder.ts";
import { type Folder, outputMax } from "./folder.ts";
import { createLzxDecoder } from "./lzx/index.ts";
import { compressionOf } from "./member.ts";
import { createMszipDecoder } from "./mszip/index.ts";
import { createQuantumDecoder } from "./quantum/index.ts";

/** Bits 8-12 of `FolderEntry.compression`: the window has 2 to the power of that many bytes. */
const LZX_WINDOW_BITS = { min: 15, max: 21 } as const;
const QUANTUM_WINDOW_BITS = { min: 10, max: 21 } as const;

/** A decoder for the blocks of one folder. Throws CAB_METHOD where its method does not exist. */
export function createDecoder(folder: Folder): BlockDecoder {
  const typeCompress = folder.compression;
  switch (compressionOf(typeCompress)) {
    case "none":
      return { decode: copyStored };
    case "mszip":
      return createMszipDecoder();
    case "quantum":
      return createQuantumDecoder(windowBits(typeCompress, QUANTUM_WINDOW_BITS), outputMax(folder));
    case "lzx":
      return createLzxDecoder(windowBits(typeCompress, LZX_WINDOW_BITS), outputMax(folder));
    case "unknown":
      throw noSuchMethod(typeCompress);
  }
}

/** About how many bytes of memory a decoder takes for windows, before it has unpacked anything. */
export function decoderMemory(folder: Folder): number {
  const compression = compressionOf(folder.compression);
  if (compression !== "lzx" && compression !== "quantum") return 0;
  return Math.min(2 * 2 ** LZX_WINDOW_BITS.max, outputMax(folder));
}

function windowBits(typeCompress: number, { min, max }: { min: number; max: number }): number {
  const bits = (typeCompress >>> 8) & 0x1f;
  if (bits < min || bits > max) throw noSuchMethod(typeCompress);
  return bits;
}

function noSuchMethod(typeCompress: number): VmguestError {
  return new VmguestError("CAB_METHOD", `no method has the number 0x${typeCompress.toString(16)}`);
}

function copyStored(input: Uint8Array, outputSize: number): Uint8Array {
  if (input.length === outputSize) return input;
  throw new VmguestError("CAB_BLOCK", `it is stored, but ${input.length} bytes are to become ${outputSize}`);
}
